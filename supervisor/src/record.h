/* Records of the protocol: fields of u16 tag, u32 length, bytes. */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELD_HEADER = 6 };

struct record_reader {
  uint8_t *at;
  uint8_t *end;
};

struct field {
  uint16_t tag;
  uint32_t length;
  uint8_t *bytes;
};

enum record_step { RECORD_END, RECORD_FIELD, RECORD_MALFORMED };

enum record_step record_next(struct record_reader *reader, struct field *field);

/* Numbers must have their exact width; anything else is malformed. */
bool field_u32(const struct field *field, uint32_t *value);
bool field_u64(const struct field *field, uint64_t *value);

/* Writes what fits; `full` tells that something did not. */
struct record_writer {
  uint8_t *at;
  uint8_t *end;
  bool full;
};

void record_put(struct record_writer *writer, uint16_t tag, const void *bytes, size_t length);
void record_text(struct record_writer *writer, uint16_t tag, const char *text);
void record_u8(struct record_writer *writer, uint16_t tag, uint8_t value);
void record_u32(struct record_writer *writer, uint16_t tag, uint32_t value);
void record_u64(struct record_writer *writer, uint16_t tag, uint64_t value);

#endif

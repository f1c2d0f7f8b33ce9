#include "record.h"

#include <string.h>

#include "frame.h"

enum record_step record_next(struct record_reader *reader, struct field *field) {
  size_t left = (size_t)(reader->end - reader->at);
  if (left == 0) return RECORD_END;
  if (left < FIELD_HEADER) return RECORD_MALFORMED;
  field->tag = get_u16(reader->at);
  field->length = get_u32(reader->at + 2);
  if (field->length > left - FIELD_HEADER) return RECORD_MALFORMED;
  field->bytes = reader->at + FIELD_HEADER;
  reader->at = field->bytes + field->length;
  return RECORD_FIELD;
}

bool field_u32(const struct field *field, uint32_t *value) {
  if (field->length != 4) return false;
  *value = get_u32(field->bytes);
  return true;
}

bool field_u64(const struct field *field, uint64_t *value) {
  if (field->length != 8) return false;
  *value = get_u64(field->bytes);
  return true;
}

void record_put(struct record_writer *writer, uint16_t tag, const void *bytes, size_t length) {
  if (writer->full || (size_t)(writer->end - writer->at) < FIELD_HEADER + length) {
    writer->full = true;
    return;
  }
  put_u16(writer->at, tag);
  put_u32(writer->at + 2, (uint32_t)length);
  if (length > 0) memcpy(writer->at + FIELD_HEADER, bytes, length);
  writer->at += FIELD_HEADER + length;
}

void record_text(struct record_writer *writer, uint16_t tag, const char *text) {
  record_put(writer, tag, text, strlen(text));
}

void record_u8(struct record_writer *writer, uint16_t tag, uint8_t value) {
  record_put(writer, tag, &value, 1);
}

void record_u32(struct record_writer *writer, uint16_t tag, uint32_t value) {
  uint8_t bytes[4];
  put_u32(bytes, value);
  record_put(writer, tag, bytes, sizeof bytes);
}

void record_u64(struct record_writer *writer, uint16_t tag, uint64_t value) {
  uint8_t bytes[8];
  put_u64(bytes, value);
  record_put(writer, tag, bytes, sizeof bytes);
}

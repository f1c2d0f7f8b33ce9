/* What is on its way to the host: a fixed buffer, so that a host that does not read costs no memory. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "record.h"

enum {
  OUTBOX_SIZE = 192 << 10,
  OUTBOX_RESERVE = 512, /* for one last ERROR */
  OUTBOX_SMALL = 1024,  /* room for any frame without DATA */
  OUTBOX_LINGER_MS = 1,
};

struct outbox {
  uint8_t *bytes;
  size_t head, tail;
  int64_t lingers_until; /* 0: does not linger */
  bool urgent;           /* something is in it that must not linger */
  bool writable;
};

bool outbox_open(struct outbox *outbox);
void outbox_free(struct outbox *outbox);

/* Bytes that may be added now, headers included, without the reserve. */
size_t outbox_room(const struct outbox *outbox);

/* Frames that may wait a moment for the next ones leave `urgent` as it is. */
void outbox_put(struct outbox *outbox, struct frame frame, const void *payload);

/* A record is written where it will lie: begin answers the writer, end puts the header in front. */
struct record_writer outbox_begin_record(struct outbox *outbox);
void outbox_end_record(struct outbox *outbox, const struct record_writer *writer, uint8_t type, uint32_t command);

/* Where the payload of a DATA frame is to be read to, and the frame made of what was. */
uint8_t *outbox_data_room(struct outbox *outbox);
void outbox_put_data(struct outbox *outbox, uint8_t channel, uint32_t command, size_t length);

enum flush { FLUSH_DONE, FLUSH_BLOCKED, FLUSH_BROKEN };

enum flush outbox_flush(struct outbox *outbox, int fd);

#endif

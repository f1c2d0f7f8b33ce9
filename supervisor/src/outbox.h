/* What is on its way to the host: a buffer of a fixed size, so that a host that does not read costs no memory.
   Frames are made where they will lie and leave from there. For a host that may come back after its connection was
   lost, they stay until it has acknowledged them. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "record.h"

enum {
  OUTBOX_SIZE = 192 << 10,
  OUTBOX_LEAST_KEPT = 256 << 10,
  OUTBOX_USUAL_KEPT = 1 << 20,
  OUTBOX_MOST_KEPT = 16 << 20,
  OUTBOX_IDLE = 64 << 10, /* what an empty one keeps of its memory */
  OUTBOX_RESERVE = 512,   /* for one last ERROR */
  OUTBOX_SMALL = 1024,    /* room for any frame without DATA */
  OUTBOX_LINGER_MS = 5,   /* longer than a short program runs, so that its whole life is told in one piece */
};

/* Bytes lie from `kept` to `tail`, or, when `wrap` is not 0, from `kept` to `wrap` and from 0 to `tail`, which then
   is below `kept`. No frame is ever in two places. */
struct outbox {
  uint8_t *bytes;
  size_t size;
  size_t kept, next, tail, wrap; /* `next` is the first that has not been written */
  size_t touched;                /* the highest `tail` since its memory was given back */
  uint64_t kept_offset;          /* of the byte at `kept`, from the session's start */
  int64_t lingers_until;         /* 0: does not linger */
  bool keeps;                    /* until acknowledged, rather than until written */
  bool urgent;                   /* something is in it that must not linger */
  bool writable;
};

bool outbox_open(struct outbox *outbox, size_t size);
void outbox_free(struct outbox *outbox);

/* An empty one keeps, from now on, up to `size` bytes until they are acknowledged. false: no memory. */
bool outbox_keep(struct outbox *outbox, size_t size);

/* The host has everything up to this offset. false: it cannot. */
bool outbox_acknowledge(struct outbox *outbox, uint64_t offset);

/* The same, on a new stream: what follows is written again. */
bool outbox_rewind(struct outbox *outbox, uint64_t offset);

bool outbox_empty(const struct outbox *outbox);

/* Bytes that were not written yet. */
size_t outbox_pending(const struct outbox *outbox);

/* Gives memory back that a rush has left behind. */
void outbox_trim(struct outbox *outbox);

/* Size of the largest frame that may be added now, header included, without the reserve. */
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

#include "outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool outbox_open(struct outbox *outbox) {
  outbox->bytes = malloc(OUTBOX_SIZE);
  outbox->writable = true;
  return outbox->bytes != NULL;
}

void outbox_free(struct outbox *outbox) {
  free(outbox->bytes);
  outbox->bytes = NULL;
}

size_t outbox_room(const struct outbox *outbox) {
  size_t used = outbox->tail + OUTBOX_RESERVE;
  return used < OUTBOX_SIZE ? OUTBOX_SIZE - used : 0;
}

void outbox_put(struct outbox *outbox, struct frame frame, const void *payload) {
  if (OUTBOX_SIZE - outbox->tail < FRAME_HEADER + (size_t)frame.length) return;
  frame_encode(outbox->bytes + outbox->tail, frame);
  if (frame.length > 0) memcpy(outbox->bytes + outbox->tail + FRAME_HEADER, payload, frame.length);
  outbox->tail += FRAME_HEADER + frame.length;
}

struct record_writer outbox_begin_record(struct outbox *outbox) {
  uint8_t *start = outbox->bytes + outbox->tail;
  uint8_t *end = outbox->bytes + OUTBOX_SIZE;
  if (end - start < FRAME_HEADER) return (struct record_writer){.at = start, .end = start, .full = true};
  return (struct record_writer){.at = start + FRAME_HEADER, .end = end};
}

void outbox_end_record(struct outbox *outbox, const struct record_writer *writer, uint8_t type,
                       uint32_t command) {
  if (writer->full) return;
  uint8_t *start = outbox->bytes + outbox->tail;
  uint32_t length = (uint32_t)(writer->at - start) - FRAME_HEADER;
  frame_encode(start, (struct frame){.type = type, .command = command, .length = length});
  outbox->tail += FRAME_HEADER + length;
}

uint8_t *outbox_data_room(struct outbox *outbox) { return outbox->bytes + outbox->tail + FRAME_HEADER; }

void outbox_put_data(struct outbox *outbox, uint8_t channel, uint32_t command, size_t length) {
  struct frame frame = {.type = OUR_DATA, .channel = channel, .command = command, .length = (uint32_t)length};
  frame_encode(outbox->bytes + outbox->tail, frame);
  outbox->tail += FRAME_HEADER + length;
  outbox->urgent = true;
}

enum flush outbox_flush(struct outbox *outbox, int fd) {
  while (outbox->head < outbox->tail) {
    ssize_t sent = write(fd, outbox->bytes + outbox->head, outbox->tail - outbox->head);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      outbox->writable = false;
      return FLUSH_BLOCKED;
    }
    if (sent < 0) return FLUSH_BROKEN;
    outbox->head += (size_t)sent;
  }
  outbox->head = outbox->tail = 0;
  outbox->urgent = false;
  outbox->lingers_until = 0;
  return FLUSH_DONE;
}

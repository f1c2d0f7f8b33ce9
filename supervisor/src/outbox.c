#include "outbox.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Monitors have nothing to do with it, and would each count it as theirs. */
static uint8_t *memory(size_t size) {
  void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (bytes == MAP_FAILED) return NULL;
  madvise(bytes, size, MADV_DONTFORK);
  return bytes;
}

bool outbox_open(struct outbox *outbox, size_t size) {
  *outbox = (struct outbox){.bytes = memory(size), .size = size, .writable = true};
  return outbox->bytes != NULL;
}

void outbox_free(struct outbox *outbox) {
  if (outbox->bytes) munmap(outbox->bytes, outbox->size);
  outbox->bytes = NULL;
}

bool outbox_keep(struct outbox *outbox, size_t size) {
  uint8_t *bytes = memory(size);
  if (!bytes) return false;
  munmap(outbox->bytes, outbox->size);
  outbox->bytes = bytes;
  outbox->size = size;
  outbox->touched = 0;
  outbox->kept_offset = 0;
  outbox->keeps = true;
  return true;
}

bool outbox_empty(const struct outbox *outbox) { return outbox->kept == outbox->tail && !outbox->wrap; }

static bool next_is_before_wrap(const struct outbox *outbox) {
  return outbox->wrap && outbox->next >= outbox->kept;
}

size_t outbox_pending(const struct outbox *outbox) {
  if (next_is_before_wrap(outbox)) return outbox->wrap - outbox->next + outbox->tail;
  return outbox->tail - outbox->next;
}

static size_t written(const struct outbox *outbox) {
  size_t first = outbox->wrap ? outbox->wrap - outbox->kept + outbox->tail : outbox->tail - outbox->kept;
  return first - outbox_pending(outbox);
}

/* Lets go of the first bytes, all of which were written. */
static void drop(struct outbox *outbox, size_t length) {
  outbox->kept_offset += length;
  size_t before_wrap = outbox->wrap - outbox->kept;
  if (outbox->wrap && length >= before_wrap) {
    if (next_is_before_wrap(outbox)) outbox->next = 0;
    outbox->kept = length - before_wrap;
    outbox->wrap = 0;
  } else {
    outbox->kept += length;
  }
  /* From the front again, where the memory is warm. */
  if (outbox_empty(outbox)) outbox->kept = outbox->next = outbox->tail = 0;
}

bool outbox_acknowledge(struct outbox *outbox, uint64_t offset) {
  if (offset <= outbox->kept_offset) return true;
  if (offset - outbox->kept_offset > written(outbox)) return false;
  drop(outbox, (size_t)(offset - outbox->kept_offset));
  return true;
}

bool outbox_rewind(struct outbox *outbox, uint64_t offset) {
  if (offset < outbox->kept_offset || !outbox_acknowledge(outbox, offset)) return false;
  outbox->next = outbox->kept;
  outbox->urgent = true;
  outbox->writable = true;
  return true;
}

void outbox_trim(struct outbox *outbox) {
  if (!outbox_empty(outbox) || outbox->touched <= OUTBOX_IDLE) return;
  madvise(outbox->bytes + OUTBOX_IDLE, outbox->size - OUTBOX_IDLE, MADV_DONTNEED);
  outbox->touched = 0;
}

/* In one piece, behind the tail. */
static size_t room_behind(const struct outbox *outbox) {
  return outbox->wrap ? outbox->kept - outbox->tail - 1 : outbox->size - outbox->tail;
}

size_t outbox_room(const struct outbox *outbox) {
  size_t room = room_behind(outbox);
  if (!outbox->wrap && outbox->kept > room) room = outbox->kept - 1;
  return room > OUTBOX_RESERVE ? room - OUTBOX_RESERVE : 0;
}

/* Goes on at the front where there is more room. */
static void make_room(struct outbox *outbox, size_t length) {
  if (outbox->wrap || room_behind(outbox) >= length || outbox->kept <= length) return;
  outbox->wrap = outbox->tail;
  outbox->tail = 0;
}

static void added(struct outbox *outbox, size_t length) {
  outbox->tail += length;
  if (outbox->tail > outbox->touched) outbox->touched = outbox->tail;
}

void outbox_put(struct outbox *outbox, struct frame frame, const void *payload) {
  size_t length = FRAME_HEADER + (size_t)frame.length;
  make_room(outbox, length);
  if (room_behind(outbox) < length) return;
  frame_encode(outbox->bytes + outbox->tail, frame);
  if (frame.length > 0) memcpy(outbox->bytes + outbox->tail + FRAME_HEADER, payload, frame.length);
  added(outbox, length);
}

struct record_writer outbox_begin_record(struct outbox *outbox) {
  make_room(outbox, OUTBOX_SMALL);
  uint8_t *start = outbox->bytes + outbox->tail;
  uint8_t *end = start + room_behind(outbox);
  if (end - start < FRAME_HEADER) return (struct record_writer){.at = start, .end = start, .full = true};
  return (struct record_writer){.at = start + FRAME_HEADER, .end = end};
}

void outbox_end_record(struct outbox *outbox, const struct record_writer *writer, uint8_t type,
                       uint32_t command) {
  if (writer->full) return;
  uint8_t *start = outbox->bytes + outbox->tail;
  uint32_t length = (uint32_t)(writer->at - start) - FRAME_HEADER;
  frame_encode(start, (struct frame){.type = type, .command = command, .length = length});
  added(outbox, FRAME_HEADER + length);
}

uint8_t *outbox_data_room(struct outbox *outbox) {
  make_room(outbox, FRAME_HEADER + FRAME_MAX_TO_HOST);
  return outbox->bytes + outbox->tail + FRAME_HEADER;
}

void outbox_put_data(struct outbox *outbox, uint8_t channel, uint32_t command, size_t length) {
  struct frame frame = {.type = OUR_DATA, .channel = channel, .command = command, .length = (uint32_t)length};
  frame_encode(outbox->bytes + outbox->tail, frame);
  added(outbox, FRAME_HEADER + length);
  outbox->urgent = true;
}

enum flush outbox_flush(struct outbox *outbox, int fd) {
  while (outbox_pending(outbox) > 0) {
    bool before_wrap = next_is_before_wrap(outbox);
    if (before_wrap && outbox->next == outbox->wrap) {
      outbox->next = 0;
      continue;
    }
    size_t length = (before_wrap ? outbox->wrap : outbox->tail) - outbox->next;
    ssize_t sent = write(fd, outbox->bytes + outbox->next, length);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      outbox->writable = false;
      return FLUSH_BLOCKED;
    }
    if (sent < 0) return FLUSH_BROKEN;
    outbox->next += (size_t)sent;
    if (!outbox->keeps) drop(outbox, (size_t)sent);
  }
  outbox->urgent = false;
  outbox->lingers_until = 0;
  return FLUSH_DONE;
}

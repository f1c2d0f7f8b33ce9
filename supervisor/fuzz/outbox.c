/* What is on its way to a host that comes and goes: frames, writes of any length, acknowledgements and resumptions in
   any order, against a model that keeps every byte. The first byte chooses whether anything is kept. */
#include "outbox.h"

#include <errno.h>
#include <unistd.h>

#include "fuzz.h"

enum { SIZE = 160 << 10, MOST_BYTES = 4 << 20, MOST_STEPS = 300 };

static uint8_t all[MOST_BYTES]; /* that were ever put in */
static size_t put, sent, acknowledged;
static size_t taken; /* how much the next write takes; 0: it would block */

ssize_t write(int fd, const void *bytes, size_t length) {
  (void)fd;
  if (taken == 0) return errno = EAGAIN, -1;
  if (length > taken) length = taken;
  if (sent + length > put || memcmp(all + sent, bytes, length) != 0) abort();
  sent += length;
  taken -= length;
  return (ssize_t)length;
}

/* The same bytes go into the model, by hand. */
static const uint8_t *note(uint8_t type, uint8_t channel, uint32_t command, size_t length) {
  uint8_t *at = all + put;
  const uint8_t header[FRAME_HEADER] = {
      type, channel, 0, 0, (uint8_t)command, (uint8_t)(command >> 8), 0, 0, (uint8_t)length, (uint8_t)(length >> 8),
      (uint8_t)(length >> 16)};
  memcpy(at, header, sizeof header);
  for (size_t i = 0; i < length; i++) at[FRAME_HEADER + i] = (uint8_t)((put + i) * 31 >> 2);
  put += FRAME_HEADER + length;
  return at + FRAME_HEADER;
}

static void add(struct outbox *outbox, uint8_t how, size_t length) {
  size_t room = outbox_room(outbox);
  uint32_t command = (uint32_t)(put % 1000);
  if (put + FRAME_HEADER + FRAME_MAX_TO_HOST > MOST_BYTES) return;
  if (how == 0) {
    if (room < FRAME_HEADER + FRAME_MAX_TO_HOST + OUTBOX_SMALL) return;
    uint8_t *to = outbox_data_room(outbox);
    memcpy(to, note(OUR_DATA, 1, command, length), length);
    return outbox_put_data(outbox, 1, command, length);
  }
  if (how == 1) { /* the largest that fits */
    if (room <= FRAME_HEADER) return;
    if (length > room - FRAME_HEADER) length = room - FRAME_HEADER;
    const uint8_t *payload = note(OUR_PONG, 0, command, length);
    return outbox_put(outbox, (struct frame){.type = OUR_PONG, .command = command, .length = (uint32_t)length}, payload);
  }
  if (room < OUTBOX_SMALL) return;
  length %= OUTBOX_SMALL - FRAME_HEADER;
  struct record_writer writer = outbox_begin_record(outbox);
  memcpy(writer.at, note(OUR_EXIT, 0, command, length), length);
  writer.at += length;
  outbox_end_record(outbox, &writer, OUR_EXIT, command);
}

/* Offsets around those that mean something. */
static uint64_t offset_near(uint8_t choice) {
  const size_t places[] = {acknowledged, sent, (acknowledged + sent) / 2, put};
  return (uint64_t)places[choice % 4] + choice / 4 % 3 - (choice / 4 % 3 == 2 && places[choice % 4] > 2 ? 3 : 0);
}

static void step(struct outbox *outbox, uint8_t what, uint8_t number) {
  if (what % 8 < 3) {
    add(outbox, what % 8, (size_t)number * number);
  } else if (what % 8 < 5) {
    taken = (size_t)number * number;
    outbox_flush(outbox, 1);
  } else if (what % 8 == 7) {
    outbox_trim(outbox);
  } else if (outbox->keeps) {
    uint64_t offset = offset_near(number);
    bool rewinds = what % 8 == 6, fits = offset <= sent && (!rewinds || offset >= acknowledged);
    if ((rewinds ? outbox_rewind(outbox, offset) : outbox_acknowledge(outbox, offset)) != fits) abort();
    if (fits && offset > acknowledged) acknowledged = (size_t)offset;
    if (fits && rewinds) sent = (size_t)offset;
  }
  if (!outbox->keeps) acknowledged = sent;
  if (outbox_pending(outbox) != put - sent || outbox_empty(outbox) != (put == acknowledged)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct outbox outbox;
  if (!outbox.bytes && !outbox_open(&outbox, SIZE)) abort();
  uint8_t *bytes = outbox.bytes;
  outbox = (struct outbox){.bytes = bytes, .size = SIZE, .writable = true, .keeps = size > 0 && data[0] % 4};
  put = sent = acknowledged = 0;
  for (size_t i = 1; i + 1 < size && i < 2 * MOST_STEPS; i += 2) step(&outbox, data[i], data[i + 1]);
  taken = MOST_BYTES;
  if (outbox_flush(&outbox, 1) != FLUSH_DONE || sent != put) abort();
  return 0;
}

static const struct seed seeds[] = {
    SEED("\1\0\377\0\377\3\377\3\377\5\1\0\377\0\377\0\377\3\377\6\0\3\377\3\377\5\1\0\377"),
    SEED("\1\0\377\1\377\2\101\3\100\6\2\3\377\1\377\5\2\3\377\0\377\0\377\5\1\1\377\1\377\6\0\4\377\4\377"),
    SEED("\0\0\377\0\377\3\300\0\377\3\377\3\377\1\377\1\377\1\377\4\377\4\377\7\0\2\20\2\20\3\377"),
    SEED("\1\2\20\2\40\2\60\3\377\5\1\7\0\1\377\1\377\1\377\3\377\3\377\5\2\1\377\5\1\1\377\6\4\3\1\6\0\3\377"),
};

FUZZ_MAIN(seeds)

/* What a detached command prints, kept by two rings that readers take from, on a disk that may be full, against a
   model that keeps every byte. The first byte chooses the budget, and whether the command waits. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"

enum { MOST_BYTES = 2 << 20, MOST_STEPS = 150, LARGEST_READ = 64 << 10 };

static uint8_t all[SPOOLED][MOST_BYTES];
static bool disk_full;

int fallocate(int fd, int mode, off_t from, off_t length) {
  struct {
    off_t end;
  } wanted = {from + length};
  (void)mode;
  if (disk_full) return errno = ENOSPC, -1;
  if (lseek(fd, 0, SEEK_END) < wanted.end) return ftruncate(fd, wanted.end);
  return 0;
}

static void check(const struct spool *spool, int i, uint64_t lost) {
  const struct ring *ring = &spool->rings[i];
  if (ring->first > ring->written || ring->written - ring->first > ring->capacity) abort();
  if (ring->capacity > spool->budget || ring->capacity < SPOOL_LEAST || ring->lost != lost) abort();
  if (spool->blocks && (ring->lost > 0 || ring->first > ring->taken)) abort();
}

/* What made room before it was taken is lost; counted one by one. */
static uint64_t add(struct spool *spool, int i, size_t length, uint64_t lost) {
  struct ring *ring = &spool->rings[i];
  uint64_t limit = spool_limit(spool, ring), first = ring->first;
  if (limit < ring->written) abort();
  if (length > limit - ring->written) length = (size_t)(limit - ring->written);
  if (length > MOST_BYTES - ring->written) length = (size_t)(MOST_BYTES - ring->written);
  uint8_t *bytes = all[i] + ring->written;
  for (size_t at = 0; at < length; at++) bytes[at] = (uint8_t)((ring->written + at) * 31 >> 3);
  spool_add(spool, ring, bytes, length);
  for (; first < ring->first; first++) lost += first >= ring->taken;
  return lost;
}

static void compare(const struct spool *spool, int i, uint64_t from, size_t most) {
  static uint8_t bytes[LARGEST_READ];
  const struct ring *ring = &spool->rings[i];
  if (from < ring->first) from = ring->first;
  if (from >= ring->written || most == 0) return;
  if (most > ring->written - from) most = (size_t)(ring->written - from);
  ssize_t got = spool_read(spool, ring, from, bytes, most);
  if (got <= 0 || (size_t)got > most || memcmp(all[i] + from, bytes, (size_t)got) != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct spool spool;
  uint64_t lost[SPOOLED] = {0};
  uint8_t kind = size > 0 ? data[0] : 0;
  disk_full = false;
  if (!spool_open(&spool, (uint64_t)(kind / 2 + 1) * 10000, kind % 2, true)) abort();
  for (size_t i = 1; i + 1 < size && i < 2 * MOST_STEPS; i += 2) {
    int output = data[i] / 128;
    struct ring *ring = &spool.rings[output];
    size_t number = (size_t)data[i + 1] * 257;
    switch (data[i] % 4) {
      case 0:
      case 1: lost[output] = add(&spool, output, number, lost[output]); break;
      case 2: /* a reader takes a part of what it has not yet */
        compare(&spool, output, ring->taken, number);
        if (ring->taken < ring->written) ring->taken += (ring->written - ring->taken) * data[i + 1] / 255;
        break;
      default:
        compare(&spool, output, ring->first + number, LARGEST_READ);
        disk_full = data[i + 1] % 2;
    }
    for (int one = 0; one < SPOOLED; one++) check(&spool, one, lost[one]);
  }
  spool_close(&spool);
  return 0;
}

static const struct seed seeds[] = {
    SEED("\0\0\377\0\377\200\377\3\0\2\200\0\377\3\10\202\377\200\377\203\2"),
    SEED("\21\0\377\0\377\0\377\2\377\0\377\200\377\202\200\0\377\2\377\3\0"),
    SEED("\376\0\377\3\1\0\377\0\377\3\0\0\377\0\377\0\377\3\20\2\100"),
};

FUZZ_MAIN(seeds)

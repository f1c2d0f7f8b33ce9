#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "text.h"

static const uint64_t LARGEST_STEP = 8 << 20;

/* Where the file system knows no files without names, it has one for a moment. */
static int open_named(const char *folder) {
  uint64_t random;
  char digits[DECIMAL_SIZE], path[64];
  if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random) return -1;
  if (!join(path, sizeof path, folder, "/.anyon-spool-", decimal(random, digits), NULL)) return -1;
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) unlink(path);
  return fd;
}

static int open_in(const char *folder) {
  int fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  return fd >= 0 ? fd : open_named(folder);
}

/* Room is set aside before it is needed, so that a full disk is found out while the bytes are still in the pipe. */
static bool set_aside(int fd, uint64_t from, uint64_t length) {
  int result;
  while ((result = fallocate(fd, 0, (off_t)from, (off_t)length)) != 0 && errno == EINTR) {}
  return result == 0;
}

static bool adopt(struct spool *spool, int fd) {
  if (fd < 0) return false;
  spool->fd = fd;
  for (int i = 0; i < SPOOLED; i++) {
    struct ring *ring = &spool->rings[i];
    *ring = (struct ring){.start = spool->budget * (uint64_t)i, .capacity = SPOOL_LEAST};
    if (!set_aside(fd, ring->start, SPOOL_LEAST)) return spool_close(spool), false;
  }
  return true;
}

bool spool_open(struct spool *spool, uint64_t budget, bool blocks, bool in_memory) {
  static const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};
  *spool = (struct spool){.fd = -1, .blocks = blocks, .budget = budget};
  if (budget < SPOOL_LEAST) spool->budget = SPOOL_LEAST;
  if (budget > SPOOL_MOST) spool->budget = SPOOL_MOST;
  for (size_t i = 0; !in_memory && i < sizeof folders / sizeof *folders; i++) {
    if (adopt(spool, open_in(folders[i]))) return true;
  }
  return adopt(spool, memfd_create("anyon-spool", MFD_CLOEXEC));
}

void spool_close(struct spool *spool) {
  int error = errno;
  if (spool->fd >= 0) close(spool->fd);
  spool->fd = -1;
  errno = error;
}

/* A ring that has been full once keeps its size: its bytes lie where that size put them. */
static void grow(struct spool *spool, struct ring *ring) {
  uint64_t step = ring->capacity < LARGEST_STEP ? ring->capacity : LARGEST_STEP;
  if (step > spool->budget - ring->capacity) step = spool->budget - ring->capacity;
  while (step > 0 && !set_aside(spool->fd, ring->start + ring->capacity, step)) {
    step = step / 2 < SPOOL_LEAST ? 0 : step / 2;
  }
  ring->capacity += step;
}

uint64_t spool_limit(struct spool *spool, struct ring *ring) {
  bool never_full = ring->written <= ring->capacity;
  if (never_full && ring->capacity - ring->written < SPOOL_LEAST) grow(spool, ring);
  return spool->blocks ? ring->taken + ring->capacity : UINT64_MAX;
}

static size_t whole(const struct ring *ring, uint64_t offset, size_t length) {
  uint64_t until_round = ring->capacity - offset % ring->capacity;
  return length < until_round ? length : (size_t)until_round;
}

static off_t place(const struct ring *ring, uint64_t offset) {
  return (off_t)(ring->start + offset % ring->capacity);
}

/* Where a disk fails in spite of all, what was there and what comes are lost, and that is told. */
void spool_add(struct spool *spool, struct ring *ring, const uint8_t *bytes, size_t length) {
  uint64_t end = ring->written + length;
  bool failed = false;
  for (size_t done = 0; done < length && !failed;) {
    size_t piece = whole(ring, ring->written + done, length - done);
    ssize_t wrote = pwrite(spool->fd, bytes + done, piece, place(ring, ring->written + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) failed = true;
    else done += (size_t)wrote;
  }
  uint64_t first = failed ? end : end > ring->capacity ? end - ring->capacity : 0;
  ring->written = end;
  if (first <= ring->first) return;
  uint64_t had = ring->first > ring->taken ? ring->first : ring->taken;
  if (first > had) ring->lost += first - had;
  ring->first = first;
}

ssize_t spool_read(const struct spool *spool, const struct ring *ring, uint64_t offset, void *bytes, size_t most) {
  ssize_t got;
  while ((got = pread(spool->fd, bytes, whole(ring, offset, most), place(ring, offset))) < 0 && errno == EINTR) {}
  return got;
}

uint64_t spool_size(const struct spool *spool) { return spool->rings[0].capacity + spool->rings[1].capacity; }

/* What a detached command has printed: two rings of bytes in a file without a name, which only a descriptor of the
   supervisor's leads to. Byte n of an output lies at n modulo its ring's capacity. */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SPOOLED = 2 }; /* stdout and stderr */

static const uint64_t SPOOL_LEAST = 64 << 10; /* no ring is smaller, and no chunk is larger */
static const uint64_t SPOOL_USUAL = 16 << 20;
static const uint64_t SPOOL_MOST = (uint64_t)1 << 40;

struct ring {
  uint64_t start;         /* of its place in the file */
  uint64_t capacity;      /* set aside so far; grows as long as it has never been full */
  uint64_t first, written; /* the bytes that are there */
  uint64_t taken;         /* by every reader there was when it was taken: may make room */
  uint64_t lost;          /* made room without that, or could not be kept */
};

struct spool {
  int fd; /* -1: none */
  bool blocks;
  uint64_t budget; /* of each ring */
  struct ring rings[SPOOLED];
};

/* false with errno: nowhere is room even for the least. */
bool spool_open(struct spool *spool, uint64_t budget, bool blocks, bool in_memory);
void spool_close(struct spool *spool);

/* Up to which offset this ring takes bytes now. */
uint64_t spool_limit(struct spool *spool, struct ring *ring);

/* At most SPOOL_LEAST bytes, and not beyond the limit. */
void spool_add(struct spool *spool, struct ring *ring, const uint8_t *bytes, size_t length);

/* Reads what is there from an offset on that is; less than asked for where the ring goes round. -1: a bad disk. */
ssize_t spool_read(const struct spool *spool, const struct ring *ring, uint64_t offset, void *bytes, size_t most);

/* How much of the disk it may hold. */
uint64_t spool_size(const struct spool *spool);

#endif

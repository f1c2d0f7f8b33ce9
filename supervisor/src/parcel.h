/* Parcels: pieces of streams that share a pipe with each other, and with whatever else is written to it. */
#ifndef PARCEL_H
#define PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  PARCEL_SIZE = 4096, /* PIPE_BUF: a pipe takes it whole or not at all */
  PARCEL_HEADER = 24,
  PARCEL_PAYLOAD = PARCEL_SIZE - PARCEL_HEADER,
};

enum parcel_kind { PARCEL_OPEN = 1, PARCEL_DATA = 2, PARCEL_ALIVE = 3, PARCEL_CLOSE = 4 };

struct parcel {
  uint8_t kind;
  uint16_t length;
  uint32_t offset; /* of the payload in its stream, modulo 2^32 */
  uint64_t stream;
  const uint8_t *payload;
};

/* The first whole parcel from `*from` on, which is moved behind it, or to where one may have begun. */
bool parcel_next(const uint8_t *bytes, size_t *from, size_t to, struct parcel *parcel);

/* Where its payload is to be; it may be there already. */
static inline uint8_t *parcel_payload(uint8_t into[PARCEL_SIZE]) { return into + PARCEL_HEADER; }

/* Puts the header in front of the payload; answers how long they are together. */
size_t parcel_seal(uint8_t into[PARCEL_SIZE], const struct parcel *parcel);

#endif

/* The parcel reader: what it finds was sealed so, wherever it lies and however it is cut; and it never stands still. */
#include "fuzz.h"
#include "parcel.h"

static void check(const uint8_t *end, const struct parcel *parcel) {
  uint8_t again[PARCEL_SIZE];
  memcpy(parcel_payload(again), parcel->payload, parcel->length);
  size_t length = parcel_seal(again, parcel);
  if (memcmp(again, end - length, length) != 0) abort();
}

static unsigned read_all(const uint8_t *bytes, size_t *from, size_t to) {
  struct parcel parcel;
  unsigned count = 0;
  while (parcel_next(bytes, from, to, &parcel)) {
    check(bytes + *from, &parcel);
    count++;
  }
  if (*from > to || to - *from >= PARCEL_SIZE) abort();
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t whole = 0, pieces = 0;
  unsigned count = read_all(data, &whole, size);
  unsigned first = read_all(data, &pieces, size / 2);
  if (first + read_all(data, &pieces, size) != count || whole != pieces) abort();
  return 0;
}

static char some[3 * PARCEL_SIZE];

static struct seed seeds[] = {
    {some, 0},
    {some, 0},
    SEED("\xf5""any\x02\0\xff\xff"),
};

__attribute__((constructor)) static void fill(void) {
  uint8_t sealed[PARCEL_SIZE];
  size_t at = 0;
  for (uint16_t length = 0; length < PARCEL_PAYLOAD; length = (uint16_t)(length * 3 + 7)) {
    memset(parcel_payload(sealed), 'x', length);
    struct parcel parcel = {.kind = PARCEL_DATA, .length = length, .offset = (uint32_t)at, .stream = 7};
    size_t sealed_length = parcel_seal(sealed, &parcel);
    memcpy(some + at, sealed, sealed_length);
    at += sealed_length;
  }
  seeds[0].length = at / 3;
  seeds[1].length = at;
}

FUZZ_MAIN(seeds)

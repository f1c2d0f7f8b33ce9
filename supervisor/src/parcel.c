#include "parcel.h"

#include <string.h>

#include "frame.h"

static const uint8_t magic[4] = {0xf5, 'a', 'n', 'y'}; /* the first is in no text */

enum { AT_KIND = 4, AT_LENGTH = 6, AT_OFFSET = 8, AT_STREAM = 12, AT_CHECKSUM = 20 };

/* CRC-32 as in zlib and Ethernet, a nibble at a time. */
static uint32_t checksum(uint32_t sum, const uint8_t *bytes, size_t length) {
  static const uint32_t table[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
      0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  };
  sum = ~sum;
  for (size_t i = 0; i < length; i++) {
    sum ^= bytes[i];
    sum = sum >> 4 ^ table[sum & 15];
    sum = sum >> 4 ^ table[sum & 15];
  }
  return ~sum;
}

/* Over the header in front of it, and the payload. */
static uint32_t checksum_of(const uint8_t *parcel, uint16_t length) {
  return checksum(checksum(0, parcel, AT_CHECKSUM), parcel + PARCEL_HEADER, length);
}

static bool may_begin(const uint8_t *at, uint16_t *length) {
  if (memcmp(at, magic, sizeof magic) != 0) return false;
  *length = get_u16(at + AT_LENGTH);
  bool known = at[AT_KIND] >= PARCEL_OPEN && at[AT_KIND] <= PARCEL_CLOSE && at[AT_KIND + 1] == 0;
  return known && *length <= PARCEL_PAYLOAD;
}

bool parcel_next(const uint8_t *bytes, size_t *from, size_t to, struct parcel *parcel) {
  for (; to - *from >= PARCEL_HEADER; (*from)++) {
    const uint8_t *at = bytes + *from;
    uint16_t length;
    if (!may_begin(at, &length)) continue;
    if (to - *from < (size_t)PARCEL_HEADER + length) return false;
    if (get_u32(at + AT_CHECKSUM) != checksum_of(at, length)) continue;
    *parcel = (struct parcel){
        .kind = at[AT_KIND],
        .length = length,
        .offset = get_u32(at + AT_OFFSET),
        .stream = get_u64(at + AT_STREAM),
        .payload = at + PARCEL_HEADER,
    };
    *from += (size_t)PARCEL_HEADER + length;
    return true;
  }
  return false;
}

size_t parcel_seal(uint8_t into[PARCEL_SIZE], const struct parcel *parcel) {
  memcpy(into, magic, sizeof magic);
  into[AT_KIND] = parcel->kind;
  into[AT_KIND + 1] = 0;
  put_u16(into + AT_LENGTH, parcel->length);
  put_u32(into + AT_OFFSET, parcel->offset);
  put_u64(into + AT_STREAM, parcel->stream);
  put_u32(into + AT_CHECKSUM, checksum_of(into, parcel->length));
  return (size_t)PARCEL_HEADER + parcel->length;
}

#include "listening.h"

#include <string.h>

enum { STATE_LISTEN = 0x0a };

static const uint8_t MAPPED[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t NOTHING[ADDRESS_SIZE];

/* Hexadecimal digits of either case, `digits` of them; NULL when there are fewer. */
static const char *parse_hex(const char *at, unsigned digits, uint32_t *value) {
  *value = 0;
  for (; digits > 0; digits--, at++) {
    unsigned digit = (unsigned)*at - '0';
    if (digit > 9) {
      digit = ((unsigned)*at | 0x20) - 'a';
      if (digit > 5) return NULL;
      digit += 10;
    }
    *value = *value << 4 | digit;
  }
  return at;
}

bool parse_address(const char *text, uint8_t address[ADDRESS_SIZE]) {
  for (unsigned i = 0; i < ADDRESS_SIZE; i++) {
    uint32_t byte;
    text = parse_hex(text, 2, &byte);
    if (!text) return false;
    address[i] = (uint8_t)byte;
  }
  return *text == 0;
}

/* Words in the machine's order, 1 for IPv4 and 4 for IPv6. */
static const char *parse_local(const char *at, uint8_t address[ADDRESS_SIZE]) {
  unsigned words = strcspn(at, ":") == 8 ? 1 : 4;
  memcpy(address, MAPPED, sizeof MAPPED);
  for (unsigned i = 4 - words; at && i < 4; i++) {
    uint32_t word;
    at = parse_hex(at, 8, &word);
    memcpy(address + 4 * i, &word, 4);
  }
  return at;
}

static bool takes(const uint8_t *bound, const uint8_t *wanted) {
  if (!wanted || memcmp(bound, wanted, ADDRESS_SIZE) == 0) return true;
  if (memcmp(bound, NOTHING, ADDRESS_SIZE) == 0) return true;
  bool both_four = memcmp(bound, MAPPED, 12) == 0 && memcmp(wanted, MAPPED, 12) == 0;
  return both_four && memcmp(bound + 12, NOTHING, 4) == 0;
}

bool is_listening(const char *line, unsigned port, const uint8_t *address) {
  uint8_t bound[ADDRESS_SIZE];
  uint32_t number, state;
  const char *at = strchr(line, ':');
  if (!at || at[1] != ' ') return false;
  at = parse_local(at + 2, bound);
  if (!at || *at != ':') return false;
  at = parse_hex(at + 1, 4, &number);
  if (!at || *at != ' ' || number != port) return false;
  at = strchr(at + 1, ' '); /* past the other side's address */
  return at && parse_hex(at + 1, 2, &state) && state == STATE_LISTEN && takes(bound, address);
}

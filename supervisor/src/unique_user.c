#include "unique_user.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/random.h>
#include <unistd.h>

#include "command.h"
#include "files.h"
#include "table.h"
#include "users.h"

enum { TRIES = 64, USUAL_IDS = 65536 };
static const uint32_t MOST_IDS = 0x7fffffff;

static uint64_t next_number(const char **at) {
  uint64_t number = 0;
  while (**at == ' ') ++*at;
  for (; **at >= '0' && **at <= '9'; ++*at) number = number * 10 + (uint64_t)(**at - '0');
  return number;
}

/* How many numbers, from 0 on, this user namespace has: the third of "0 100000 65536". */
static uint32_t ids_there_are(void) {
  struct line_reader reader = {.fd = open_regular("/proc/self/uid_map")};
  if (reader.fd < 0) return USUAL_IDS;
  const char *at = next_line(&reader);
  uint64_t first = at ? next_number(&at) : 1;
  if (at) next_number(&at);
  uint64_t count = at ? next_number(&at) : 0;
  close(reader.fd);
  if (first != 0) return 0;
  return count < MOST_IDS ? (uint32_t)count : MOST_IDS;
}

static bool is_anybodys(uid_t id) {
  static struct identity identity;
  identity_of_uid(id, &identity);
  if (identity.name[0]) return true;
  for (struct command *command = table_first(); command; command = command->next) {
    bool gone = command->reported && command->report.verified;
    if (command->unique_id == id && !gone) return true;
  }
  return false;
}

/* From the upper half, where people seldom are, but for its end, where nobody is. */
uid_t unique_user(void) {
  if (geteuid() != 0) return errno = EPERM, 0;
  uint32_t half = ids_there_are() / 2;
  for (int i = 0; i < TRIES && half > 4 * MOST_COMMANDS; i++) {
    uint32_t random;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random) break;
    uid_t id = half + random % (half - 1024);
    if (!is_anybodys(id)) return id;
  }
  return errno = EAGAIN, 0;
}

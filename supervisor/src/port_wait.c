/* port-wait PORT ADDRESS: until a socket listens there. ADDRESS is `any`, or as in listening.h. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "builtin.h"
#include "files.h"
#include "listening.h"

enum { BETWEEN_LOOKS_MS = 20 };

static bool listens(const char *table, unsigned port, const uint8_t *address) {
  static struct line_reader reader;
  bool found = false;
  reader = (struct line_reader){.fd = open_regular(table)};
  if (reader.fd < 0) return false; /* a kernel without IPv6 */
  for (const char *line; !found && (line = next_line(&reader));) found = is_listening(line, port, address);
  close(reader.fd);
  return found;
}

void port_wait(char **arguments) {
  uint64_t port = builtin_number(arguments[0]);
  uint8_t address[ADDRESS_SIZE], *wanted = NULL;
  if (strcmp(arguments[1], "any") != 0) {
    if (!parse_address(arguments[1], address)) builtin_fail(EINVAL, arguments[1]);
    wanted = address;
  }
  if (access("/proc/net/tcp", R_OK) != 0) builtin_fail(errno, "/proc/net/tcp");
  while (!listens("/proc/net/tcp", (unsigned)port, wanted) && !listens("/proc/net/tcp6", (unsigned)port, wanted)) {
    nanosleep(&(struct timespec){.tv_nsec = BETWEEN_LOOKS_MS * 1000000L}, NULL);
  }
}

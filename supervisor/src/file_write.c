/* file-write: files as they come on stdin, as fields, each put in place by its own commit. The end of stdin alone
   is no commit: it may be that of a host that is gone. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "builtin.h"
#include "files.h"
#include "frame.h"
#include "record.h"
#include "replace.h"

enum write_tag { TAG_MODE = 1, TAG_FLAGS = 2, TAG_PATH = 3, TAG_BYTES = 4, TAG_COMMIT = 5 };
enum write_flag { WRITE_PARENTS = 1, WRITE_DURABLE = 2 };
enum { NONE = -1, LONGEST_PATH = 4096 };

static uint8_t buffer[64 << 10];
static size_t from, to;
static int file, mode;
static uint32_t flags;

/* How many bytes of stdin are at hand, at most `wanted`; 0 at its end. */
static size_t at_hand(size_t wanted) {
  if (from == to) {
    ssize_t got = read(0, buffer, sizeof buffer);
    from = 0;
    to = got > 0 ? (size_t)got : 0;
  }
  return wanted < to - from ? wanted : to - from;
}

/* false: stdin ended before. */
static bool take(void *into, size_t length) {
  while (length > 0) {
    size_t some = at_hand(length);
    if (some == 0) return false;
    memcpy(into, buffer + from, some);
    from += some;
    length -= some;
    into = (char *)into + some;
  }
  return true;
}

static _Noreturn void refuse(void) {
  if (file >= 0) replace_fail(EINVAL);
  builtin_fail(EINVAL, "");
}

static void begin(size_t length) {
  char path[LONGEST_PATH];
  if (file >= 0 || length >= sizeof path || !take(path, length)) refuse();
  path[length] = 0;
  if (flags & WRITE_PARENTS) make_parents(path);
  file = replace_begin(path);
}

static void copy(size_t length) {
  if (file < 0) refuse();
  while (length > 0) {
    size_t some = at_hand(length);
    if (some == 0) replace_fail(ECANCELED);
    if (!write_all(file, buffer + from, some)) replace_fail(errno);
    from += some;
    length -= some;
  }
}

static void commit(void) {
  if (file < 0) refuse();
  replace_finish(NULL, mode, flags & WRITE_DURABLE);
  file = mode = NONE;
}

static uint32_t number(size_t length) {
  uint8_t bytes[4];
  if (length != sizeof bytes || !take(bytes, sizeof bytes)) refuse();
  return get_u32(bytes);
}

void file_write(char **arguments) {
  (void)arguments;
  file = mode = NONE;
  from = to = 0;
  flags = 0;
  uint8_t header[FIELD_HEADER];
  while (take(header, sizeof header)) {
    size_t length = get_u32(header + 2);
    switch (get_u16(header)) {
      case TAG_MODE: mode = (int)(number(length) & 07777); break;
      case TAG_FLAGS: flags = number(length); break;
      case TAG_PATH: begin(length); break;
      case TAG_BYTES: copy(length); break;
      case TAG_COMMIT: commit(); break;
      default: refuse();
    }
  }
  if (file >= 0) replace_fail(ECANCELED);
}

/* file-read PATH START COUNT WHOLE: bytes of a file. WHOLE is 1 where more than COUNT of them are an error. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtin.h"
#include "files.h"

static int open_file(const char *path, struct stat *info) {
  /* Neither a fifo nor a device may keep us waiting. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, info) != 0) builtin_fail(errno, path);
  if (S_ISDIR(info->st_mode)) builtin_fail(EISDIR, path);
  if (!S_ISREG(info->st_mode)) builtin_fail(ENXIO, path);
  return fd;
}

void file_read(char **arguments) {
  static char buffer[64 << 10];
  const char *path = arguments[0];
  uint64_t start = builtin_number(arguments[1]), left = builtin_number(arguments[2]);
  uint64_t whole = builtin_number(arguments[3]);
  struct stat info;
  int fd = open_file(path, &info);
  /* Files of /proc have no size; what they hold shows only at the end. */
  if (whole && (uint64_t)info.st_size > start + left) builtin_fail(EFBIG, path);
  if (start > 0 && lseek(fd, (off_t)start, SEEK_SET) < 0) builtin_fail(errno, path);
  for (;;) {
    ssize_t got = left > 0 ? read(fd, buffer, left < sizeof buffer ? left : sizeof buffer) : 0;
    if (got < 0) builtin_fail(errno, path);
    if (got == 0) break;
    if (!write_all(1, buffer, (size_t)got)) _exit(1);
    left -= (uint64_t)got;
  }
  if (whole && left == 0 && read(fd, buffer, 1) > 0) builtin_fail(EFBIG, path);
}

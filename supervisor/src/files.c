#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entries.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static bool close_listed(int first) {
  int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  struct folder entries;
  folder_start(&entries, folder);
  for (const char *name; (name = folder_next(&entries));) {
    int fd = atoi(name);
    if (fd >= first && fd != folder) close(fd);
  }
  close(folder);
  return true;
}

void close_between(int first, int last) {
  if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) == 0) return;
  for (int fd = first; fd <= last; fd++) close(fd);
}

void close_from(int first) {
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
  /* Older kernels, and older seccomp profiles, do not know the call. */
  if (close_listed(first)) return;
  struct rlimit limit;
  bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536;
  close_between(first, known ? (int)limit.rlim_cur : 65536);
}

int open_regular(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -1;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return fd;
  close(fd);
  errno = EINVAL;
  return -1;
}

bool fill_standard_descriptors(void) {
  for (;;) {
    int fd = open("/dev/null", O_RDWR);
    if (fd < 0) break;
    if (fd > 2) return close(fd), true;
  }
  for (;;) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    if (ends[0] > 2) return close(ends[0]), close(ends[1]), true;
    if (ends[1] > 2) return close(ends[1]), true;
  }
}

bool set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool write_all(int fd, const void *from, size_t length) {
  const char *bytes = from;
  while (length > 0) {
    ssize_t wrote = write(fd, bytes, length);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    bytes += wrote;
    length -= (size_t)wrote;
  }
  return true;
}

char *next_line(struct line_reader *reader) {
  bool skipping = false;
  for (;;) {
    char *start = reader->buffer + reader->start;
    char *newline = memchr(start, '\n', reader->end - reader->start);
    if (newline) {
      reader->start += (size_t)(newline - start) + 1;
      *newline = 0;
      if (!skipping) return start;
      skipping = false;
      continue;
    }
    if (reader->start > 0) {
      memmove(reader->buffer, start, reader->end - reader->start);
      reader->end -= reader->start;
      reader->start = 0;
    }
    if (reader->end == sizeof reader->buffer - 1) {
      skipping = true;
      reader->end = 0;
    }
    ssize_t got = read(reader->fd, reader->buffer + reader->end, sizeof reader->buffer - 1 - reader->end);
    if (got > 0) {
      reader->end += (size_t)got;
      continue;
    }
    if (reader->end == 0 || skipping) return NULL;
    reader->buffer[reader->end] = 0;
    reader->end = 0;
    return reader->buffer;
  }
}

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "builtin.h"

struct directory_entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

void folder_start(struct folder *folder, int fd) {
  folder->fd = fd;
  folder->at = folder->end = 0;
  lseek(fd, 0, SEEK_SET);
}

const char *folder_next(struct folder *folder) {
  for (;;) {
    if (folder->at >= folder->end) {
      errno = 0;
      folder->at = 0;
      folder->end = syscall(SYS_getdents64, folder->fd, folder->buffer, sizeof folder->buffer);
      if (folder->end <= 0) return NULL;
    }
    const struct directory_entry *entry = (const void *)(folder->buffer + folder->at);
    folder->at += entry->length;
    if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0) return entry->name;
  }
}

int folder_open(int parent, const char *name) {
  return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

size_t trail_enter(struct trail *trail, const char *name) {
  size_t before = trail->length, length = strlen(name);
  if (before + length + 2 > sizeof trail->path || ++trail->levels > MOST_LEVELS) {
    builtin_fail(ENAMETOOLONG, trail->path);
  }
  if (before > 0) trail->path[trail->length++] = '/';
  memcpy(trail->path + trail->length, name, length + 1);
  trail->length += length;
  return before;
}

void trail_leave(struct trail *trail, size_t length) {
  trail->levels--;
  trail->length = length;
  trail->path[length] = 0;
}

#include "entries.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

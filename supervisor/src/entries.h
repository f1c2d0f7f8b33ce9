/* What is in a folder, name by name. Allocates nothing. */
#ifndef ENTRIES_H
#define ENTRIES_H

#include <stdint.h>

/* What the kernel's getdents64 writes. */
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

struct folder {
  int fd;
  long at, end;
  _Alignas(8) char buffer[2048];
};

/* From the beginning. The descriptor stays the caller's. */
void folder_start(struct folder *folder, int fd);

/* The next name, valid until the next call; NULL with errno, 0 at the end. Neither `.` nor `..`. */
const char *folder_next(struct folder *folder);

#endif

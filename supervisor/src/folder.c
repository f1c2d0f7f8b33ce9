#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "builtin.h"

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

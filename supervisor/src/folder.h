/* The way down through folders in folders. */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "entries.h"

/* A folder to read, never by a link. -1 with errno. */
int folder_open(int parent, const char *name);

enum { LONGEST_TRAIL = 8192, MOST_LEVELS = 512 };

/* Where one is: a path that grows by one name a level. */
struct trail {
  size_t length;
  unsigned levels;
  char path[LONGEST_TRAIL];
};

/* Goes to a name here, and back to where it was. Ends the process where that is too far down. */
size_t trail_enter(struct trail *trail, const char *name);
void trail_leave(struct trail *trail, size_t length);

#endif

/* The folders under watch: inotify's numbers and where they lie, relative to the one that was asked for. */
#ifndef WATCHED_H
#define WATCHED_H

#include <stdbool.h>

/* false: too many. Known already: it gets the new path. */
bool watched_set(int number, const char *path);

/* NULL: not known. */
const char *watched_path(int number);

void watched_forget(int number);

/* A folder has another path now, and so have those below it. */
void watched_move(const char *from, const char *to);

/* The number of any folder at a path or below it; -1 when there is none. */
int watched_at(const char *path);

#endif

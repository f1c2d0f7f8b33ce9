#include "watched.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WATCHED = 1 << 16, MOST_BYTES = 16 << 20 };

struct watched {
  int number;
  char *path;
};

static struct watched *list;
static size_t count, room, bytes;
static int highest; /* inotify counts upwards */

static struct watched *find(int number) {
  for (size_t i = 0; i < count; i++) {
    if (list[i].number == number) return &list[i];
  }
  return NULL;
}

static bool name(struct watched *watched, char *path) {
  if (!path) return false;
  if (watched->path) bytes -= strlen(watched->path);
  free(watched->path);
  watched->path = path;
  bytes += strlen(path);
  return bytes <= MOST_BYTES;
}

bool watched_set(int number, const char *path) {
  struct watched *watched = number <= highest ? find(number) : NULL;
  if (watched) return name(watched, strdup(path));
  if (count == room) {
    size_t more = room ? 2 * room : 64;
    struct watched *longer = more > MOST_WATCHED ? NULL : realloc(list, more * sizeof *list);
    if (!longer) return false;
    list = longer;
    room = more;
  }
  if (number > highest) highest = number;
  list[count] = (struct watched){.number = number};
  return name(&list[count++], strdup(path));
}

const char *watched_path(int number) {
  const struct watched *watched = find(number);
  return watched ? watched->path : NULL;
}

void watched_forget(int number) {
  struct watched *watched = find(number);
  if (!watched) return;
  bytes -= strlen(watched->path);
  free(watched->path);
  *watched = list[--count];
}

/* What follows `folder` in a path at it or below it; NULL elsewhere. */
static const char *rest_below(const char *path, const char *folder) {
  size_t length = strlen(folder);
  if (strncmp(path, folder, length) != 0) return NULL;
  return path[length] == 0 || path[length] == '/' ? path + length : NULL;
}

void watched_move(const char *from, const char *to) {
  for (size_t i = 0; i < count; i++) {
    const char *rest = rest_below(list[i].path, from);
    if (!rest) continue;
    char *path = malloc(strlen(to) + strlen(rest) + 1);
    if (!path) continue;
    memcpy(path, to, strlen(to));
    memcpy(path + strlen(to), rest, strlen(rest) + 1);
    name(&list[i], path);
  }
}

int watched_at(const char *path) {
  for (size_t i = 0; i < count; i++) {
    if (rest_below(list[i].path, path)) return list[i].number;
  }
  return -1;
}

/* file-watch PATH RECURSIVE: what becomes of a folder's content, or of one file, until killed or until it is gone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtin.h"
#include "folder.h"
#include "text.h"
#include "watched.h"

enum change { READY = 1, CREATED = 2, CHANGED = 3, REMOVED = 4, MOVED = 5, OVERFLOWN = 6 };

/* The other half of a move follows at once, if at all. */
enum { WAIT_FOR_OTHER_HALF_MS = 100 };

static const uint32_t EVENTS = IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
                               IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

static int queue;
static bool recursive;
static const char *only; /* the one file that is asked about */
static char root[PATH_MAX];
static struct trail trail;

/* A file moved away, until it is known where to. */
static struct {
  uint32_t cookie; /* 0: none */
  bool folder, told;
  char path[LONGEST_TRAIL];
} moved;

static char last[LONGEST_TRAIL];

static void tell(enum change change, const char *path) {
  if (only) path = "";
  if (change == CHANGED && strcmp(last, path) == 0) return; /* one of many writes */
  builtin_put((uint16_t)change, path, strlen(path));
  strcpy(last, change == CHANGED ? path : "/");
}

/* Of files that are being written, to be moved into place. */
static bool is_temporary(const char *name) { return strncmp(name, ".anyon-", 7) == 0 && strlen(name) == 23; }

static void watch_here(bool news) {
  char path[PATH_MAX];
  if (!join(path, sizeof path, root, "/", trail.path, NULL)) return;
  int number = inotify_add_watch(queue, path, EVENTS | (trail.path[0] ? IN_DONT_FOLLOW : 0));
  if (number < 0 && (errno == ENOSPC || errno == ENOMEM || !trail.path[0])) builtin_fail(errno, path);
  if (number < 0) return; /* gone, or not ours to read */
  if (!watched_set(number, trail.path)) builtin_fail(ENOSPC, path);
  int fd = recursive ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  if (fd < 0) return;
  struct folder folder;
  folder_start(&folder, fd);
  for (const char *name; (name = folder_next(&folder));) {
    struct stat info;
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    size_t here = trail_enter(&trail, name);
    if (news && !is_temporary(name)) tell(CREATED, trail.path);
    if (S_ISDIR(info.st_mode)) watch_here(news);
    trail_leave(&trail, here);
  }
  close(fd);
}

static void appeared(bool folder) {
  tell(CREATED, trail.path);
  if (folder && recursive) watch_here(true);
}

static void settle_move(void) {
  if (moved.cookie && moved.told) {
    tell(REMOVED, moved.path);
    for (int number; moved.folder && (number = watched_at(moved.path)) >= 0;) {
      inotify_rm_watch(queue, number);
      watched_forget(number);
    }
  }
  moved.cookie = 0;
}

static void moved_here(const struct inotify_event *event, bool wanted) {
  bool whole = moved.cookie && moved.cookie == event->cookie;
  if (!whole || !wanted) {
    settle_move();
    if (wanted) appeared(event->mask & IN_ISDIR);
    return;
  }
  moved.cookie = 0;
  if (!moved.told) return tell(CHANGED, trail.path);
  /* Both paths, a NUL between them. */
  size_t length = strlen(moved.path) + 1;
  char both[2 * LONGEST_TRAIL];
  memcpy(both, moved.path, length);
  memcpy(both + length, trail.path, trail.length);
  builtin_put(MOVED, both, length + trail.length);
  if (event->mask & IN_ISDIR) watched_move(moved.path, trail.path);
}

static void moved_away(const struct inotify_event *event, bool wanted) {
  settle_move();
  moved.cookie = event->cookie;
  moved.folder = event->mask & IN_ISDIR;
  moved.told = wanted;
  memcpy(moved.path, trail.path, trail.length + 1);
}

static void changed(const struct inotify_event *event) {
  bool wanted = only ? strcmp(event->name, only) == 0 : !is_temporary(event->name);
  if (event->mask & IN_MOVED_FROM) return moved_away(event, wanted);
  if (event->mask & IN_MOVED_TO) return moved_here(event, wanted);
  settle_move();
  if (!wanted) return;
  if (event->mask & IN_CREATE) appeared(event->mask & IN_ISDIR);
  if (event->mask & IN_DELETE) tell(REMOVED, trail.path);
  if (event->mask & (IN_MODIFY | IN_ATTRIB)) tell(CHANGED, trail.path);
}

/* false when there is nothing left to watch. */
static bool take(const struct inotify_event *event) {
  if (event->mask & IN_Q_OVERFLOW) {
    settle_move();
    tell(OVERFLOWN, "");
    watch_here(false);
    return true;
  }
  const char *folder = watched_path(event->wd);
  if (!folder) return true;
  bool gone = event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT);
  if (gone && !folder[0]) {
    settle_move();
    tell(REMOVED, "");
    return false;
  }
  if (event->mask & IN_IGNORED) {
    watched_forget(event->wd);
  } else if (event->len > 0) {
    size_t length = strlen(folder);
    memcpy(trail.path, folder, length + 1);
    trail.length = length;
    trail_enter(&trail, event->name);
    changed(event);
    trail_leave(&trail, 0);
  }
  return true;
}

static void go_to(char *path) {
  struct stat info;
  if (stat(path, &info) != 0) builtin_fail(errno, path);
  const char *folder = path;
  if (!S_ISDIR(info.st_mode)) {
    char *slash = strrchr(path, '/');
    only = slash ? slash + 1 : path;
    folder = slash == path ? "/" : slash ? path : ".";
    if (slash) *slash = 0;
  }
  if (chdir(folder) != 0 || !getcwd(root, sizeof root)) builtin_fail(errno, folder);
  /* A folder that is somebody's working folder is not gone when it is removed. */
  if (chdir("/") != 0) builtin_fail(errno, "/");
}

void file_watch(char **arguments) {
  _Alignas(8) static char buffer[16 << 10];
  go_to(arguments[0]);
  recursive = builtin_number(arguments[1]) != 0 && !only;
  queue = inotify_init1(IN_CLOEXEC);
  if (queue < 0) builtin_fail(errno, arguments[0]);
  watch_here(false);
  builtin_put(READY, NULL, 0);
  for (;;) {
    builtin_flush();
    struct pollfd waiting = {.fd = queue, .events = POLLIN};
    if (moved.cookie && moved.told && poll(&waiting, 1, WAIT_FOR_OTHER_HALF_MS) == 0) settle_move();
    builtin_flush();
    ssize_t got = read(queue, buffer, sizeof buffer);
    if (got < 0) builtin_fail(errno, arguments[0]);
    for (ssize_t at = 0; at < got;) {
      const struct inotify_event *event = (const void *)(buffer + at);
      if (!take(event)) return;
      at += (ssize_t)(sizeof *event + event->len);
    }
    last[0] = '/';
    last[1] = 0;
  }
}

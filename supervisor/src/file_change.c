/* file-mkdir PATH MODE PARENTS, file-move FROM TO REPLACE, file-remove PATH RECURSIVE. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "builtin.h"
#include "files.h"
#include "folder.h"
#include "replace.h"

enum { NO_REPLACE = 1 };

void file_mkdir(char **arguments) {
  const char *path = arguments[0];
  uint64_t mode = builtin_number(arguments[1]);
  bool parents = builtin_number(arguments[2]) != 0;
  struct stat info;
  if (parents) make_parents(path);
  umask(0); /* rather than a chmod later, of what may have been put there meanwhile */
  if (mkdir(path, (mode_t)mode & 01777) == 0) return;
  int error = errno;
  if (!parents || stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) builtin_fail(error, path);
}

/* To another file system: a copy that appears whole, and then the original goes. Files only. */
static void move_by_copy(const char *from, const char *to) {
  static char buffer[64 << 10];
  struct stat info;
  int source = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (source < 0 || fstat(source, &info) != 0 || !S_ISREG(info.st_mode)) builtin_fail(EXDEV, from);
  int copy = replace_begin(to);
  for (ssize_t got; (got = read(source, buffer, sizeof buffer)) != 0;) {
    if (got < 0 || !write_all(copy, buffer, (size_t)got)) replace_fail(errno);
  }
  futimens(copy, (struct timespec[]){info.st_atim, info.st_mtim});
  replace_finish(&info, -1, false);
  if (unlink(from) != 0) builtin_fail(errno, from);
}

void file_move(char **arguments) {
  const char *from = arguments[0], *to = arguments[1];
  bool replace = builtin_number(arguments[2]) != 0;
  if (replace ? rename(from, to) == 0
              : syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, NO_REPLACE) == 0) {
    return;
  }
  if (errno == EXDEV && replace) return move_by_copy(from, to);
  int error = errno;
  struct stat info;
  builtin_fail(error, error == ENOENT && lstat(from, &info) == 0 ? to : error == EEXIST ? to : from);
}

static struct trail trail;
static bool recursive;

static void remove_content(int fd);

static void remove_entry(int parent, const char *name) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return;
  int error = errno;
  if (error == EISDIR || error == EPERM) {
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (errno != ENOTDIR) error = errno;
  }
  bool filled = error == ENOTEMPTY || error == EEXIST;
  if (!recursive || !filled) builtin_fail(error, trail.path);
  int fd = folder_open(parent, name);
  if (fd < 0) builtin_fail(errno, trail.path);
  remove_content(fd);
  close(fd);
  if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) builtin_fail(errno, trail.path);
}

/* Again from the beginning until there is nothing: what is removed may make a file system skip what follows. */
static void remove_content(int fd) {
  struct folder folder;
  for (bool found = true; found;) {
    found = false;
    folder_start(&folder, fd);
    for (const char *name; (name = folder_next(&folder)); found = true) {
      size_t here = trail_enter(&trail, name);
      remove_entry(fd, name);
      trail_leave(&trail, here);
    }
    if (errno != 0) builtin_fail(errno, trail.path);
  }
}

void file_remove(char **arguments) {
  char *path = arguments[0];
  struct stat info;
  recursive = builtin_number(arguments[1]) != 0;
  /* With a slash behind it, a link would be followed. */
  for (size_t length = strlen(path); length > 1 && path[length - 1] == '/';) path[--length] = 0;
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) builtin_fail(EINVAL, path);
  trail_enter(&trail, path);
  if (lstat(path, &info) != 0) builtin_fail(errno, path);
  remove_entry(AT_FDCWD, path);
}

#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "builtin.h"

enum { NEW_FILE_MODE = 0644, NEW_FOLDER_MODE = 0755, MOST_LINKS = 40 };

static struct {
  char path[PATH_MAX];
  char temporary[24]; /* empty: there is none */
  const char *name;
  int folder, file;
} target;

static void discard(void) {
  if (target.temporary[0]) unlinkat(target.folder, target.temporary, 0);
}

_Noreturn void replace_fail(int error) {
  discard();
  builtin_fail(error, target.path);
}

static _Noreturn void on_signal(int signal) {
  (void)signal;
  discard();
  _exit(1);
}

static void take_path(const char *path) {
  size_t length = strlen(path);
  if (length >= sizeof target.path) builtin_fail(ENAMETOOLONG, path);
  memcpy(target.path, path, length + 1);
}

static char *last_name(char *path) {
  char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Follows the last name alone; the kernel follows the others. */
static void follow_links(void) {
  for (int links = 0; links < MOST_LINKS; links++) {
    char to[PATH_MAX];
    ssize_t length = readlink(target.path, to, sizeof to - 1);
    if (length < 0) return;
    to[length] = 0;
    char *name = to[0] == '/' ? target.path : last_name(target.path);
    if (name - target.path + length >= PATH_MAX) builtin_fail(ENAMETOOLONG, target.path);
    memcpy(name, to, (size_t)length + 1);
  }
  builtin_fail(ELOOP, target.path);
}

void make_parents(const char *path) {
  char part[PATH_MAX];
  if (strlen(path) >= sizeof part) builtin_fail(ENAMETOOLONG, path);
  memcpy(part, path, strlen(path) + 1);
  for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
    *slash = 0;
    if (mkdir(part, NEW_FOLDER_MODE) != 0 && errno != EEXIST) {
      struct stat info;
      int error = errno; /* a read-only file system says so even of a folder that is there */
      if (stat(part, &info) != 0) builtin_fail(error, part);
    }
    *slash = '/';
  }
}

static void open_folder(void) {
  char *name = last_name(target.path);
  char first = *name;
  target.name = name;
  if (first == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) builtin_fail(EISDIR, target.path);
  *name = 0;
  target.folder = open(target.path[0] ? target.path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  *name = first;
  if (target.folder < 0) builtin_fail(errno, target.path);
}

/* What is there now. false: nothing. */
static bool old_file(struct stat *info) {
  if (fstatat(target.folder, target.name, info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) replace_fail(errno);
    return false;
  }
  if (!S_ISREG(info->st_mode)) replace_fail(S_ISDIR(info->st_mode) ? EISDIR : ENXIO);
  return true;
}

static void name_temporary(void) {
  uint8_t random[8];
  char name[sizeof target.temporary] = ".anyon-";
  if (getrandom(random, sizeof random, 0) != sizeof random) builtin_fail(errno, target.path);
  for (size_t i = 0; i < 2 * sizeof random; i++) {
    name[7 + i] = "0123456789abcdef"[random[i / 2] >> (i % 2 * 4) & 15];
  }
  memcpy(target.temporary, name, sizeof name);
}

int replace_begin(const char *path) {
  struct stat old;
  take_path(path);
  follow_links();
  open_folder();
  old_file(&old);
  name_temporary();
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  signal(SIGHUP, on_signal);
  target.file = openat(target.folder, target.temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (target.file < 0) replace_fail(errno);
  return target.file;
}

static void sync_folder(void) {
  int fd = openat(target.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

void replace_finish(const struct stat *like, int mode, bool durable) {
  struct stat old;
  bool replaces = old_file(&old);
  if (!like && replaces) like = &old;
  mode_t bits = mode >= 0 ? (mode_t)mode : like ? like->st_mode & 07777 : NEW_FILE_MODE;
  /* In this order: who gives a file away may not be the one to change its mode any more. */
  if (fchmod(target.file, bits & 01777) != 0) replace_fail(errno);
  if (like && fchown(target.file, like->st_uid, like->st_gid) != 0) {
    /* Only root gives files away; set-user-id must not go over to another owner. */
    if (fchown(target.file, (uid_t)-1, like->st_gid) != 0) bits &= 01777;
    bits &= (mode_t)~04000;
  }
  if (bits > 01777) (void)fchmod(target.file, bits);
  if ((durable && fsync(target.file) != 0) || close(target.file) != 0 ||
      renameat(target.folder, target.temporary, target.folder, target.name) != 0) {
    replace_fail(errno);
  }
  target.temporary[0] = 0;
  if (durable) sync_folder();
  close(target.folder);
}

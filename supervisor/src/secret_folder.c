#include "secret_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "files.h"
#include "entries.h"
#include "loop.h"
#include "text.h"

#ifndef TMPFS_MAGIC
#define TMPFS_MAGIC 0x01021994
#endif

enum { LOOK_INTO = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, LONGEST_CLEARING_MS = 2000, MOST_TOLD = 8 };

/* In a container, root's own; on a host, of any user. */
static const char *const parents[] = {"/tmp", "/dev/shm"};
enum { PLACES = 2 };

static const char *place_name(int place) {
  static char of_user[16 + DECIMAL_SIZE];
  if (place == 0) return "secrets";
  char digits[DECIMAL_SIZE];
  join(of_user, sizeof of_user, "anyon-secrets-", decimal(geteuid(), digits), NULL);
  return of_user;
}

static bool is_tmpfs(int fd) {
  struct statfs info;
  return fstatfs(fd, &info) == 0 && info.f_type == TMPFS_MAGIC;
}

/* Whoever else may write to it could put another folder in a run's place. */
static bool is_ours_alone(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0 || info.st_uid != geteuid()) return false;
  return (info.st_mode & 0777) == 0711 || fchmod(fd, 0711) == 0;
}

static bool others_may_rename_in(int fd) {
  struct stat info;
  return fstat(fd, &info) != 0 || ((info.st_mode & 022) && !(info.st_mode & S_ISVTX));
}

static int open_place(int place, bool make) {
  int parent = open(parents[place], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) return -1;
  if (make && is_tmpfs(parent) && !others_may_rename_in(parent)) mkdirat(parent, place_name(place), 0711);
  int fd = openat(parent, place_name(place), LOOK_INTO);
  close(parent);
  if (fd < 0 || (is_tmpfs(fd) && is_ours_alone(fd))) return fd;
  close(fd);
  return -1;
}

bool run_name(char name[SECRET_RUN + 1]) {
  uint8_t bytes[SECRET_RUN / 2];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return false;
  for (size_t i = 0; i < sizeof bytes; i++) {
    name[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    name[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  name[SECRET_RUN] = 0;
  return true;
}

static bool is_linked(int folder) {
  struct stat info;
  return fstat(folder, &info) == 0 && info.st_nlink > 0;
}

/* Between its making and its lock, a sweep takes it for one that was left. */
static int make_locked(int base, const char *name) {
  for (int tries = 0; tries < 5; tries++) {
    if (mkdirat(base, name, 0700) != 0) return -1;
    int folder = openat(base, name, LOOK_INTO);
    if (folder >= 0 && flock(folder, LOCK_EX) == 0 && is_linked(folder)) return folder;
    if (folder >= 0) close(folder);
  }
  errno = EAGAIN;
  return -1;
}

int run_folder_make(struct run_folder *run, const char *name) {
  for (int place = 0; place < PLACES; place++) {
    run->base = open_place(place, true);
    if (run->base < 0) continue;
    run->folder = make_locked(run->base, name);
    if (run->folder < 0) return errno;
    join(run->path, sizeof run->path, parents[place], "/", place_name(place), "/", name, NULL);
    return fchmod(run->folder, 0700) == 0 ? 0 : errno;
  }
  return ENODEV;
}

bool empty(int fd) {
  struct stat info;
  return ftruncate(fd, 0) == 0 && fstat(fd, &info) == 0 && info.st_size == 0;
}

/* Only what belongs to the folder's owner: another's file may have been linked here for us to destroy. */
static void empty_named(int folder, const char *name, uid_t owner) {
  int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return;
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == owner) empty(fd);
  close(fd);
}

struct clearing {
  int top;
  uid_t owner;
  int64_t until;
  unsigned moved;
};

static bool clear_pass(struct clearing *clearing, int folder);

/* Folders are emptied into the top one, so that depth costs neither descriptors nor stack. */
static void clear_entry(struct clearing *clearing, int folder, const char *name) {
  empty_named(folder, name, clearing->owner);
  if (unlinkat(folder, name, 0) == 0 || unlinkat(folder, name, AT_REMOVEDIR) == 0) return;
  if (folder != clearing->top) {
    char other[DECIMAL_SIZE];
    renameat(folder, name, clearing->top, decimal(clearing->moved++, other));
    return;
  }
  /* As root there is no need, and the name may be a link by now. */
  if (geteuid() != 0) fchmodat(folder, name, 0700, 0);
  int inner = openat(folder, name, LOOK_INTO);
  if (inner < 0) return;
  clear_pass(clearing, inner);
  close(inner);
  unlinkat(folder, name, AT_REMOVEDIR);
}

/* Answers whether there was nothing in it. */
static bool clear_pass(struct clearing *clearing, int folder) {
  bool empty = true;
  _Alignas(8) char buffer[1024];
  lseek(folder, 0, SEEK_SET);
  for (long got; (got = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < got;) {
      const struct directory_entry *entry = (const void *)(buffer + at);
      at += entry->length;
      if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) continue;
      empty = false;
      if (now_ms() > clearing->until) return false;
      clear_entry(clearing, folder, entry->name);
    }
  }
  return empty;
}

bool run_folder_remove(const struct run_folder *run, const char *name) {
  struct stat info;
  if (fstat(run->folder, &info) != 0) return false;
  struct clearing clearing = {.top = run->folder, .owner = info.st_uid, .until = now_ms() + LONGEST_CLEARING_MS};
  if (geteuid() != 0) fchmod(run->folder, 0700);
  bool empty = false;
  while (!empty && now_ms() <= clearing.until) empty = clear_pass(&clearing, run->folder);
  unlinkat(run->base, name, AT_REMOVEDIR);
  bool absent = fstatat(run->base, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
  return empty && absent && !is_linked(run->folder);
}

/* A lost monitor's lock may have been taken over by what it stood over. */
static bool remove_left(int base, const char *name, bool unless_locked) {
  struct run_folder run = {.base = base, .folder = openat(base, name, LOOK_INTO)};
  if (run.folder < 0) return errno == ENOENT;
  bool locked = flock(run.folder, LOCK_EX | LOCK_NB) != 0;
  bool gone = !(locked && unless_locked) && run_folder_remove(&run, name);
  close(run.folder);
  return gone;
}

bool run_folder_remove_lost(const char *name) {
  bool gone = true;
  for (int place = 0; place < PLACES; place++) {
    int base = open_place(place, false);
    if (base < 0) continue;
    gone &= remove_left(base, name, false);
    close(base);
  }
  return gone;
}

bool run_folder_find(const char *name, char path[LONGEST_SECRET_PATH]) {
  bool found = false;
  for (int place = 0; place < PLACES && !found; place++) {
    struct stat info;
    int base = open_place(place, false);
    if (base < 0) continue;
    found = fstatat(base, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    close(base);
    join(path, LONGEST_SECRET_PATH, parents[place], "/", place_name(place), "/", name, NULL);
  }
  return found;
}

/* Calls for each name in a folder that is ours alone. */
static void each_run(int base, void (*call)(int base, const char *name, void *context), void *context) {
  _Alignas(8) char buffer[1024];
  for (long got; (got = syscall(SYS_getdents64, base, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < got;) {
      const struct directory_entry *entry = (const void *)(buffer + at);
      at += entry->length;
      if (entry->name[0] != '.') call(base, entry->name, context);
    }
  }
}

static void sweep_one(int base, const char *name, void *context) {
  (void)context;
  remove_left(base, name, true);
}

void run_folders_sweep(void) {
  for (int place = 0; place < PLACES; place++) {
    int base = open_place(place, false);
    if (base < 0) continue;
    each_run(base, sweep_one, NULL);
    close(base);
  }
}

struct look {
  struct record_writer *writer;
  int place;
  uint32_t left, used;
};

static void look_at(int base, const char *name, void *context) {
  struct look *look = context;
  int folder = openat(base, name, LOOK_INTO);
  bool used = folder >= 0 && flock(folder, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (folder >= 0) close(folder);
  if (used) look->used++;
  if (used || look->left++ >= MOST_TOLD) return;
  char path[LONGEST_SECRET_PATH];
  join(path, sizeof path, parents[look->place], "/", place_name(look->place), "/", name, NULL);
  record_text(look->writer, 2, path);
}

void run_folders_look(struct record_writer *writer) {
  struct look look = {.writer = writer};
  for (look.place = 0; look.place < PLACES; look.place++) {
    char path[LONGEST_SECRET_PATH];
    join(path, sizeof path, parents[look.place], "/", place_name(look.place), NULL);
    record_text(writer, 1, path);
    int base = open_place(look.place, false);
    if (base < 0) continue;
    each_run(base, look_at, &look);
    close(base);
  }
  record_u32(writer, 3, look.left);
  record_u32(writer, 4, look.used);
}

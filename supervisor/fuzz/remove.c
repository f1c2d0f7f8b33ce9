/* file-remove, in a tree that somebody changes under it. Each byte of the input says what is done right before one of
   its system calls: the very name that it is about to use may become a link to a folder elsewhere, a folder for that
   link, or another name. Nothing elsewhere is ever touched. */
#include <setjmp.h>

#include "file_change.c" /* whose trail begins anew each time */
#include "fuzz.h"

static jmp_buf failed;
static const uint8_t *plan;
static size_t plan_left;
static int place = -1, deepest = -1;
static char folder_of_all[] = "/tmp/anyon-fuzz-XXXXXX", elsewhere[64];

_Noreturn void builtin_fail(int error, const char *path) {
  if (error == 0 || !path) abort();
  longjmp(failed, 1);
}

static int remove_raw(int parent, const char *name, int flags) { return (int)syscall(SYS_unlinkat, parent, name, flags); }

static int open_raw(int parent, const char *name, int flags, unsigned mode) {
  return (int)syscall(SYS_openat, parent, name, flags, mode);
}

static void meddle(int parent, const char *name) {
  if (plan_left == 0) return;
  uint8_t what = *plan++;
  plan_left--;
  if (what % 8 == 1) { /* a folder becomes a link */
    if (renameat(parent, name, place, "aside") == 0) (void)!symlinkat(elsewhere, parent, name);
  } else if (what % 8 == 2) { /* and a link a folder */
    if (remove_raw(parent, name, 0) == 0) (void)!renameat(place, "aside", parent, name);
  } else if (what % 8 == 3) {
    (void)!renameat(parent, name, parent, "renamed");
  } else if (what % 8 == 4) { /* comes back filled */
    (void)!mkdirat(parent, name, 0700);
    int fd = open_raw(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0) return;
    close(open_raw(fd, "kept", O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600));
    close(fd);
  }
}

int unlinkat(int parent, const char *name, int flags) {
  meddle(parent, name);
  return remove_raw(parent, name, flags);
}

int openat(int parent, const char *name, int flags, ...) {
  meddle(parent, name);
  int fd = open_raw(parent, name, flags, 0);
  if (fd > deepest) deepest = fd;
  return fd;
}

static void fill(int parent, const char *name, int levels) {
  if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) abort();
  int fd = open_raw(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  close(open_raw(fd, "kept", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (levels > 0) fill(fd, "folder", levels - 1);
  close(fd);
}

static void empty(int fd, const char *name) {
  struct folder folder;
  int inner = open_raw(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (inner >= 0) {
    folder_start(&folder, inner);
    for (const char *one; (one = folder_next(&folder));) empty(inner, one);
    close(inner);
  }
  if (remove_raw(fd, name, 0) != 0) remove_raw(fd, name, AT_REMOVEDIR);
}

static bool is_whole(void) {
  struct stat info;
  return fstatat(place, "elsewhere/kept", &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstatat(place, "elsewhere/folder/kept", &info, AT_SYMLINK_NOFOLLOW) == 0;
}

static void clean_up(void) { empty(AT_FDCWD, folder_of_all); }

static void find_place(void) {
  if (!mkdtemp(folder_of_all) || atexit(clean_up) != 0) abort();
  place = open_raw(AT_FDCWD, folder_of_all, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (place < 0 || fchdir(place) != 0) abort();
  snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder_of_all);
  fill(place, "elsewhere", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char path[] = "tree", recursive[] = "1";
  if (place < 0) find_place();
  fill(place, "tree", 3);
  plan = data;
  plan_left = size;
  deepest = -1;
  trail = (struct trail){0};
  if (setjmp(failed) == 0) file_remove((char *[]){path, recursive});
  plan_left = 0;
  for (int fd = place + 1; fd <= deepest; fd++) close(fd); /* of a walk that was given up */
  if (!is_whole()) abort();
  for (const char *const *left = (const char *const[]){"tree", "aside", "renamed", NULL}; *left; left++) empty(place, *left);
  return 0;
}

static const struct seed seeds[] = {
    SEED("\0\0\1"), SEED("\0\0\0\0\1"), SEED("\0\1\0\2\0\3\0\4"), SEED("\0\0\0\0\0\1\0\2\0\0\4\0\0\0\3\0\0\0"), SEED("\1\2\1\2\1\2"),
};

FUZZ_MAIN(seeds)

/* file-list PATH RECURSIVE: what is in a folder. file-stat PATH FOLLOW: one entry, under the name it was asked for by. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builtin.h"
#include "folder.h"
#include "frame.h"

enum entry_tag { TAG_NAME = 1, TAG_TARGET = 2, TAG_UNREADABLE = 3, TAG_FACTS = 4 };

static uint8_t type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return 'f';
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    case S_IFCHR: return 'c';
    default: return 'b';
  }
}

static void put_entry(int parent, const char *name, const char *shown, const struct stat *info, int unreadable) {
  uint8_t facts[31];
  facts[0] = type_of(info->st_mode);
  put_u16(facts + 1, info->st_mode & 07777);
  put_u32(facts + 3, info->st_uid);
  put_u32(facts + 7, info->st_gid);
  put_u64(facts + 11, (uint64_t)info->st_size);
  put_u64(facts + 19, (uint64_t)info->st_mtim.tv_sec);
  put_u32(facts + 27, (uint32_t)info->st_mtim.tv_nsec);
  builtin_put(TAG_NAME, shown, strlen(shown));
  if (facts[0] == 'l') {
    char target[PATH_MAX];
    ssize_t length = readlinkat(parent, name, target, sizeof target);
    if (length >= 0) builtin_put(TAG_TARGET, target, (size_t)length);
  }
  if (unreadable) {
    uint8_t error[4];
    put_u32(error, (uint32_t)unreadable);
    builtin_put(TAG_UNREADABLE, error, sizeof error);
  }
  builtin_put(TAG_FACTS, facts, sizeof facts);
}

static struct trail trail;

static void list(int fd, bool recursive) {
  struct folder folder;
  folder_start(&folder, fd);
  for (const char *name; (name = folder_next(&folder));) {
    struct stat info;
    if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue; /* gone meanwhile */
    size_t here = trail_enter(&trail, name);
    int below = recursive && S_ISDIR(info.st_mode) ? folder_open(fd, name) : -1;
    int unreadable = recursive && S_ISDIR(info.st_mode) && below < 0 ? errno : 0;
    put_entry(fd, name, trail.path, &info, unreadable);
    if (below >= 0) {
      list(below, recursive);
      close(below);
    }
    trail_leave(&trail, here);
  }
  if (errno != 0) builtin_fail(errno, trail.path);
}

void file_list(char **arguments) {
  int fd = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) builtin_fail(errno, arguments[0]);
  list(fd, builtin_number(arguments[1]) != 0);
}

void file_stat(char **arguments) {
  struct stat info;
  int flags = builtin_number(arguments[1]) ? 0 : AT_SYMLINK_NOFOLLOW;
  if (fstatat(AT_FDCWD, arguments[0], &info, flags) != 0) builtin_fail(errno, arguments[0]);
  put_entry(AT_FDCWD, arguments[0], arguments[0], &info, 0);
}

/* passwd and group files, and the names that are looked up in them. The first line of the input is the name, the
   rest is both files. */
#include "users.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"
#include "fuzz.h"

static int database = -1;

/* In place of the real one, which users.c would call. */
int open_regular(const char *path) {
  (void)path;
  lseek(database, 0, SEEK_SET);
  return dup(database);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct identity identity;
  const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
  size_t name_length = newline ? (size_t)(newline - data) : 0;
  char *name = malloc(name_length + 1);
  if (!name) return 0;
  memcpy(name, data, name_length);
  name[name_length] = 0;
  if (database < 0) database = memfd_create("database", MFD_CLOEXEC);
  if (ftruncate(database, 0) != 0) abort();
  if (newline && pwrite(database, newline + 1, size - name_length - 1, 0) < 0) abort();
  if (identity_find(name, &identity) == USER_OK) {
    if (identity.group_count == 0 || identity.group_count > MOST_GROUPS) abort();
    if (identity.home[0] != '/' || strnlen(identity.home, LONGEST_HOME) == LONGEST_HOME) abort();
    if (strnlen(identity.name, LONGEST_NAME) == LONGEST_NAME) abort();
    if (identity.uid == (uid_t)-1 || identity.gid == (gid_t)-1) abort();
  }
  free(name);
  return 0;
}

static const struct seed seeds[] = {
    SEED("user\nroot:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:,,,:/home/user:/bin/sh\naudio:x:29:user,root\n"),
    SEED("1000:29\nuser:x:1000:1000::/:\n:::\n::::::\naudio:x:29:\n"),
    SEED("user:audio\nuser:x:4294967295:-1:::\nuser:x:1:2\naudio:x:29:user\nvideo:x:30:user,\n"),
    SEED("\n"),
};

FUZZ_MAIN(seeds)

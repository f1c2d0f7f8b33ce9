#include "install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "text.h"

static int complain(const char *what) {
  say(2, "anyon-supervisor: install: ", what, ": ", strerror(errno), NULL);
  return 1;
}

static bool copy(int from, int to) {
  static char buffer[64 << 10];
  for (;;) {
    ssize_t got = read(from, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    if (!write_all(to, buffer, (size_t)got)) return false;
  }
}

int install_main(const char *folder) {
  char temporary[40], pid[DECIMAL_SIZE];
  join(temporary, sizeof temporary, ".supervisor-", decimal((unsigned long)getpid(), pid), NULL);
  int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (own < 0) return complain("/proc/self/exe");
  int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return complain(folder);
  unlinkat(directory, temporary, 0);
  int file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return complain(folder);
  bool done = copy(own, file) && fchmod(file, 0555) == 0 && fsync(file) == 0 &&
              renameat(directory, temporary, directory, "supervisor") == 0;
  if (done) return 0;
  int error = errno;
  unlinkat(directory, temporary, 0);
  errno = error;
  return complain(folder);
}

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "text.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum { FLAGS = O_RDWR | O_NOCTTY | O_CLOEXEC };

/* C libraries do not agree on the type of a request. */
static int control(int fd, unsigned request, uintptr_t argument) {
  return (int)syscall(SYS_ioctl, fd, request, argument);
}

/* An image may keep anything under these names: opening must not wait, and what was opened must have a number. */
static int open_ours(int *number) {
  static const char *const paths[] = {"/dev/ptmx", "/dev/pts/ptmx"};
  int unlocked = 0, error = ENOENT;
  for (int i = 0; i < 2; i++) {
    int fd = open(paths[i], FLAGS | O_NONBLOCK);
    if (fd >= 0 && control(fd, TIOCGPTN, (uintptr_t)number) == 0 &&
        control(fd, TIOCSPTLCK, (uintptr_t)&unlocked) == 0) {
      return fd;
    }
    if (i == 0 || errno != ENOENT) error = errno;
    if (fd >= 0) close(fd);
  }
  errno = error;
  return -1;
}

/* By the other end itself, since a name may lead elsewhere; by its name on kernels before 4.13. */
static int open_commands(int ours, int number) {
  int fd = control(ours, TIOCGPTPEER, FLAGS);
  if (fd >= 0 || (errno != EINVAL && errno != ENOTTY)) return fd;
  char path[32], digits[DECIMAL_SIZE];
  join(path, sizeof path, "/dev/pts/", decimal((unsigned)number, digits), NULL);
  fd = open(path, FLAGS | O_NONBLOCK);
  if (fd >= 0) fcntl(fd, F_SETFL, O_RDWR);
  return fd;
}

/* So that a backspace takes back whole characters. */
static void expect_utf8(int fd) {
  struct termios modes;
  if (tcgetattr(fd, &modes) != 0) return;
  modes.c_iflag |= IUTF8;
  tcsetattr(fd, TCSANOW, &modes);
}

bool terminal_open(int *ours, int *commands, uint16_t columns, uint16_t rows) {
  int number;
  *ours = open_ours(&number);
  if (*ours < 0) return false;
  terminal_resize(*ours, columns, rows);
  *commands = open_commands(*ours, number);
  if (*commands < 0) return false;
  expect_utf8(*commands);
  return true;
}

void terminal_resize(int ours, uint16_t columns, uint16_t rows) {
  struct winsize size = {.ws_col = columns, .ws_row = rows};
  ioctl(ours, TIOCSWINSZ, &size);
}

/* FIONREAD does not count what has not come through to this end yet; this waits for it. */
bool terminal_has_output(int ours) {
  struct pollfd poll_ours = {.fd = ours, .events = POLLIN};
  return poll(&poll_ours, 1, 0) > 0 && (poll_ours.revents & POLLIN);
}

size_t terminal_end_of_file(int ours, bool in_line, uint8_t typed[LONGEST_END_OF_FILE]) {
  struct termios modes;
  if (tcgetattr(ours, &modes) != 0 || modes.c_cc[VEOF] == _POSIX_VDISABLE) return 0;
  /* In the middle of a line the first one only sends that off. */
  size_t count = in_line && (modes.c_lflag & ICANON) ? 2 : 1;
  for (size_t i = 0; i < count; i++) typed[i] = modes.c_cc[VEOF];
  return count;
}

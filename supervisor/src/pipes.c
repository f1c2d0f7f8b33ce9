#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "frame.h"
#include "terminal.h"

enum { SIZE_USUAL = 64 << 10, SIZE_LARGE = 1 << 20, SIZE_LARGER = 256 << 10 };

uint32_t pipe_enlarge(int fd) {
  int size = fcntl(fd, F_SETPIPE_SZ, SIZE_LARGE);
  if (size < 0) size = fcntl(fd, F_SETPIPE_SZ, SIZE_LARGER);
  return size < 0 ? 0 : (uint32_t)size;
}

void pipe_restore(int fd) { fcntl(fd, F_SETPIPE_SZ, SIZE_USUAL); }

static int duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 3); }

/* In the place of stdin, stdout and stderr. */
static bool open_terminal(struct pipes *pipes, const struct request *request) {
  int *ours = &pipes->outputs[0][0], *commands = &pipes->in[0];
  return terminal_open(ours, commands, request->columns, request->rows) &&
         (pipes->in[1] = duplicate(*ours)) >= 0 && (pipes->outputs[0][1] = duplicate(*commands)) >= 0 &&
         (pipes->outputs[1][1] = duplicate(*commands)) >= 0;
}

static bool open_output(int pair[2]) { return pipe2(pair, O_CLOEXEC) == 0 && set_nonblocking(pair[0]); }

static bool open_rest(struct pipes *pipes, const struct request *request) {
  bool with_stdin = request->flags & SPAWN_STDIN;
  if ((request->flags & SPAWN_THIRD && !open_output(pipes->outputs[2])) ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pipes->control) != 0) {
    return false;
  }
  if (request->columns) return true;
  if (pipe2(pipes->in, O_CLOEXEC) != 0 || !open_output(pipes->outputs[0]) || !open_output(pipes->outputs[1])) {
    return false;
  }
  /* Without stdin: a pipe that nobody writes to, since an image need not have a /dev/null. */
  if (!with_stdin) {
    close(pipes->in[1]);
    pipes->in[1] = -1;
  }
  return !with_stdin || set_nonblocking(pipes->in[1]);
}

int pipes_open(struct pipes *pipes, const struct request *request) {
  memset(pipes, 0xff, sizeof *pipes); /* -1 everywhere */
  if (request->columns && !open_terminal(pipes, request)) return STAGE_TERMINAL;
  return open_rest(pipes, request) ? 0 : STAGE_FORK;
}

static void close_pair(int pair[2]) {
  for (int end = 0; end < 2; end++) {
    if (pair[end] >= 0) close(pair[end]);
    pair[end] = -1;
  }
}

void pipes_close(struct pipes *pipes) {
  int error = errno;
  close_pair(pipes->in);
  for (int i = 0; i < OUTPUTS; i++) close_pair(pipes->outputs[i]);
  close_pair(pipes->control);
  errno = error;
}

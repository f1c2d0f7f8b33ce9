#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "handover.h"
#include "serve.h"
#include "text.h"

enum { NOBODY_ANSWERS = 3, REFUSED = 4, TRIES = 20, LONGEST_WAIT_S = 2 };
enum { NOBODY = -1, ANOTHERS = -2, BUSY = -3 };

/* A socket, or: nobody listens; somebody does who is not ours; whoever does lets nobody in. */
static int reach(void) {
  struct sockaddr_un address;
  socklen_t size = handover_address(&address);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return NOBODY;
  /* Whoever has taken the name may let everybody wait. */
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = LONGEST_WAIT_S}, sizeof(struct timeval));
  if (connect(fd, (struct sockaddr *)&address, size) != 0) {
    int found = errno == EAGAIN ? BUSY : NOBODY;
    return close(fd), found;
  }
  pid_t peer = handover_peer(fd);
  if (peer <= 0) return close(fd), ANOTHERS;
  /* Root may have stopped it. */
  kill(peer, SIGCONT);
  return fd;
}

/* true when the supervisor has taken stdin and stdout. It may end just now, which closes the socket instead. */
static bool hand_over(int socket) {
  int fds[2] = {0, 1};
  char byte = HANDOVER_OFFER;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof fds)];
  } control;
  struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_iov = &bytes,
                           .msg_iovlen = 1,
                           .msg_control = control.room,
                           .msg_controllen = sizeof control.room};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  memcpy(CMSG_DATA(header), fds, sizeof fds);
  if (sendmsg(socket, &message, MSG_NOSIGNAL) != 1) return false;
  ssize_t got;
  while ((got = recv(socket, &byte, 1, 0)) < 0 && errno == EINTR) {}
  return got == 1 && byte == HANDOVER_TAKEN;
}

/* The connection's end closes the socket. Our own copies go first, so that the streams end with it. */
static void wait_for_end(int socket) {
  close(0);
  close(1);
  char byte;
  for (;;) {
    ssize_t got = recv(socket, &byte, 1, 0);
    if (got == 0 || (got < 0 && errno != EINTR)) return;
  }
}

/* Nothing of this exec stays with the supervisor that it leaves behind: session, folder, descriptors. */
static _Noreturn void become_daemon(int ready) {
  for (int fd = 0; fd < 3; fd++) close(fd);
  if (!fill_standard_descriptors() || chdir("/") != 0) _exit(1);
  if (dup2(ready, 3) < 0) _exit(1);
  close_from(4);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  umask(022);
  _exit(serve_beside(3));
}

/* Starts one beside the container's main process, and waits until it or another one listens. */
static bool start_daemon(void) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return false;
  pid_t first = fork();
  if (first == 0) {
    setsid();
    pid_t second = fork();
    if (second == 0) become_daemon(ready[1]);
    _exit(second < 0);
  }
  close(ready[1]);
  int status = 1;
  if (first > 0) waitpid(first, &status, 0);
  char byte;
  if (status == 0) (void)!read(ready[0], &byte, 1);
  close(ready[0]);
  return status == 0;
}

static int complain(const char *what, int code) {
  say(2, "anyon-supervisor: ", what, NULL);
  return code;
}

int connect_main(bool start) {
  /* What the host says goes past here. */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  for (int try = 0; try < TRIES; try++) {
    int socket = reach();
    if (socket == ANOTHERS) return complain("its socket belongs to another user", REFUSED);
    if (socket == BUSY) return complain("whoever has its socket lets nobody in", REFUSED);
    if (socket >= 0) {
      if (hand_over(socket)) return wait_for_end(socket), 0;
      close(socket);
      if (!start) return complain("the supervisor refused the connection", REFUSED);
    } else if (!start) {
      return complain("no supervisor runs in this container", NOBODY_ANSWERS);
    } else if (!start_daemon()) {
      return complain(strerror(errno), REFUSED);
    }
    /* Two starters at once: one wins, and the other finds it at the next try. */
    if (try > 1) poll(NULL, 0, 10);
  }
  return complain("no supervisor could be reached", NOBODY_ANSWERS);
}

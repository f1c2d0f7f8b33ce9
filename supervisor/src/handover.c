#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "loop.h"
#include "proc.h"
#include "text.h"

enum { BACKLOG = 64, MOST_WAITING = 64, MOST_CONNECTIONS = 1024, VISITORS_A_ROUND = 16 };

/* Somebody who has connected and not yet handed anything over. */
struct visitor {
  struct source source;
};

static struct source listener = {.fd = -1};
static unsigned visitors;
static enum mode mode_of_listener;
static int spare = -1; /* a descriptor to turn a visitor away with when there is no other */

socklen_t handover_address(struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  char *name = address->sun_path + 1, number[DECIMAL_SIZE];
  join(name, sizeof address->sun_path - 1, "anyon-supervisor-", decimal(pid_namespace(), number), NULL);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

pid_t handover_peer(int socket) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return 0;
  /* One of another container, on the same network, has no pid here. */
  return peer.uid == geteuid() ? peer.pid : 0;
}

static void dismiss(struct visitor *visitor) {
  loop_close(&visitor->source);
  loop_free_later(visitor);
  visitors--;
}

/* Two descriptors, and no third one that would stay open unseen. */
static bool receive(int socket, int fds[2]) {
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(2 * sizeof(int))];
  } control;
  char byte;
  struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &bytes,
                           .msg_iovlen = 1,
                           .msg_control = control.room,
                           .msg_controllen = sizeof control.room};
  ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  struct cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return false;
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  int received[2] = {-1, -1};
  memcpy(received, CMSG_DATA(header), (count < 2 ? count : 2) * sizeof(int));
  if (count == 2 && byte == HANDOVER_OFFER) {
    memcpy(fds, received, sizeof received);
    return true;
  }
  for (int i = 0; i < 2; i++) {
    if (received[i] >= 0) close(received[i]);
  }
  return false;
}

static void on_visitor(struct source *source, uint32_t events) {
  struct visitor *visitor = CONTAINER(source, struct visitor, source);
  (void)events;
  int fds[2];
  if (!receive(source->fd, fds)) return dismiss(visitor);
  int link = connections_open() < MOST_CONNECTIONS ? dup(source->fd) : -1;
  char taken = HANDOVER_TAKEN;
  bool told = link >= 0 && send(link, &taken, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
  dismiss(visitor);
  if (told && connection_open(fds[0], fds[1], link, mode_of_listener)) return;
  close(fds[0]);
  close(fds[1]);
  if (link >= 0) close(link);
}

/* Without a descriptor nobody can be let in; left waiting, they would wake us for ever. */
static bool turn_away(int listening) {
  if ((errno != EMFILE && errno != ENFILE) || spare < 0) return false;
  close(spare);
  int socket = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
  if (socket >= 0) close(socket);
  spare = fcntl(listening, F_DUPFD_CLOEXEC, 0);
  return socket >= 0;
}

/* Some at a time: anybody may knock, and for as long as somebody does, there is more to do than this. */
static void on_listener(struct source *source, uint32_t events) {
  (void)events;
  for (int i = 0; i < VISITORS_A_ROUND; i++) {
    int socket = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0 && errno != EINTR && !turn_away(source->fd)) return;
    if (socket < 0) continue;
    struct visitor *visitor = NULL;
    if (handover_peer(socket) > 0 && visitors < MOST_WAITING) visitor = calloc(1, sizeof *visitor);
    if (visitor) visitor->source = (struct source){.fd = socket, .on_ready = on_visitor};
    if (visitor && loop_add(&visitor->source, EPOLLIN)) {
      visitors++;
      continue;
    }
    free(visitor);
    close(socket);
  }
}

static void stop(void) {
  loop_close(&listener);
  if (spare >= 0) close(spare);
  spare = -1;
}

bool handover_listen(void) {
  struct sockaddr_un address;
  socklen_t size = handover_address(&address);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  listener = (struct source){.fd = fd, .on_ready = on_listener};
  spare = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  mode_of_listener = getpid() == 1 ? MODE_INIT : MODE_BESIDE;
  if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0 &&
      loop_add(&listener, EPOLLIN)) {
    return true;
  }
  int error = errno;
  stop();
  errno = error;
  return false;
}

bool handover_listens(void) { return mode_of_listener != 0; }

void handover_stop(void) {
  if (listener.fd >= 0) on_listener(&listener, EPOLLIN);
  if (visitors == 0) stop();
}

unsigned handover_waiting(void) { return visitors; }

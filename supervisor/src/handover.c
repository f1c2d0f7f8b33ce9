#include "handover.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "loop.h"
#include "proc.h"
#include "text.h"

enum { BACKLOG = 64, MOST_WAITING = 64 };

/* Somebody who has connected and not yet handed anything over. */
struct visitor {
  struct source source;
};

static struct source listener = {.fd = -1};
static unsigned visitors;
static enum mode mode_of_listener;

socklen_t handover_address(struct sockaddr_un *address) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  char *name = address->sun_path + 1, number[DECIMAL_SIZE];
  join(name, sizeof address->sun_path - 1, "anyon-supervisor-", decimal(pid_namespace(), number), NULL);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

bool handover_peer_is_ours(int socket) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  /* One of another container, on the same network, has no pid here. */
  return peer.pid > 0 && peer.uid == geteuid();
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
  int link = dup(source->fd);
  char taken = HANDOVER_TAKEN;
  bool told = link >= 0 && send(link, &taken, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
  dismiss(visitor);
  if (told && connection_open(fds[0], fds[1], link, mode_of_listener)) return;
  close(fds[0]);
  close(fds[1]);
  if (link >= 0) close(link);
}

static void on_listener(struct source *source, uint32_t events) {
  (void)events;
  for (;;) {
    int socket = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0 && errno == EINTR) continue;
    if (socket < 0) return;
    struct visitor *visitor = NULL;
    if (handover_peer_is_ours(socket) && visitors < MOST_WAITING) visitor = calloc(1, sizeof *visitor);
    if (visitor) visitor->source = (struct source){.fd = socket, .on_ready = on_visitor};
    if (visitor && loop_add(&visitor->source, EPOLLIN)) {
      visitors++;
      continue;
    }
    free(visitor);
    close(socket);
  }
}

bool handover_listen(void) {
  struct sockaddr_un address;
  socklen_t size = handover_address(&address);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  listener = (struct source){.fd = fd, .on_ready = on_listener};
  mode_of_listener = getpid() == 1 ? MODE_INIT : MODE_BESIDE;
  if (bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, BACKLOG) == 0 &&
      loop_add(&listener, EPOLLIN)) {
    return true;
  }
  int error = errno;
  loop_close(&listener);
  errno = error;
  return false;
}

void handover_stop(void) {
  if (listener.fd >= 0) on_listener(&listener, EPOLLIN);
  if (visitors == 0) loop_close(&listener);
}

unsigned handover_waiting(void) { return visitors; }

#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EVENTS_A_ROUND = 64, PAUSE_CHECK_MS = 1000 };

/* Memory set aside is chained through its own first word. */
struct set_aside {
  struct set_aside *next;
};

static int epoll_fd = -1;
static bool again;
static int64_t wake_at = NEVER;
static bool notice_pauses;
static struct set_aside *to_free;
static sigset_t mask_while_waiting;
static volatile sig_atomic_t children_changed;
static volatile sig_atomic_t end_requested;

bool loop_open(void) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  return epoll_fd >= 0;
}

bool loop_add(struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.ptr = source}};
  return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

void loop_change(const struct source *source, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.ptr = (void *)(uintptr_t)source}};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, source->fd, &event);
}

void loop_close(struct source *source) {
  if (source->fd < 0) return;
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
  close(source->fd);
  source->fd = -1;
}

void loop_free_later(void *memory) {
  if (!memory) return;
  struct set_aside *entry = memory;
  entry->next = to_free;
  to_free = entry;
}

void loop_again(void) { again = true; }

void loop_wake_at(int64_t at_ms) {
  if (at_ms < wake_at) wake_at = at_ms;
}

void loop_notice_pauses(void) { notice_pauses = true; }

static int time_to_wait(void) {
  if (again || children_changed) return 0;
  if (wake_at == NEVER) return notice_pauses ? PAUSE_CHECK_MS : -1;
  int64_t left = wake_at - now_ms();
  if (left < 0) return 0;
  return left > CLOCK_STEP_MS ? CLOCK_STEP_MS : (int)left;
}

void loop_round(void) {
  struct epoll_event events[EVENTS_A_ROUND];
  int timeout = time_to_wait();
  again = notice_pauses = false;
  wake_at = NEVER;
  int count = epoll_pwait(epoll_fd, events, EVENTS_A_ROUND, timeout, &mask_while_waiting);
  clock_waited(timeout);
  for (int i = 0; i < count; i++) {
    struct source *source = events[i].data.ptr;
    if (source->fd >= 0) source->on_ready(source, events[i].events);
  }
  while (to_free) {
    struct set_aside *next = to_free->next;
    free(to_free);
    to_free = next;
  }
}

bool loop_children_changed(void) {
  bool changed = children_changed;
  children_changed = 0;
  return changed;
}

bool loop_end_requested(void) { return end_requested; }

static void on_signal(int signal) {
  if (signal == SIGCHLD) children_changed = 1;
  if (signal == SIGTERM) end_requested = 1;
}

static void set(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(signal, &action, NULL);
}

/* What whoever started us ignored must not reach a command; the C library keeps some for itself. */
static void set_defaults(void) {
  static const unsigned char default_action[64];
  for (int signal = 1; signal <= 64; signal++) syscall(SYS_rt_sigaction, signal, default_action, NULL, 8);
}

void signals_set_up(void) {
  set_defaults();
  set(SIGPIPE, SIG_IGN);
  set(SIGHUP, SIG_IGN);
  set(SIGINT, SIG_IGN);
  set(SIGQUIT, SIG_IGN);
  set(SIGCHLD, on_signal);
  set(SIGTERM, on_signal);
  sigset_t blocked;
  sigemptyset(&mask_while_waiting);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
}

void signals_reset_for_command(void) {
  set(SIGPIPE, SIG_DFL);
  set(SIGHUP, SIG_DFL);
  set(SIGINT, SIG_DFL);
  set(SIGQUIT, SIG_DFL);
  set(SIGCHLD, SIG_DFL);
  set(SIGTERM, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "frame.h"
#include "loop.h"
#include "oom.h"
#include "record.h"
#include "secrets.h"
#include "tree.h"

enum { CONTROL = COMMAND_FDS };

struct monitor {
  pid_t command;
  int control; /* -1 when the supervisor is gone or has nothing more to say */
  bool keep, terminal;
  bool ended;   /* the command itself */
  bool killing; /* since a signal of ours */
  int64_t kill_at;
  struct report report;
};

static uint64_t realtime_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static uint64_t microseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000U + (uint64_t)time.tv_usec;
}

static void send_report(struct monitor *monitor) {
  if (monitor->control < 0) return;
  while (send(CONTROL, &monitor->report, sizeof monitor->report, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

static void note_end(struct monitor *monitor, int status, const struct rusage *usage) {
  struct report *report = &monitor->report;
  monitor->ended = true;
  report->has_status = true;
  report->status = (uint32_t)status;
  report->finished_ns = realtime_ns();
  report->user_us = microseconds(usage->ru_utime);
  report->system_us = microseconds(usage->ru_stime);
  report->peak_bytes = (uint64_t)usage->ru_maxrss * 1024;
}

/* false when no child is left, which is the proof that no descendant is. */
static bool reap(void *context) {
  struct monitor *monitor = context;
  for (;;) {
    int status;
    struct rusage usage;
    pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
    if (pid == 0) return true;
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;
    if (pid == monitor->command) {
      tree_remember(0);
      note_end(monitor, status, &usage);
    }
    if (pid != monitor->command || monitor->report.cause) monitor->report.killed += monitor->killing;
  }
}

static _Noreturn void finish(struct monitor *monitor, bool verified) {
  struct report *report = &monitor->report;
  report->kind = REPORT_EXITED;
  report->verified = verified;
  /* After the tree, which could copy or keep open what it still sees. */
  report->secrets = (uint8_t)secrets_destroy();
  if (report->secrets == SECRETS_GONE && !verified) report->secrets = SECRETS_LEFT;
  if (!verified) report->survivor_count = (uint32_t)tree_survivors(report->survivors, MOST_SURVIVORS);
  send_report(monitor);
  if (verified) _exit(0);
  close(CONTROL);
  /* What cannot be killed now is reaped whenever it ends. */
  while (reap(monitor)) wait_for_child(3600 * 1000);
  _exit(0);
}

/* What the command leaves is wanted: it stays below this process, which only waits for it to end. */
static _Noreturn void keep_descendants(struct monitor *monitor) {
  monitor->report.kind = REPORT_EXITED;
  send_report(monitor);
  close(CONTROL);
  while (reap(monitor)) wait_for_child(3600 * 1000);
  _exit(0);
}

static _Noreturn void kill_all(struct monitor *monitor) {
  monitor->killing = true;
  finish(monitor, tree_kill(reap, monitor));
}

/* The first cause wins, and it is ours only where our signal meets a living command. */
static void begin_end(struct monitor *monitor, int signal, uint32_t grace_ms, uint8_t cause) {
  struct report *report = &monitor->report;
  if (!reap(monitor)) return;
  if (!monitor->ended && !report->cause) {
    report->cause = cause;
  } else if (report->cause != cause && !report->requested) {
    report->requested = cause;
  }
  monitor->killing = true;
  int64_t kill_at = now_ms() + grace_ms;
  if (signal == SIGKILL) kill_at = 0;
  if (kill_at < monitor->kill_at) monitor->kill_at = kill_at;
  if (monitor->kill_at <= now_ms()) return;
  /* As when a terminal is hung up: interactive shells ignore SIGTERM. */
  if (monitor->terminal && signal == SIGTERM && !monitor->ended) kill(monitor->command, SIGHUP);
  tree_signal(signal);
}

static void lost(struct monitor *monitor) {
  monitor->control = -1;
  begin_end(monitor, SIGTERM, GRACE_WHEN_LOST_MS, CAUSE_CONNECTION_LOST);
}

static void tell_of_secrets(struct monitor *monitor, bool answers, int error, uint64_t expired) {
  struct report kept = monitor->report;
  monitor->report.kind = REPORT_SECRETS;
  monitor->report.answers_secret = answers;
  monitor->report.error = (uint32_t)error;
  monitor->report.expired = expired;
  send_report(monitor);
  monitor->report = kept;
}

static void replace_secret(struct monitor *monitor, struct field field) {
  int error = secrets_replace(&field);
  explicit_bzero(field.bytes, field.length);
  tell_of_secrets(monitor, true, error, 0);
}

static void expire_secrets(struct monitor *monitor) {
  uint64_t expired = secrets_expire();
  if (expired) tell_of_secrets(monitor, false, 0, expired);
}

/* What follows an order goes to `room`, whose length is then what has come. */
static ssize_t receive(const struct monitor *monitor, struct order *order, struct field *room) {
  struct iovec parts[] = {{order, sizeof *order}, {room->bytes, room->length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  ssize_t got = recvmsg(monitor->control, &message, MSG_DONTWAIT);
  room->length = got > (ssize_t)sizeof *order ? (uint32_t)((size_t)got - sizeof *order) : 0;
  return got;
}

static void take_orders(struct monitor *monitor) {
  static uint8_t body[FRAME_LONGEST_SECRET];
  while (monitor->control >= 0) {
    struct order order;
    struct field secret = {.bytes = body, .length = sizeof body};
    ssize_t got = receive(monitor, &order, &secret);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got < (ssize_t)sizeof order) return lost(monitor);
    if (order.kind == ORDER_SECRET) {
      replace_secret(monitor, secret);
      continue;
    }
    monitor->report.answers_kill |= order.cause != CAUSE_CONNECTION_LOST && order.cause != CAUSE_SUPERVISOR_ENDED;
    begin_end(monitor, (int)order.signal, order.grace_ms, (uint8_t)order.cause);
  }
}

/* Until the next order, end of a child or deadline. */
static void wait_for_news(const struct monitor *monitor) {
  /* A grace stands still in a pause of the container, and so is waited for in steps; the life of a secret is not. */
  bool steps = monitor->kill_at != NEVER;
  int64_t at = monitor->kill_at, left = 0;
  if (secrets_expire_at() < at) at = secrets_expire_at();
  struct timespec time, *timeout = NULL;
  if (at != NEVER) {
    left = at - now_ms();
    if (left < 0) left = 0;
    if (steps && left > CLOCK_STEP_MS) left = CLOCK_STEP_MS;
    time = (struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
    timeout = &time;
  }
  sigset_t mask;
  sigemptyset(&mask);
  struct pollfd control = {.fd = monitor->control, .events = POLLIN};
  ppoll(&control, 1, timeout, &mask);
  clock_waited(steps ? left : -1);
}

static _Noreturn void watch(struct monitor *monitor) {
  for (;;) {
    wait_for_news(monitor);
    if (!reap(monitor)) finish(monitor, true);
    if (monitor->ended && !monitor->killing) {
      if (monitor->keep) keep_descendants(monitor);
      kill_all(monitor);
    }
    take_orders(monitor);
    expire_secrets(monitor);
    if (now_ms() >= monitor->kill_at) kill_all(monitor);
  }
}

static _Noreturn void fail(struct monitor *monitor, int stage, int error) {
  monitor->report.kind = REPORT_FAILED;
  monitor->report.stage = (uint32_t)stage;
  monitor->report.error = (uint32_t)error;
  monitor->report.secrets = (uint8_t)secrets_destroy();
  send_report(monitor);
  _exit(0);
}

static bool take_descriptors(const int descriptors[COMMAND_FDS], int control) {
  /* All of them lie above 2, so that only the two highest can be in the way of each other. */
  int aside = fcntl(control, F_DUPFD, CONTROL + 1);
  for (int fd = 0; fd < COMMAND_FDS - 1; fd++) {
    if (dup2(descriptors[fd], fd) < 0) return false;
  }
  int third = descriptors[COMMAND_FDS - 1];
  /* Its place stays taken, so that nothing of ours gets it and is treated as the command's. */
  if (third < 0) third = dup3(aside, COMMAND_FDS - 1, O_CLOEXEC);
  else if (third == COMMAND_FDS - 1) fcntl(third, F_SETFD, 0);
  else if (dup2(third, COMMAND_FDS - 1) < 0) return false;
  if (aside < 0 || dup2(aside, CONTROL) < 0) return false;
  close_from(CONTROL + 1);
  return fcntl(CONTROL, F_SETFD, FD_CLOEXEC) == 0;
}

_Noreturn void monitor_run(struct request *request, const int descriptors[COMMAND_FDS], int control) {
  static struct monitor monitor;
  monitor = (struct monitor){.control = CONTROL, .kill_at = NEVER};
  if (!take_descriptors(descriptors, control)) _exit(1);
  oom_go_first(OOM_MONITOR);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  monitor.keep = request->flags & SPAWN_KEEP;
  monitor.terminal = request->columns;
  if (!request_unpack(request)) fail(&monitor, STAGE_FORK, ENOMEM);

  struct launch_failure failure;
  monitor.report.started_ns = realtime_ns();
  monitor.command = launch(request, &failure);
  /* What is in it is the command's alone by now, or nobody's. */
  explicit_bzero(request->body, request->length);
  if (monitor.command < 0) fail(&monitor, failure.stage, failure.error);
  tree_remember(monitor.command);
  close_between(0, CONTROL - 1);
  monitor.report.kind = REPORT_STARTED;
  monitor.report.pid = (uint32_t)monitor.command;
  send_report(&monitor);
  watch(&monitor);
}

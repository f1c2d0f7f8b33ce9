#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "connection.h"
#include "files.h"
#include "handover.h"
#include "launch.h"
#include "lease.h"
#include "limits.h"
#include "loop.h"
#include "oom.h"
#include "shortcut.h"
#include "table.h"
#include "text.h"

enum { IDLE_END_MS = 60 * 1000, GRACE_AT_END_MS = 200, LONGEST_END_MS = 2000 };

static bool set_up(void) {
  /* So that no command can read this process's memory, environment and descriptors, nor trace it. */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  /* A saved group of its own: who may set another's limits must have all of its groups, and one cannot have two. */
  (void)!setresgid((gid_t)-1, (gid_t)-1, getegid() + 1);
  signals_set_up();
  launch_remember_limits();
  oom_open();
  return fill_standard_descriptors() && loop_open();
}

static int complain(const char *what) {
  say(2, "anyon-supervisor: ", what, ": ", strerror(errno), NULL);
  return 1;
}

static void reap(void) {
  if (!loop_children_changed()) return;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0;) {
    if (WIFSTOPPED(status)) commands_note_stopped(pid);
    else commands_note_reaped(pid);
  }
}

static void round_of_work(void) {
  loop_round();
  reap();
  shortcut_run();
  connections_run();
  commands_sweep();
  limits_check();
}

/* Every tree is killed and, where somebody still listens, told so. */
static void end_all(enum exit_cause cause) {
  commands_kill_all(GRACE_AT_END_MS, cause);
  int64_t until = now_ms() + LONGEST_END_MS;
  while (commands_alive() > 0 && now_ms() < until) {
    loop_wake_at(until);
    round_of_work();
  }
  connections_run();
}

/* Somebody is there, or something runs. */
static bool is_used(void) { return connections_open() > 0 || commands_alive() > 0 || handover_waiting() > 0; }

int serve_init(void) {
  if (getpid() != 1) {
    errno = EINVAL;
    return complain("init must be process 1");
  }
  if (!set_up() || chdir("/") != 0) return complain("start");
  if (!handover_listen()) return complain("listen");
  shortcut_open();
  bool run_out = false;
  while (!loop_end_requested() && !(run_out = lease_is_over(is_used()))) round_of_work();
  end_all(run_out ? CAUSE_LEASE : CAUSE_SUPERVISOR_ENDED);
  return 0;
}

int serve_stdio(void) {
  int in = fcntl(0, F_DUPFD_CLOEXEC, 3);
  int out = fcntl(1, F_DUPFD_CLOEXEC, 3);
  if (in < 0 || out < 0) return complain("stdin and stdout must be open");
  close(0);
  close(1);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!set_up() || chdir("/") != 0 || !connection_open(in, out, -1, MODE_CHILD)) return complain("start");
  connections_run();
  while (connections_open() > 0 && !loop_end_requested()) round_of_work();
  end_all(CAUSE_SUPERVISOR_ENDED);
  return 0;
}

/* It leaves by itself when nobody has needed it for a while, so that a container is left as it was found. */
int serve_beside(int ready) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!set_up() || !handover_listen()) return 1;
  close(ready);
  int64_t idle_since = now_ms();
  while (!loop_end_requested()) {
    int64_t now = now_ms();
    bool used = is_used() || table_count() > 0;
    if (used) idle_since = now;
    if (!used) loop_wake_at(idle_since + IDLE_END_MS);
    if (now - idle_since >= IDLE_END_MS) {
      handover_stop();
      if (handover_waiting() == 0) return 0;
    }
    round_of_work();
  }
  end_all(CAUSE_SUPERVISOR_ENDED);
  return 0;
}

#include "tree.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "proc.h"

static pid_t found[MOST_DESCENDANTS];
static pid_t remembered;

void tree_remember(pid_t command) { remembered = command; }

static size_t find(void) {
  size_t count = descendants_find(found);
  if (count == 0 && remembered > 0) found[count++] = remembered;
  return count;
}

void tree_signal(int signal) {
  size_t count = find();
  bool wake = signal != SIGSTOP && signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU;
  for (size_t i = 0; i < count; i++) {
    kill(found[i], signal);
    if (wake) kill(found[i], SIGCONT);
  }
}

void wait_for_child(int64_t ms) {
  sigset_t mask;
  sigemptyset(&mask);
  struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  ppoll(NULL, 0, &time, &mask);
}

/* Where that is allowed, nothing that is to be killed gets the processor before us. */
static void hurry(void) {
  struct sched_param parameter = {.sched_priority = 1};
  syscall(SYS_sched_setscheduler, 0, SCHED_RR, &parameter);
}

/* What is found is reaped only after the whole pass: a dead process keeps its place under the pids limit for
   so long, which leaves a fork bomb no room to grow into. */
bool tree_kill(reaper reap, void *context) {
  enum { ROUNDS = 400, WITHOUT_PAUSE = 100, CROWD = 64 };
  hurry();
  for (int round = 0; round < ROUNDS; round++) {
    size_t count = find();
    for (size_t i = 0; i < count; i++) kill(found[i], SIGKILL);
    /* Rounds are counted, not time, since a paused container's clock goes on. */
    int64_t pause = round < WITHOUT_PAUSE ? 2 : 10;
    if (count > CROWD && round < WITHOUT_PAUSE) pause = 0;
    for (int64_t now = now_ms(), until = now + pause; now <= until; now = now_ms()) {
      if (!reap(context)) return true;
      if (now == until) break;
      wait_for_child(until - now);
    }
  }
  return !reap(context);
}

void tree_kill_strangers(bool (*ours)(pid_t child)) {
  enum { PASSES = 3 };
  for (int pass = 0; pass < PASSES; pass++) {
    size_t count = descendants_of_strangers(found, ours);
    for (size_t i = 0; i < count; i++) kill(found[i], SIGKILL);
  }
}

size_t tree_survivors(uint32_t *survivors, size_t most) {
  size_t count = find();
  if (count > most) count = most;
  for (size_t i = 0; i < count; i++) survivors[i] = (uint32_t)found[i];
  return count;
}

#include "tree.h"

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "loop.h"
#include "proc.h"

static pid_t found[MOST_DESCENDANTS];

void tree_signal(int signal) {
  size_t count = descendants_find(found);
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

/* What is found is reaped only after the whole pass: a dead process keeps its place under the pids limit for
   so long, which leaves a fork bomb no room to grow into. */
bool tree_kill(reaper reap, void *context) {
  enum { ROUNDS = 400, WITHOUT_PAUSE = 3 };
  for (int round = 0; round < ROUNDS; round++) {
    size_t count = descendants_find(found);
    for (size_t i = 0; i < count; i++) kill(found[i], SIGKILL);
    /* Rounds are counted, not time, since a paused container's clock goes on. */
    int64_t pause = round < WITHOUT_PAUSE ? 2 : 8;
    for (int64_t now = now_ms(), until = now + pause; now < until; now = now_ms()) {
      if (!reap(context)) return true;
      wait_for_child(until - now);
    }
  }
  return !reap(context);
}

size_t tree_survivors(uint32_t *survivors, size_t most) {
  size_t count = descendants_find(found);
  if (count > most) count = most;
  for (size_t i = 0; i < count; i++) survivors[i] = (uint32_t)found[i];
  return count;
}

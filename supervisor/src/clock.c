#include "clock.h"

#include <time.h>

/* More than a busy machine lets a process wait. */
enum { LATE_MS = 500 };

/* `seen` is the last reading; none yet: 0. */
static int64_t paused, seen;

static int64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One reading both judges the pause and is the answer: between two, another pause could begin. */
int64_t now_ms(void) {
  clock_waited(0);
  return seen - paused;
}

int64_t later(int64_t at, uint64_t ms) {
  if (at == NEVER) return NEVER;
  return ms < (uint64_t)(NEVER - at) ? at + (int64_t)ms : NEVER;
}

void clock_waited(int64_t asked_ms) {
  int64_t now = monotonic_ms(), late = now - seen - asked_ms;
  if (seen && asked_ms >= 0 && late >= LATE_MS) paused += late;
  seen = now;
}

uint64_t clock_paused_ms(void) { return (uint64_t)paused; }

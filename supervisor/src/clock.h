/* Time that this container could use: the monotonic clock without the time that it was paused. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* A pause is told from a wait that came back far too late, so waits that have an end are cut into such steps: what a
   pause is taken for is too short by at most one of them. */
enum { CLOCK_STEP_MS = 250 };

static const int64_t NEVER = INT64_MAX;

/* What passed since the last reading or wait, if too long for work, was a pause too: one may begin between two waits,
   and a limit must not be taken for up by it. */
int64_t now_ms(void);

/* `at` put off by so much. */
int64_t later(int64_t at, uint64_t ms);

/* After each wait, with how long it was to be; -1 where it had no end, and a pause could not be told. */
void clock_waited(int64_t asked_ms);

/* How long the container was paused, from this process's start. */
uint64_t clock_paused_ms(void);

#endif

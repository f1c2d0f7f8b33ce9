/* Time limits of commands, all of them in the supervisor's loop: one wakeup serves them all, and it is there that a
   pause of the container is noticed. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdint.h>

struct command;
struct request;

struct limits {
  uint64_t wall_ms, idle_ms; /* 0: none */
  int64_t ends_at;           /* once it runs */
  int64_t heard_at;          /* its last output */
  uint32_t grace_ms;
};

void limits_set(struct limits *limits, const struct request *request);

/* It runs: its time begins. */
void limits_begin(struct limits *limits);

/* Puts the wall-clock limit off. */
void limits_extend(struct limits *limits, uint64_t ms);

/* It is being ended: no limit is to be a second reason for that. */
void limits_lift(struct limits *limits);

/* Once a round: ends what has used its time up. */
void limits_check(void);

#endif

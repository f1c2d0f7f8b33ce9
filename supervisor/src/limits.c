#include "limits.h"

#include <signal.h>

#include "command.h"
#include "command_io.h"
#include "loop.h"
#include "request.h"
#include "table.h"

/* No limit is up before; perhaps none is then either. */
static int64_t next_check = NEVER;

static void check_by(int64_t at) {
  if (at < next_check) next_check = at;
}

static int64_t silent_at(const struct limits *limits) {
  return limits->idle_ms ? later(limits->heard_at, limits->idle_ms) : NEVER;
}

static uint64_t at_most_never(uint64_t ms) { return ms < (uint64_t)NEVER ? ms : (uint64_t)NEVER; }

void limits_set(struct limits *limits, const struct request *request) {
  limits->wall_ms = at_most_never(request->timeout_ms);
  limits->idle_ms = at_most_never(request->idle_ms);
  limits->grace_ms = request->grace_ms;
  limits->ends_at = limits->heard_at = NEVER;
}

void limits_begin(struct limits *limits) {
  int64_t now = now_ms();
  limits->heard_at = now;
  if (limits->wall_ms) limits->ends_at = later(now, limits->wall_ms);
  check_by(limits->ends_at);
  check_by(silent_at(limits));
}

void limits_extend(struct limits *limits, uint64_t ms) {
  if (!limits->wall_ms) return;
  limits->wall_ms = (uint64_t)later((int64_t)limits->wall_ms, ms);
  limits->ends_at = later(limits->ends_at, ms);
}

void limits_lift(struct limits *limits) {
  limits->wall_ms = limits->idle_ms = 0;
  limits->ends_at = NEVER;
}

static void end(struct command *command, uint32_t cause) {
  command_order(command, (struct order){.kind = ORDER_KILL,
                                        .signal = SIGTERM,
                                        .grace_ms = command->limits.grace_ms,
                                        .cause = cause});
}

static void check(struct command *command, int64_t now) {
  struct limits *limits = &command->limits;
  /* What waits in its pipes for a reader is no silence. */
  if (now >= silent_at(limits) && command_output_waits(command)) limits->heard_at = now;
  int64_t silent = silent_at(limits), ends = limits->ends_at;
  /* Both may be over when a busy machine lets us look: the one that was first is the reason. */
  if (now >= silent || now >= ends) return end(command, silent < ends ? CAUSE_IDLE_TIMEOUT : CAUSE_TIMEOUT);
  check_by(ends);
  check_by(silent);
}

void limits_check(void) {
  if (table_count() == 0) return;
  loop_notice_pauses();
  if (next_check == NEVER) return;
  int64_t now = now_ms();
  if (now >= next_check) {
    next_check = NEVER;
    for (struct command *command = table_first(); command; command = command->next) {
      if (!command->reported) check(command, now);
    }
  }
  if (next_check != NEVER) loop_wake_at(next_check);
}

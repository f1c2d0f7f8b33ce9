/* The process that stands over one command: starts it, ends its whole tree, and says
   how it ended. It talks with the supervisor over a socket of whole messages. */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch.h"
#include "request.h"

enum { MOST_SURVIVORS = 32, GRACE_WHEN_LOST_MS = 100 };

enum order_kind { ORDER_KILL = 1, ORDER_SECRET = 2 };

struct order {
  uint32_t kind;
  uint32_t signal;
  uint32_t grace_ms;
  uint32_t cause;
}; /* ORDER_SECRET is followed by the secret's record */

enum report_kind { REPORT_STARTED = 1, REPORT_FAILED = 2, REPORT_EXITED = 3, REPORT_SECRETS = 4 };

struct report {
  uint32_t kind;
  uint32_t stage, error; /* FAILED */
  uint32_t pid;          /* STARTED */
  bool has_status;       /* EXITED: whether the command itself has ended */
  uint32_t status;
  uint8_t cause, requested;
  bool answers_kill;
  uint8_t secrets;       /* an enum secrets_state, once all is over */
  bool answers_secret;   /* SECRETS: to an order, with `error` */
  uint64_t expired;      /* SECRETS: a bit for each that just has */
  bool verified;
  uint32_t killed;
  uint32_t survivor_count;
  uint32_t survivors[MOST_SURVIVORS];
  uint64_t started_ns, finished_ns, user_us, system_us, peak_bytes;
  /* What the supervisor itself has to add. */
  uint32_t oom_kills;
  uint64_t paused_ms;
};

/* In a process that was just forked. The descriptors become the command's, by their place in the list; the third
   output is -1 where there is none. */
_Noreturn void monitor_run(struct request *request, const int descriptors[COMMAND_FDS], int control);

#endif

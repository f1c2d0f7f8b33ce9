#include "detached.h"

#include <sys/resource.h>

#include "command_io.h"
#include "table.h"
#include "viewer.h"

static const uint64_t MOST_KEPT_BYTES = (uint64_t)1 << 30;

static unsigned kept;
static uint64_t kept_serials;

unsigned detached_kept(void) { return kept; }

bool detached_prepare(struct command *command, const struct request *request) {
  uint32_t flags = request->spool_flags;
  bool in_memory = flags & SPOOL_IN_MEMORY || request->secret_count > 0;
  return spool_open(&command->spool, request->spool_bytes, flags & SPOOL_BLOCKS, in_memory);
}

void detached_begin(struct command *command, const struct request *request) {
  static const uint64_t from_start[SPOOLED];
  struct connection *connection = command->connection;
  command->detached = true;
  command->connection = NULL;
  struct viewer *viewer = viewer_open(connection, command->number, command, from_start, request->window);
  if (viewer) viewer->feeds = true;
  else command_give_up(command);
}

void detached_forget(struct command *command) {
  command->forgotten = true;
  kept -= command->kept;
  command->kept = false;
  table_unlabel(command);
  commands_sweep_soon();
}

/* Each holds a descriptor, which those that are to run need more. */
static unsigned most_kept(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 > MOST_KEPT) return MOST_KEPT;
  return (unsigned)limit.rlim_cur / 4;
}

/* Of those that are kept, the first to have ended go first. */
static void make_room(void) {
  for (;;) {
    struct command *oldest = NULL;
    uint64_t bytes = 0;
    for (struct command *command = table_first(); command; command = command->next) {
      if (!command->kept) continue;
      bytes += spool_size(&command->spool);
      if (!oldest || command->kept_serial < oldest->kept_serial) oldest = command;
    }
    if (kept <= 1 || (kept <= most_kept() && bytes <= MOST_KEPT_BYTES)) return;
    detached_forget(oldest);
  }
}

static void keep(struct command *command) {
  command->kept = true;
  command->kept_serial = ++kept_serials;
  kept++;
  command_close_stdin(command);
  make_room();
}

bool detached_run(struct command *command) {
  bool more = command_spool_output(command);
  if (!command->reported || command->kept || command->forgotten) return more;
  if (command->report.kind == REPORT_FAILED) detached_forget(command);
  else if (command->outputs[0].ended && command->outputs[1].ended) keep(command);
  return more;
}

bool detached_is_over(const struct command *command) {
  return command->forgotten && command->reported && !command->viewers;
}

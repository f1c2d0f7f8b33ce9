#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command_io.h"
#include "command_secrets.h"
#include "connection.h"
#include "detached.h"
#include "oom.h"
#include "pipes.h"
#include "table.h"
#include "tree.h"
#include "unique_user.h"
#include "viewer.h"

void command_news(struct command *command) {
  if (command->connection) return connection_activate(command->connection, &command->talker);
  viewers_wake(command);
  commands_sweep_soon();
}

static uint32_t lost_command;

/* Beside our monitors, only what a lost one left can be our child; but as process 1 we get everybody's orphans. */
static bool is_ours(pid_t child) {
  if (getpid() == 1) return (uint32_t)child != lost_command;
  for (struct command *command = table_first(); command; command = command->next) {
    if (command->monitor == child) return true;
  }
  return false;
}

/* The rise that this end explains explains no other. */
static void explain_oom(const struct command *killed, uint64_t count) {
  for (struct command *command = table_first(); command; command = command->next) {
    if (command != killed && command->oom_before < count) command->oom_before++;
  }
}

static void note_oom(struct command *command) {
  struct report *report = &command->report;
  uint64_t count = oom_count();
  if (count <= command->oom_before) return;
  report->oom_kills = (uint32_t)(count - command->oom_before);
  if (report->has_status && report->status == SIGKILL && !report->cause) explain_oom(command, count);
}

static void last_word(struct command *command) {
  command->reported = true;
  note_oom(command);
  command->report.paused_ms = clock_paused_ms() - command->paused_before;
  command_mark_last(command);
  command_news(command);
}

static unsigned lost_monitors;

/* A monitor that ends without a last word was killed: how the command ended, nobody knows. */
static void monitor_gone(struct command *command) {
  lost_monitors--;
  lost_command = command->report.pid;
  command->report = (struct report){.kind = REPORT_EXITED, .started_ns = command->report.started_ns};
  tree_kill_strangers(is_ours);
  command->report.secrets = command_secrets_lost(command);
  last_word(command);
}

void commands_note_reaped(pid_t monitor) {
  if (lost_monitors == 0) return;
  for (struct command *command = table_first(); command; command = command->next) {
    if (command->monitor == monitor && command->lost && !command->reported) return monitor_gone(command);
  }
}

void commands_note_stopped(pid_t monitor) {
  for (struct command *command = table_first(); command; command = command->next) {
    if (command->monitor == monitor && !command->reported) kill(monitor, SIGCONT);
  }
}

/* A dying process closes its files before its children become ours: what it leaves can be killed only later. */
static void monitor_lost(struct command *command) {
  lost_monitors++;
  command->lost = true;
  loop_close(&command->control);
  if (kill(command->monitor, 0) != 0) monitor_gone(command);
}

static void on_control(struct source *source, uint32_t events) {
  struct command *command = CONTAINER(source, struct command, control);
  (void)events;
  struct report report;
  ssize_t got = recv(source->fd, &report, sizeof report, MSG_DONTWAIT);
  /* ECONNRESET: it ended without having read all of our orders, which we are told before its last word. */
  if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == ECONNRESET)) return;
  if (got != sizeof report) return monitor_lost(command);
  if (report.kind == REPORT_SECRETS) {
    command_secrets_news(command, &report);
    return command_news(command);
  }
  command->report = report;
  if (report.kind == REPORT_STARTED) {
    command->started = true;
    limits_begin(&command->limits);
    return command_news(command);
  }
  loop_close(source);
  last_word(command);
}

static void refuse(struct command *command, uint32_t stage, int error, const char *why) {
  command->report = (struct report){.kind = REPORT_FAILED, .stage = stage, .error = (uint32_t)error};
  command->refusal = why;
  command->reported = true;
}

static bool watch(struct command *command, const struct pipes *pipes) {
  command->control = (struct source){.fd = pipes->control[0], .on_ready = on_control};
  int outputs[OUTPUTS];
  for (int i = 0; i < OUTPUTS; i++) outputs[i] = pipes->outputs[i][0];
  command_io_open(command, pipes->in[1], outputs);
  bool watched = loop_add(&command->control, EPOLLIN);
  for (int i = 0; i < OUTPUTS && watched; i++) {
    watched = outputs[i] < 0 || loop_add(&command->outputs[i].source, EPOLLIN | EPOLLET);
  }
  command->outputs[0].terminal = command->terminal;
  if (command->terminal) command->outputs[1].end_sent = false; /* its end is told at once */
  return watched;
}

static void start(struct command *command, struct request *request) {
  struct pipes pipes;
  int stage = pipes_open(&pipes, request);
  if (!stage && !command_secrets_prepare(command, request)) stage = STAGE_SECRETS;
  if (!stage && !watch(command, &pipes)) stage = STAGE_FORK;
  if (stage) {
    refuse(command, (uint32_t)stage, errno, NULL);
    return pipes_close(&pipes);
  }
  command->monitor = fork();
  int theirs[] = {pipes.in[0], pipes.outputs[0][1], pipes.outputs[1][1], pipes.outputs[2][1]};
  if (command->monitor == 0) monitor_run(request, theirs, pipes.control[1]);
  if (command->monitor < 0) {
    refuse(command, STAGE_FORK, errno, NULL);
    command_io_close(command);
    loop_close(&command->control);
  }
  for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
    if (theirs[i] >= 0) close(theirs[i]);
  }
  close(pipes.control[1]);
}

/* false: there is none. */
static bool give_user(struct command *command, struct request *request) {
  if (!(request->flags & SPAWN_UNIQUE)) return true;
  command->unique_id = request->unique_id = unique_user();
  if (command->unique_id) return true;
  const char *why = errno == EPERM ? "the supervisor is not root, which alone can become another user" : NULL;
  refuse(command, STAGE_USER, errno, why);
  return false;
}

static void begin(struct command *command, struct request *request) {
  bool detached = request->flags & SPAWN_DETACHED;
  if (table_count() > MOST_COMMANDS + detached_kept()) {
    return refuse(command, STAGE_FORK, EAGAIN, "too many commands at once");
  }
  if (detached && !connection_outlived(command->connection)) {
    return refuse(command, STAGE_REQUEST, EOPNOTSUPP, "the supervisor ends with its host, and detached commands with it");
  }
  if (request->id_length > 0) {
    if (table_find_id(request->id, request->id_length)) {
      return refuse(command, STAGE_REQUEST, EEXIST, "the id is in use");
    }
    if (!table_label(command, request)) {
      return refuse(command, STAGE_FORK, ENOMEM, NULL);
    }
  }
  if (detached && !detached_prepare(command, request)) {
    return refuse(command, STAGE_FORK, errno, "there is no room for its output");
  }
  if (!give_user(command, request)) return;
  start(command, request);
  if (detached && !command->reported) detached_begin(command, request);
}

struct command *command_spawn(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length,
                              bool *malformed) {
  struct request request = {.body = body, .length = length};
  const char *why;
  enum request_result checked = request_check(&request, &why);
  *malformed = checked == REQUEST_MALFORMED;
  struct command *command = *malformed ? NULL : calloc(1, sizeof *command);
  if (!command) return NULL;
  command->connection = connection;
  command->number = number;
  command->talker = (struct talker){.emit = command_emit, .over = command_over};
  command->keep = request.flags & SPAWN_KEEP;
  command->terminal = request.columns;
  command->control.fd = -1;
  command_io_open(command, -1, (const int[OUTPUTS]){-1, -1, -1});
  command->oom_before = oom_count();
  command->paused_before = clock_paused_ms();
  limits_set(&command->limits, &request);
  command_io_limits(command, request.flags & SPAWN_STDIN, request.window);
  command->spool.fd = -1;
  table_add(command);
  if (checked == REQUEST_REFUSED) refuse(command, STAGE_REQUEST, EINVAL, why);
  else begin(command, &request);
  command_news(command);
  return command;
}

void command_order(struct command *command, struct order order) {
  if (command->control.fd < 0) return;
  limits_lift(&command->limits);
  /* Its socket takes hundreds of these; a host that sends more of them than that has said it already. */
  send(command->control.fd, &order, sizeof order, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void destroy(struct command *command) {
  command_io_close(command);
  spool_close(&command->spool);
  loop_close(&command->control);
  table_remove(command);
  loop_free_later(command);
}

static void detach(struct command *command) {
  command->connection = NULL;
  commands_sweep_soon();
}

void command_give_up(struct command *command) {
  command_order(command, (struct order){.kind = ORDER_KILL,
                                        .signal = SIGTERM,
                                        .grace_ms = GRACE_WHEN_LOST_MS,
                                        .cause = CAUSE_CONNECTION_LOST});
  command_stdin_cut(command);
}

void command_orphan(struct command *command) {
  command_give_up(command);
  detach(command);
}

void command_over(struct talker *talker) {
  struct command *command = CONTAINER(talker, struct command, talker);
  command_close_stdin(command);
  table_unlabel(command);
  detach(command);
}

static bool is_over(const struct command *command) {
  bool open = false;
  for (int i = 0; i < OUTPUTS; i++) open |= command->outputs[i].source.fd >= 0;
  return command->reported && !(command->keep && open);
}

static bool sweep_soon;

void commands_sweep_soon(void) { sweep_soon = true; }

void commands_sweep(void) {
  if (!sweep_soon) return;
  sweep_soon = false;
  for (struct command *command = table_first(), *next; command; command = next) {
    next = command->next;
    if (command->connection) continue;
    if (command->detached ? detached_run(command) : command_drop_output(command)) {
      sweep_soon = true;
      loop_again();
    }
    if (command->detached ? detached_is_over(command) : is_over(command)) destroy(command);
  }
}

unsigned commands_alive(void) {
  unsigned count = 0;
  for (struct command *command = table_first(); command; command = command->next) {
    count += !command->reported;
  }
  return count;
}

void commands_kill_all(uint32_t grace_ms, enum exit_cause cause) {
  for (struct command *command = table_first(); command; command = command->next) {
    command_order(command, (struct order){.kind = ORDER_KILL,
                                          .signal = SIGTERM,
                                          .grace_ms = grace_ms,
                                          .cause = cause});
  }
}

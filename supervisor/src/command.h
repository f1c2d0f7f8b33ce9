/* The supervisor's side of one command: its pipes, its monitor, and what the host is still to be told. */
#ifndef COMMAND_H
#define COMMAND_H

#include "limits.h"
#include "loop.h"
#include "monitor.h"
#include "outbox.h"
#include "request.h"
#include "spool.h"
#include "talker.h"

enum {
  STDIN_FIRST_WINDOW = 64 << 10,
  STDIN_WINDOW = 128 << 10,
  STDIN_BEYOND_PIPE = 64 << 10,
  /* Less than what goes beyond the pipe: where nothing is held, nothing but this makes sure of the next grant. */
  STDIN_LEAST_GRANT = STDIN_BEYOND_PIPE / 2,
  MOST_COMMANDS = 4096,
  OUTPUTS = 3, /* stdout, stderr, and the third that a command may have */
};

struct connection;
struct viewer;

struct output {
  struct source source;
  struct command *command;
  uint64_t sent, limit;
  bool readable, hung_up, ended, end_sent;
  bool grown, terminal;
  uint64_t last; /* where descendants are kept: how much still belongs to the command */
};

struct input {
  struct source source;
  struct command *command;
  uint64_t received, written, limit;
  uint8_t *held; /* what the pipe had no room for */
  size_t held_from, held_to, held_size;
  uint32_t pipe_size;
  bool watched, grown, host_ended, closed_by_command;
  bool in_line; /* what came last was not the end of one */
  bool tell_closed, tell_window;
};

/* What it is known by to those who did not start it. */
struct label {
  uint32_t id_length, program_length, note_length;
  uint8_t bytes[]; /* the id, then the program's name, then what its host left for those who attach */
};

struct command {
  struct talker talker;
  struct source control;
  struct input input;
  struct output outputs[OUTPUTS];
  struct connection *connection; /* NULL: it is detached, or nobody is to be told any more */
  struct command *next_in_table, *next_with_id, *next, *previous;
  struct label *label;
  uint64_t serial; /* in the order of their start */
  bool detached;
  bool kept;      /* detached and over */
  bool forgotten; /* it is known to nobody any more but those who are reading it */
  uint64_t kept_serial;
  struct spool spool;
  struct viewer *viewers;
  uint32_t number;
  uid_t unique_id; /* 0: it has no user of its own */
  pid_t monitor;
  bool keep, terminal;
  bool started, started_sent, killed_sent;
  bool lost;     /* the monitor went without a word, and its end is still to be reaped */
  bool reported; /* the monitor's last word has come, or it is gone */
  bool has_secrets, secret_asked, secret_answered;
  uint32_t secret_error;
  uint64_t secrets_expired; /* since its start */
  uint64_t expired_told;    /* to the connection that it is attached to */
  char run[RUN_NAME + 1];
  struct report report;
  struct limits limits;
  uint64_t oom_before;    /* what the container's counter said when it started */
  uint64_t paused_before; /* and the clock, of its pauses */
  const char *refusal; /* FAILED with this text */
};

/* Starts one. The body is the SPAWN record, owned by the caller. Where nothing can be started, the command's
   report says so; NULL when there is no memory even for that. `*malformed` is a protocol error. */
struct command *command_spawn(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length,
                              bool *malformed);

/* What an attached command is as a talker. */
enum emitted command_emit(struct talker *talker, struct outbox *outbox);

/* Somebody is to be told something of it. */
void command_news(struct command *command);

/* Bytes of stdin. false when they go beyond the window. */
bool command_stdin(struct command *command, const uint8_t *bytes, size_t length);
void command_stdin_end(struct command *command);
/* No more of it comes. An end would pass off a part for the whole while a kill is on its way. */
void command_stdin_cut(struct command *command);

/* false: a limit or a count that cannot be. */
bool command_window(struct command *command, uint8_t channel, uint64_t received, uint64_t limit);

/* false: it has no terminal, or nothing can be of that size. */
bool command_resize(struct command *command, uint16_t columns, uint16_t rows);

void command_order(struct command *command, struct order order);

/* Replaces a secret. false: the answer to the one before is still to come. */
bool command_secret(struct command *command, const uint8_t *record, uint32_t length);

/* Its host did not come back in time: its tree is killed; how it ended is still told to a host that does. */
void command_give_up(struct command *command);

/* Nobody listens any more: its tree is killed and what it prints is dropped. */
void command_orphan(struct command *command);

/* Frees it, or goes on dropping what kept descendants print. */
void command_over(struct talker *talker);

/* A child of ours was reaped, or stopped: root, or where there is but one user a command, may stop its monitor. */
void commands_note_reaped(pid_t monitor);
void commands_note_stopped(pid_t monitor);

/* Once a round: drops what commands without a connection print, and frees those that are over. */
void commands_sweep(void);

/* Commands whose tree is not gone yet. */
unsigned commands_alive(void);
void commands_kill_all(uint32_t grace_ms, enum exit_cause cause);

#endif

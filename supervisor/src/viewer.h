/* A host that reads a detached command, by a number of its own, as far as its own windows go. */
#ifndef VIEWER_H
#define VIEWER_H

#include "command.h"
#include "connection.h"

struct view {
  uint64_t sent, received, limit;
  bool end_sent;
};

struct viewer {
  struct talker talker;
  struct command *command;
  struct connection *connection;
  struct viewer *next_of_command, *next_of_connection;
  uint32_t number;
  struct view views[SPOOLED];
  uint64_t expired_told; /* secrets of the command */
  bool feeds;  /* it started the command, and its host writes to stdin */
  bool greets; /* it came later, and is to be told what it has come to */
  bool late;   /* the command was over before */
  bool started_sent, killed_sent, leaving;
};

/* NULL: no memory. */
struct viewer *viewer_open(struct connection *connection, uint32_t number, struct command *command,
                           const uint64_t from[SPOOLED], uint32_t window);
struct viewer *viewer_find(const struct connection *connection, uint32_t number);

/* false: a limit or a count that cannot be. */
bool viewer_window(struct viewer *viewer, uint8_t channel, uint64_t received, uint64_t limit);

/* The host wants no more of it. */
void viewer_leave(struct viewer *viewer);

void viewers_wake(struct command *command);

/* The host of a connection does not come back: a stdin that it did not end is worse than none, so its command is
   killed. */
void viewers_stop_feeding(struct connection *connection);
void viewers_drop(struct connection *connection);

#endif

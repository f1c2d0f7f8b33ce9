/* The inner side of a connection: what connection.c and connection_in.c share. */
#ifndef CONNECTION_IN_H
#define CONNECTION_IN_H

#include "connection.h"
#include "frame.h"
#include "lookup.h"
#include "loop.h"
#include "outbox.h"
#include "session.h"
#include "talker.h"

enum { INBOX_SIZE = 64 << 10 };

struct connection {
  struct source in, out, link;
  struct connection *next;
  struct outbox outbox;
  struct talker *active_first, *active_last;
  struct viewer *viewers;

  uint8_t *inbox;
  size_t inbox_from, inbox_to;
  struct frame frame; /* whose payload is coming, where `in_frame` */
  bool in_frame;
  uint32_t left; /* of its payload */
  uint8_t *body; /* a record that is being collected, with one byte to spare */

  bool in_ready, in_polled, in_hung_up, waits_for_room;
  bool greeted;
  bool asked_for_secrets; /* SECRET without a command, unanswered */
  uint32_t highest_number;
  bool failed; /* an ERROR is on its way, nothing else is done */
  bool over;
  int64_t over_at;
  struct listing listing;
  unsigned answers; /* that wait to be told */
  int64_t trim_at; /* 0: nothing is to be given back */
  bool large_pipes;

  enum mode mode;
  bool has_session;
  bool farewell; /* the host said goodbye */
  bool given_up; /* the grace is over, its commands were killed */
  uint8_t session[SESSION_ID];
  uint32_t orphan_grace_ms;
  int64_t lost_at;                 /* 0: it has a stream */
  uint32_t silence_ms;             /* for longer its host says nothing only when it is gone; 0: it promised nothing */
  int64_t heard_at;
  uint64_t received, acknowledged; /* bytes from the host since the session began */
};

struct connection *connections_first(void);

/* Reads and obeys what has come. */
void connection_read(struct connection *connection);

/* More comes or goes than its pipes take at once. */
void connection_rush(struct connection *connection);

/* Ends it with an ERROR; its commands are killed at once. */
void connection_fail(struct connection *connection, enum error_code code, const char *text);

#endif

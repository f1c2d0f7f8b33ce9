/* A connection that outlives its stream: a host that lost the one opens another, says which session it goes on with
   and how much it had received, and both sides send again what the other has not. */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct connection;

enum { SESSION_ID = 16, SESSION_INSTANCE = 8 };

/* What the host's HELLO says of it. */
struct session_request {
  const uint8_t *id; /* NULL: none */
  uint32_t orphan_grace_ms;
  uint32_t keep;
  bool resumes;      /* else it begins */
  bool may_begin;    /* resumes, but it may be that the session was never begun */
  uint64_t received; /* by the host, from the session's start */
};

/* Tells one supervisor from the next in the same place. */
const uint8_t *session_instance(void);

/* Begins it on this connection, or moves the connection's stream to the session that it belongs to. */
void session_greet(struct connection *connection, const struct session_request *request);

/* The stream has ended without a goodbye: the commands go on for a while. */
void session_lose(struct connection *connection);

/* The host has not come back: false when nothing is kept for it any longer. */
bool session_wait(struct connection *connection);

/* Tells the host, now and then, how much has been received. */
void session_acknowledge(struct connection *connection);

#endif

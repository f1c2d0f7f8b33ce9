#include "session.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "command.h"
#include "connection_in.h"
#include "table.h"
#include "viewer.h"

enum {
  MOST_GRACE_MS = 600 * 1000,
  FORGET_MS = 30 * 1000,    /* after the grace, for a host that comes to hear what became of its commands */
  ACK_ALONG = 4 << 10,      /* when something else is being sent */
  ACK_ALONE = 64 << 10,
};

const uint8_t *session_instance(void) {
  static uint8_t instance[SESSION_INSTANCE];
  static bool known;
  if (!known) known = getrandom(instance, sizeof instance, GRND_NONBLOCK) == sizeof instance;
  return known ? instance : NULL;
}

static struct connection *find(const uint8_t *id) {
  for (struct connection *connection = connections_first(); connection; connection = connection->next) {
    if (connection->has_session && memcmp(connection->session, id, SESSION_ID) == 0) return connection;
  }
  return NULL;
}

/* Outside of what is counted: its frames are small, and the stream is empty when they go out. */
static bool say(struct connection *connection, struct frame frame, const uint8_t *payload) {
  uint8_t bytes[FRAME_HEADER + 128];
  frame_encode(bytes, frame);
  memcpy(bytes + FRAME_HEADER, payload, frame.length);
  size_t length = FRAME_HEADER + (size_t)frame.length;
  return write(connection->out.fd, bytes, length) == (ssize_t)length;
}

static bool say_resumed(struct connection *connection, uint64_t received) {
  uint8_t payload[8];
  put_u64(payload, received);
  return say(connection, (struct frame){.type = OUR_RESUMED, .length = sizeof payload}, payload);
}

static void say_gone(struct connection *connection, const char *why) {
  uint8_t payload[FIELD_HEADER + 100];
  struct record_writer writer = {.at = payload, .end = payload + sizeof payload};
  record_text(&writer, 1, why);
  say(connection, (struct frame){.type = OUR_GONE, .length = (uint32_t)(writer.at - payload)}, payload);
  connection->over = true;
}

static void begin(struct connection *connection, const struct session_request *request) {
  size_t keep = request->keep ? request->keep : OUTBOX_USUAL_KEPT;
  if (keep < OUTBOX_LEAST_KEPT) keep = OUTBOX_LEAST_KEPT;
  if (keep > OUTBOX_MOST_KEPT) keep = OUTBOX_MOST_KEPT;
  if (!outbox_keep(&connection->outbox, keep)) return say_gone(connection, "no memory");
  memcpy(connection->session, request->id, SESSION_ID);
  connection->has_session = true;
  connection->orphan_grace_ms =
      request->orphan_grace_ms < MOST_GRACE_MS ? request->orphan_grace_ms : MOST_GRACE_MS;
  connection->received = connection->inbox_to - connection->inbox_from;
  if (!say_resumed(connection, 0)) connection->over = true;
}

static void move(struct source *to, struct source *from, uint32_t events) {
  to->fd = from->fd;
  from->fd = -1;
  if (to->fd >= 0) loop_change(to, events);
}

static void take_over(struct connection *session, struct connection *stream, uint64_t received) {
  if (!session->lost_at) session_lose(session);
  if (!outbox_rewind(&session->outbox, received)) {
    return say_gone(stream, "what the host had received does not fit what was sent");
  }
  move(&session->in, &stream->in, EPOLLIN | EPOLLRDHUP | EPOLLET);
  move(&session->out, &stream->out, 0);
  move(&session->link, &stream->link, EPOLLIN);
  session->in_ready = true;
  session->in_polled = stream->in_polled;
  session->in_hung_up = stream->in_hung_up;
  session->lost_at = 0;
  session->silence_ms = stream->silence_ms;
  session->heard_at = stream->heard_at;
  session->given_up = false;
  stream->in_ready = false;
  stream->over = true;
  if (!say_resumed(session, session->received)) session->over = true;
  loop_again();
}

void session_greet(struct connection *connection, const struct session_request *request) {
  struct connection *session = find(request->id);
  /* Our HELLO must have gone out whole before anything else can. */
  outbox_flush(&connection->outbox, connection->out.fd);
  if (!outbox_empty(&connection->outbox)) {
    connection->over = true;
  } else if (!request->resumes) {
    if (session) connection_fail(connection, ERROR_MALFORMED, "the session has begun already");
    else begin(connection, request);
  } else if (connection->inbox_to > connection->inbox_from) {
    connection_fail(connection, ERROR_ORDER, "frames before the session was resumed");
  } else if (session) {
    take_over(session, connection, request->received);
  } else if (request->may_begin && request->received == 0) {
    begin(connection, request);
  } else {
    say_gone(connection, "the session is not known: its host was away for too long");
  }
}

void session_lose(struct connection *connection) {
  loop_close(&connection->in);
  loop_close(&connection->out);
  loop_close(&connection->link);
  connection->in_ready = connection->in_hung_up = connection->over = connection->large_pipes = false;
  connection->lost_at = now_ms();
  loop_again();
}

static void give_up(struct connection *connection) {
  connection->given_up = true;
  for (struct command *command = table_first(); command; command = command->next) {
    if (command->connection == connection) command_give_up(command);
  }
  viewers_stop_feeding(connection);
}

bool session_wait(struct connection *connection) {
  int64_t now = now_ms();
  int64_t grace_ends = connection->lost_at + connection->orphan_grace_ms;
  if (now >= grace_ends + FORGET_MS) return false;
  if (now >= grace_ends && !connection->given_up) give_up(connection);
  loop_wake_at(connection->given_up ? grace_ends + FORGET_MS : grace_ends);
  return true;
}

void session_acknowledge(struct connection *connection) {
  uint64_t news = connection->received - connection->acknowledged;
  bool along = outbox_pending(&connection->outbox) > 0;
  if (news < (along ? ACK_ALONG : ACK_ALONE) || outbox_room(&connection->outbox) < OUTBOX_SMALL) return;
  uint8_t payload[8];
  put_u64(payload, connection->received);
  outbox_put(&connection->outbox, (struct frame){.type = OUR_ACK, .length = sizeof payload}, payload);
  connection->acknowledged = connection->received;
}

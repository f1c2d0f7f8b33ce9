#include "connection_in.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lease.h"
#include "record.h"
#include "table.h"
#include "viewer.h"

enum { READS_A_ROUND = 4, HIGHEST_SIGNAL = 64, LONGEST_HELLO = 4096 };

static bool session_field(const struct field *field, struct session_request *session) {
  switch (field->tag) {
    case 3: session->id = field->bytes; return field->length == SESSION_ID;
    case 4: return field_u32(field, &session->orphan_grace_ms);
    case 5: return field_u32(field, &session->keep);
    case 6: session->resumes = true; return field_u64(field, &session->received);
    case 7: session->may_begin = true; return field->length == 0;
    default: return true;
  }
}

static void hello(struct connection *connection, uint8_t *body, uint32_t length) {
  struct record_reader reader = {.at = body, .end = body + length};
  struct field field;
  struct session_request session = {0};
  enum record_step step;
  uint32_t highest = 0, lowest = 0;
  bool fits = true;
  while ((step = record_next(&reader, &field)) == RECORD_FIELD) {
    if (field.tag == 1) fits &= field_u32(&field, &highest);
    if (field.tag == 2) fits &= field_u32(&field, &lowest);
    if (field.tag == 8) fits &= field_u32(&field, &connection->silence_ms);
    fits &= session_field(&field, &session);
  }
  if (step == RECORD_MALFORMED || !fits) return connection_fail(connection, ERROR_MALFORMED, "malformed HELLO");
  if (lowest > PROTOCOL_HIGHEST || highest < PROTOCOL_LOWEST) {
    return connection_fail(connection, ERROR_VERSION, "no common protocol version");
  }
  connection->greeted = true;
  if (session.id && connection->mode != MODE_CHILD) session_greet(connection, &session);
}

static void acknowledged(struct connection *connection, uint64_t offset) {
  if (connection->has_session && outbox_acknowledge(&connection->outbox, offset)) return;
  connection_fail(connection, ERROR_WINDOW, "more acknowledged than was sent");
}

static void goodbye(struct connection *connection) {
  connection->farewell = true;
  connection->over = true;
}

/* Where an answer is kept until it is acknowledged, waiting for room would keep the acknowledgement itself from
   being read; what is in an outbox without room is a sign of life as well. */
static void pong(struct connection *connection, const uint8_t *token) {
  if (outbox_room(&connection->outbox) < OUTBOX_SMALL) return;
  outbox_put(&connection->outbox, (struct frame){.type = OUR_PONG, .length = 8}, token);
  connection->outbox.urgent = true;
}

static void spawn(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length) {
  bool malformed = false;
  if (body && command_spawn(connection, number, body, length, &malformed)) return;
  if (malformed) return connection_fail(connection, ERROR_MALFORMED, "malformed SPAWN");
  if (outbox_room(&connection->outbox) < OUTBOX_SMALL) {
    return connection_fail(connection, ERROR_TOO_LONG, "no memory");
  }
  struct record_writer writer = outbox_begin_record(&connection->outbox);
  record_u8(&writer, 1, STAGE_FORK);
  record_u32(&writer, 2, ENOMEM);
  outbox_end_record(&connection->outbox, &writer, OUR_FAILED, number);
  connection->outbox.urgent = true;
}

static void order_kill(struct connection *connection, struct command *command, const uint8_t *body) {
  struct order order = {.kind = ORDER_KILL, .signal = get_u32(body), .grace_ms = get_u32(body + 4)};
  order.cause = body[8];
  bool known = order.cause == CAUSE_KILLED || order.cause == CAUSE_ABORTED;
  if (!known || order.signal < 1 || order.signal > HIGHEST_SIGNAL) {
    return connection_fail(connection, ERROR_MALFORMED, "malformed KILL");
  }
  command_order(command, order);
}

static void resize(struct connection *connection, struct command *command, const uint8_t *body) {
  if (command_resize(command, get_u16(body), get_u16(body + 2))) return;
  connection_fail(connection, ERROR_MALFORMED, "a size of 0, or of what is no terminal");
}

/* The command that a number stands for: the host's own, or one that it reads. */
static struct command *find(struct connection *connection, uint32_t number, struct viewer **viewer) {
  struct command *command = table_find(connection, number);
  *viewer = command ? NULL : viewer_find(connection, number);
  return *viewer ? (*viewer)->command : command;
}

static bool window(struct command *command, struct viewer *viewer, uint8_t channel, const uint8_t *body) {
  uint64_t received = get_u64(body), limit = get_u64(body + 8);
  if (viewer) return viewer_window(viewer, channel, received, limit);
  return command_window(command, channel, received, limit);
}

static void to_command(struct connection *connection, struct frame frame, const uint8_t *body) {
  struct viewer *viewer;
  struct command *command = find(connection, frame.command, &viewer);
  if (!command) return; /* its EXIT and this frame crossed */
  switch (frame.type) {
    case HOST_RESIZE: return resize(connection, command, body);
    case HOST_END:
      if (!viewer || viewer->feeds) command_stdin_end(command);
      return;
    case HOST_KILL: return order_kill(connection, command, body);
    case HOST_EXTEND:
      return limits_extend(&command->limits, get_u64(body));
    case HOST_SECRET:
      if (!command_secret(command, body, frame.length)) {
        connection_fail(connection, ERROR_ORDER, "SECRET before the answer to the one before");
      }
      return;
    case HOST_LEAVE:
      if (viewer) return viewer_leave(viewer);
      return connection_fail(connection, ERROR_MALFORMED, "LEAVE of a command that is not detached");
    default: break;
  }
  if (!window(command, viewer, frame.channel, body)) {
    connection_fail(connection, ERROR_WINDOW, "more received than was sent");
  }
}

/* A frame that takes a number into use. */
static void begin_number(struct connection *connection, struct frame frame, uint8_t *body) {
  struct viewer *viewer;
  if (find(connection, frame.command, &viewer)) {
    return connection_fail(connection, ERROR_NUMBER_IN_USE, "the command's number is in use");
  }
  if (frame.command > connection->highest_number) connection->highest_number = frame.command;
  switch (frame.type) {
    case HOST_SPAWN: return spawn(connection, frame.command, body, frame.length);
    case HOST_ATTACH: return lookup_attach(connection, frame.command, body, frame.length);
    case HOST_LIST: return lookup_list(connection, frame.command);
    default: return lookup_forget(connection, frame.command, body, frame.length);
  }
}

static void lease(struct connection *connection, uint8_t *body, uint32_t length) {
  if (connection->mode != MODE_INIT) return connection_fail(connection, ERROR_MALFORMED, "only process 1 takes a LEASE");
  if (!lease_set(body, length)) connection_fail(connection, ERROR_MALFORMED, "malformed LEASE");
}

/* A whole frame other than DATA. `body` is NULL where there was no memory for it. */
static void obey(struct connection *connection, struct frame frame, uint8_t *body) {
  static uint8_t nothing[1];
  if (!body && frame.length > 0 && frame.type != HOST_SPAWN) {
    return connection_fail(connection, ERROR_TOO_LONG, "no memory");
  }
  if (frame.type == HOST_HELLO) return hello(connection, body, frame.length);
  if (frame_takes_number(frame.type)) return begin_number(connection, frame, body);
  if (frame.type == HOST_PING) return pong(connection, body);
  if (frame.type == HOST_ACK) return acknowledged(connection, get_u64(body));
  if (frame.type == HOST_BYE) return goodbye(connection);
  if (frame.type == HOST_SECRET && frame.command == 0) return (void)(connection->asked_for_secrets = true);
  if (frame.type == HOST_LEASE) return lease(connection, body ? body : nothing, frame.length);
  to_command(connection, frame, body ? body : nothing);
}

/* Checks a frame before its payload is taken. */
static bool begin_frame(struct connection *connection, struct frame frame) {
  enum error_code fault = frame_fault(frame);
  if (!fault && connection->greeted == (frame.type == HOST_HELLO)) fault = ERROR_ORDER;
  if (!fault && frame.type == HOST_HELLO && frame.length > LONGEST_HELLO) fault = ERROR_TOO_LONG;
  bool for_command = frame.command != 0 && !frame_takes_number(frame.type);
  if (!fault && for_command && frame.command > connection->highest_number) fault = ERROR_UNKNOWN_COMMAND;
  if (fault) {
    static const char *const texts[] = {
        [ERROR_TOO_LONG] = "frame too long",
        [ERROR_UNKNOWN_TYPE] = "unknown frame type",
        [ERROR_UNKNOWN_COMMAND] = "no such command",
        [ERROR_MALFORMED] = "malformed frame",
        [ERROR_ORDER] = "HELLO must come first, and once",
    };
    connection_fail(connection, fault, texts[fault]);
    return false;
  }
  connection->frame = frame;
  connection->in_frame = true;
  connection->left = frame.length;
  if (frame.type != HOST_DATA) connection->body = malloc((size_t)frame.length + 1);
  return true;
}

static void take_payload(struct connection *connection) {
  struct frame frame = connection->frame;
  size_t have = connection->inbox_to - connection->inbox_from;
  if (have > connection->left) have = connection->left;
  uint8_t *bytes = connection->inbox + connection->inbox_from;
  connection->inbox_from += have;
  if (frame.type == HOST_DATA) {
    struct viewer *viewer;
    struct command *command = find(connection, frame.command, &viewer);
    if (viewer && !viewer->feeds) return connection_fail(connection, ERROR_WINDOW, "stdin of another's command");
    if (command && !command_stdin(command, bytes, have)) {
      return connection_fail(connection, ERROR_WINDOW, "stdin beyond its window");
    }
  } else if (connection->body && have > 0) {
    memcpy(connection->body + (frame.length - connection->left), bytes, have);
    explicit_bzero(bytes, have); /* secrets are among them */
  }
  connection->left -= (uint32_t)have;
}

/* Obeys what is in the inbox. false: it must stop here for now. */
static bool parse(struct connection *connection) {
  while (!connection->failed && !connection->over) {
    size_t have = connection->inbox_to - connection->inbox_from;
    if (!connection->in_frame) {
      if (have < FRAME_HEADER) return true;
      struct frame frame = frame_decode(connection->inbox + connection->inbox_from);
      bool answers = frame.type == HOST_SPAWN || frame.type == HOST_PING;
      connection->waits_for_room = answers && !connection->has_session && outbox_room(&connection->outbox) < OUTBOX_SMALL;
      if (connection->waits_for_room) return false;
      connection->inbox_from += FRAME_HEADER;
      if (!begin_frame(connection, frame)) return false;
    }
    take_payload(connection);
    if (connection->failed) return false;
    if (connection->left > 0) return true;
    connection->in_frame = false;
    uint8_t *body = connection->body;
    connection->body = NULL;
    if (connection->frame.type != HOST_DATA) obey(connection, connection->frame, body);
    if (body) explicit_bzero(body, connection->frame.length);
    free(body);
  }
  return false;
}

static void at_end(struct connection *connection) {
  bool torn = connection->in_frame || connection->inbox_to > connection->inbox_from;
  if (torn && !connection->has_session) return connection_fail(connection, ERROR_TORN, "the stream ended inside a frame");
  connection->over = true;
}

void connection_read(struct connection *connection) {
  for (int reads = 0; !connection->failed && !connection->over; reads++) {
    if (!parse(connection)) return;
    if (!connection->in_ready) return;
    if (reads == READS_A_ROUND) return loop_again();
    size_t have = connection->inbox_to - connection->inbox_from;
    memmove(connection->inbox, connection->inbox + connection->inbox_from, have);
    connection->inbox_from = 0;
    connection->inbox_to = have;
    size_t room = INBOX_SIZE - have;
    ssize_t got = read(connection->in.fd, connection->inbox + have, room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      connection->in_ready = false;
      return;
    }
    if (got < 0) connection->over = true;
    if (got == 0) return at_end(connection);
    if (got <= 0) continue;
    connection->inbox_to += (size_t)got;
    connection->heard_at = now_ms();
    connection->received += (size_t)got;
    if (got == INBOX_SIZE) connection_rush(connection);
    if ((size_t)got < room && connection->in_polled && !connection->in_hung_up) connection->in_ready = false;
  }
}

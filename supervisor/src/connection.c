#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "connection_in.h"
#include "files.h"
#include "pipes.h"
#include "secret_folder.h"
#include "table.h"
#include "version.h"
#include "viewer.h"

enum { FRAMES_A_ROUND = 16, ERROR_FLUSH_MS = 1000, TRIM_AFTER_MS = 500 };

static struct connection *first;
static unsigned count;

unsigned connections_open(void) { return count; }

bool connection_outlived(const struct connection *connection) { return connection->mode != MODE_CHILD; }

struct connection *connections_first(void) { return first; }

static void on_in(struct source *source, uint32_t events) {
  struct connection *connection = CONTAINER(source, struct connection, in);
  connection->in_ready = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) connection->in_hung_up = true;
}

static void on_out(struct source *source, uint32_t events) {
  struct connection *connection = CONTAINER(source, struct connection, out);
  if (events & EPOLLOUT) {
    connection->outbox.writable = true;
    loop_change(source, 0);
  }
  if (events & EPOLLERR) connection->over = true;
}

/* The process that handed the descriptors over has nothing to say; its end is the end. */
static void on_link(struct source *source, uint32_t events) {
  struct connection *connection = CONTAINER(source, struct connection, link);
  (void)events;
  connection->over = true;
}

static void say_hello(struct connection *connection, enum mode mode) {
  struct record_writer writer = outbox_begin_record(&connection->outbox);
  record_u32(&writer, 1, PROTOCOL_HIGHEST);
  record_u32(&writer, 2, PROTOCOL_LOWEST);
  record_text(&writer, 3, SUPERVISOR_VERSION);
  record_u32(&writer, 4, (uint32_t)getpid());
  record_u32(&writer, 5, (uint32_t)geteuid());
  record_u8(&writer, 6, (uint8_t)mode);
  const uint8_t *instance = mode == MODE_CHILD ? NULL : session_instance();
  if (instance) record_put(&writer, 7, instance, SESSION_INSTANCE);
  outbox_end_record(&connection->outbox, &writer, OUR_HELLO, 0);
  connection->outbox.urgent = true;
}

static void link_in(struct connection *connection) {
  connection->next = first;
  first = connection;
  count++;
}

bool connection_open(int in, int out, int link, enum mode mode) {
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) return false;
  connection->in = (struct source){.fd = in, .on_ready = on_in};
  connection->out = (struct source){.fd = out, .on_ready = on_out};
  connection->mode = mode;
  connection->link = (struct source){.fd = link, .on_ready = on_link};
  connection->inbox = malloc(INBOX_SIZE);
  if (!connection->inbox || !outbox_open(&connection->outbox, OUTBOX_SIZE)) goto refused;
  if (!set_nonblocking(in) || !set_nonblocking(out)) goto refused;
  /* A descriptor that cannot be waited for, such as a file, is always ready. */
  connection->in_ready = true;
  connection->in_polled = loop_add(&connection->in, EPOLLIN | EPOLLRDHUP | EPOLLET);
  if (!connection->in_polled && errno != EPERM) goto refused;
  if (!loop_add(&connection->out, 0) && errno != EPERM) goto refused;
  if (link >= 0 && !loop_add(&connection->link, EPOLLIN)) goto refused;
  link_in(connection);
  say_hello(connection, mode);
  return true;
refused:
  outbox_free(&connection->outbox);
  free(connection->inbox);
  free(connection);
  return false;
}

void connection_activate(struct connection *connection, struct talker *talker) {
  if (talker->waits) return;
  talker->waits = true;
  talker->next = NULL;
  if (connection->active_last) connection->active_last->next = talker;
  else connection->active_first = talker;
  connection->active_last = talker;
}

static struct talker *next_active(struct connection *connection) {
  struct talker *talker = connection->active_first;
  connection->active_first = talker->next;
  if (!connection->active_first) connection->active_last = NULL;
  talker->waits = false;
  return talker;
}

static void orphan_all(struct connection *connection) {
  while (connection->active_first) lookup_drop(next_active(connection));
  viewers_drop(connection);
  for (struct command *command = table_first(); command; command = command->next) {
    if (command->connection != connection) continue;
    command_orphan(command);
  }
}

void connection_fail(struct connection *connection, enum error_code code, const char *text) {
  if (connection->failed) return;
  orphan_all(connection);
  struct record_writer writer = outbox_begin_record(&connection->outbox);
  record_u32(&writer, 1, (uint32_t)code);
  record_text(&writer, 2, text);
  outbox_end_record(&connection->outbox, &writer, OUR_ERROR, 0);
  connection->outbox.urgent = true;
  connection->failed = true;
  connection->over_at = now_ms() + ERROR_FLUSH_MS;
}

static void destroy(struct connection *connection) {
  orphan_all(connection);
  for (struct connection **place = &first; *place; place = &(*place)->next) {
    if (*place != connection) continue;
    *place = connection->next;
    break;
  }
  count--;
  loop_close(&connection->in);
  loop_close(&connection->out);
  loop_close(&connection->link);
  outbox_free(&connection->outbox);
  free(connection->inbox);
  free(connection->body);
  connection->inbox = connection->body = NULL;
  loop_free_later(connection);
}

/* One turn for everybody who has something to tell, as long as there is room. */
static void collect(struct connection *connection) {
  for (int frames = 0; frames < FRAMES_A_ROUND && connection->active_first; frames++) {
    if (outbox_room(&connection->outbox) < OUTBOX_SMALL) return;
    struct talker *talker = next_active(connection);
    enum emitted emitted = talker->emit(talker, &connection->outbox);
    if (emitted == EMITTED_MORE) connection_activate(connection, talker);
    if (emitted == EMITTED_LAST) talker->over(talker);
    if (emitted == EMITTED_MORE && outbox_pending(&connection->outbox) > FRAME_MAX_TO_HOST) return;
  }
}

/* Not as soon as it is asked for: only here can it wait for room. */
static void look_for_secrets(struct connection *connection) {
  if (!connection->asked_for_secrets || outbox_room(&connection->outbox) < OUTBOX_SMALL) return;
  connection->asked_for_secrets = false;
  struct record_writer writer = outbox_begin_record(&connection->outbox);
  run_folders_look(&writer);
  outbox_end_record(&connection->outbox, &writer, OUR_SECRET, 0);
  connection->outbox.urgent = true;
}

/* Answers whether there is more that could be sent now. */
static bool send_some(struct connection *connection) {
  struct outbox *outbox = &connection->outbox;
  size_t before = outbox_pending(outbox);
  if (!connection->failed) {
    collect(connection);
    look_for_secrets(connection);
  }
  /* Without a stream, it only fills up. */
  if (connection->lost_at) return connection->active_first && outbox_pending(outbox) > before;
  if (connection->has_session) session_acknowledge(connection);
  if (outbox_pending(outbox) == 0 || !outbox->writable) return false;
  if (!outbox->urgent) {
    int64_t now = now_ms();
    if (!outbox->lingers_until) outbox->lingers_until = now + OUTBOX_LINGER_MS;
    if (now < outbox->lingers_until) return loop_wake_at(outbox->lingers_until), false;
  }
  enum flush flushed = outbox_flush(outbox, connection->out.fd);
  if (flushed == FLUSH_BROKEN) connection->over = true;
  if (flushed == FLUSH_BLOCKED) {
    connection_rush(connection);
    loop_change(&connection->out, EPOLLOUT);
  }
  if (flushed == FLUSH_DONE && connection->failed) connection->over = true;
  return flushed == FLUSH_DONE && connection->active_first;
}

void connection_rush(struct connection *connection) {
  connection->trim_at = 0;
  if (connection->large_pipes) return;
  connection->large_pipes = true;
  pipe_enlarge(connection->in.fd);
  pipe_enlarge(connection->out.fd);
}

static void end_rush(struct connection *connection) {
  outbox_trim(&connection->outbox);
  if (!connection->large_pipes) return;
  connection->large_pipes = false;
  pipe_restore(connection->in.fd);
  pipe_restore(connection->out.fd);
}

/* What a rush has left of its memory is not kept for long. */
static void trim(struct connection *connection) {
  bool rushed = connection->large_pipes || connection->outbox.touched > OUTBOX_IDLE;
  if (!rushed || !outbox_empty(&connection->outbox)) {
    connection->trim_at = 0;
    return;
  }
  int64_t now = now_ms();
  if (!connection->trim_at) connection->trim_at = now + TRIM_AFTER_MS;
  if (now < connection->trim_at) return loop_wake_at(connection->trim_at);
  end_rush(connection);
  connection->trim_at = 0;
}

static void end(struct connection *connection) {
  if (connection->has_session && !connection->farewell && !connection->failed) session_lose(connection);
  else destroy(connection);
}

/* A stream may be dead without having ended, as behind an engine that was killed. Looked for as often as something
   happens, and once a second while commands run: without any there is nothing that would outlive its host. */
static bool is_silent(const struct connection *connection) {
  if (!connection->silence_ms || connection->lost_at || connection->waits_for_room) return false;
  return now_ms() - connection->heard_at > connection->silence_ms;
}

static void run(struct connection *connection) {
  connection_read(connection);
  if (is_silent(connection)) connection->over = true;
  if (send_some(connection)) loop_again();
  /* Frames that had to wait for room in the outbox. */
  if (connection->waits_for_room && outbox_room(&connection->outbox) >= OUTBOX_SMALL) loop_again();
  trim(connection);
  if (connection->failed) {
    loop_wake_at(connection->over_at);
    if (now_ms() >= connection->over_at) connection->over = true;
  }
  if (connection->over) end(connection);
  else if (connection->lost_at && !session_wait(connection)) destroy(connection);
}

void connections_run(void) {
  for (struct connection *connection = first, *next; connection; connection = next) {
    next = connection->next;
    run(connection);
  }
}

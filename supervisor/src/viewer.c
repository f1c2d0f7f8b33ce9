#include "viewer.h"

#include <stdlib.h>

#include "command_io.h"
#include "command_secrets.h"
#include "connection_in.h"
#include "tell.h"

static enum emitted viewer_emit(struct talker *talker, struct outbox *outbox);
static void viewer_over(struct talker *talker);

struct viewer *viewer_open(struct connection *connection, uint32_t number, struct command *command,
                           const uint64_t from[SPOOLED], uint32_t window) {
  struct viewer *viewer = calloc(1, sizeof *viewer);
  if (!viewer) return NULL;
  viewer->talker = (struct talker){.emit = viewer_emit, .over = viewer_over};
  viewer->command = command;
  viewer->connection = connection;
  viewer->number = number;
  viewer->late = command->reported;
  for (int i = 0; i < SPOOLED; i++) {
    struct view *view = &viewer->views[i];
    view->sent = view->received = from[i];
    view->limit = from[i] + window;
    view->end_sent = command->outputs[i].end_sent;
  }
  viewer->next_of_command = command->viewers;
  command->viewers = viewer;
  viewer->next_of_connection = connection->viewers;
  connection->viewers = viewer;
  connection_activate(connection, &viewer->talker);
  return viewer;
}

struct viewer *viewer_find(const struct connection *connection, uint32_t number) {
  struct viewer *viewer = connection->viewers;
  while (viewer && viewer->number != number) viewer = viewer->next_of_connection;
  return viewer;
}

/* Bytes that every reader has need not be kept where room is wanted. */
static void note_taken(struct command *command, int i) {
  uint64_t least = UINT64_MAX;
  for (struct viewer *viewer = command->viewers; viewer; viewer = viewer->next_of_command) {
    if (viewer->views[i].received < least) least = viewer->views[i].received;
  }
  struct ring *ring = &command->spool.rings[i];
  if (least == UINT64_MAX || least <= ring->taken) return;
  ring->taken = least;
  if (command->spool.blocks) commands_sweep_soon();
}

bool viewer_window(struct viewer *viewer, uint8_t channel, uint64_t received, uint64_t limit) {
  if (channel > SPOOLED) return false;
  struct view *view = &viewer->views[channel - 1];
  if (received > view->sent) return false;
  if (received > view->received) view->received = received;
  if (limit > view->limit) view->limit = limit;
  note_taken(viewer->command, channel - 1);
  connection_activate(viewer->connection, &viewer->talker);
  return true;
}

void viewers_wake(struct command *command) {
  for (struct viewer *viewer = command->viewers; viewer; viewer = viewer->next_of_command) {
    connection_activate(viewer->connection, &viewer->talker);
  }
}

static void remove_viewer(struct viewer *viewer) {
  struct viewer **place = &viewer->command->viewers;
  while (*place != viewer) place = &(*place)->next_of_command;
  *place = viewer->next_of_command;
  place = &viewer->connection->viewers;
  while (*place != viewer) place = &(*place)->next_of_connection;
  *place = viewer->next_of_connection;
  /* Who is left may have more than this one had. */
  for (int i = 0; i < SPOOLED; i++) note_taken(viewer->command, i);
  commands_sweep_soon();
  loop_free_later(viewer);
}

static void viewer_over(struct talker *talker) { remove_viewer(CONTAINER(talker, struct viewer, talker)); }

static void stop_feeding(struct viewer *viewer) {
  struct command *command = viewer->command;
  if (!viewer->feeds || command->input.host_ended || command->input.limit == 0) return;
  command_give_up(command);
}

void viewer_leave(struct viewer *viewer) {
  stop_feeding(viewer);
  viewer->leaving = true;
  connection_activate(viewer->connection, &viewer->talker);
}

void viewers_stop_feeding(struct connection *connection) {
  for (struct viewer *viewer = connection->viewers; viewer; viewer = viewer->next_of_connection) stop_feeding(viewer);
}

void viewers_drop(struct connection *connection) {
  viewers_stop_feeding(connection);
  while (connection->viewers) remove_viewer(connection->viewers);
}

static void tell_attached(struct viewer *viewer, struct outbox *outbox) {
  struct command *command = viewer->command;
  struct record_writer writer = outbox_begin_record(outbox);
  if (command->label) {
    const struct label *label = command->label;
    const uint8_t *program = label->bytes + label->id_length;
    record_put(&writer, 1, program, label->program_length);
    if (label->note_length) record_put(&writer, 4, program + label->program_length, label->note_length);
  }
  for (int i = 0; i < SPOOLED; i++) {
    struct view *view = &viewer->views[i];
    uint64_t first = command->spool.rings[i].first;
    if (view->sent < first) view->sent = first;
    record_u64(&writer, (uint16_t)(2 + i), view->sent);
  }
  outbox_end_record(outbox, &writer, OUR_ATTACHED, viewer->number);
  outbox->urgent = true;
}

/* What is told in front of any output. ALL: the rest may follow. */
static enum emitted emit_news(struct viewer *viewer, struct outbox *outbox) {
  struct command *command = viewer->command;
  const struct report *report = &command->report;
  if (viewer->leaving) return tell_simple(outbox, OUR_LEFT, 0, viewer->number), EMITTED_LAST;
  if (viewer->greets) tell_attached(viewer, outbox);
  viewer->greets = false;
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  if (command->reported && report->kind == REPORT_FAILED) {
    return tell_failed(outbox, viewer->number, command), EMITTED_LAST;
  }
  if (!command->started) {
    return command->reported ? tell_exit(outbox, viewer->number, command), EMITTED_LAST : EMITTED_ALL;
  }
  if (!viewer->started_sent) tell_started(outbox, viewer->number, report);
  viewer->started_sent = true;
  if (viewer->feeds) tell_stdin_news(outbox, viewer->number, &command->input);
  command_secrets_tell(command, outbox, viewer->number, &viewer->expired_told, viewer->feeds);
  if (command->reported && report->answers_kill && !viewer->late && !viewer->killed_sent) {
    tell_killed(outbox, viewer->number, report);
    viewer->killed_sent = true;
  }
  return EMITTED_ALL;
}

/* What made room meanwhile is told before what follows it. */
static void skip(struct viewer *viewer, int i, uint64_t to, struct outbox *outbox) {
  struct view *view = &viewer->views[i];
  uint8_t payload[16];
  put_u64(payload, view->sent);
  put_u64(payload + 8, to);
  struct frame frame = {OUR_SKIPPED, (uint8_t)(i + 1), viewer->number, sizeof payload};
  outbox_put(outbox, frame, payload);
  view->sent = to;
}

/* Answers whether more of this output could be sent at once. */
static bool send_output(struct viewer *viewer, int i, struct outbox *outbox) {
  struct view *view = &viewer->views[i];
  const struct spool *spool = &viewer->command->spool;
  const struct ring *ring = &spool->rings[i];
  if (view->sent < ring->first && view->limit > view->sent) skip(viewer, i, ring->first, outbox);
  uint64_t most = ring->written < view->limit ? ring->written : view->limit;
  if (most <= view->sent) return false;
  most -= view->sent;
  if (most > FRAME_MAX_TO_HOST) most = FRAME_MAX_TO_HOST;
  ssize_t got = spool_read(spool, ring, view->sent, outbox_data_room(outbox), (size_t)most);
  if (got > 0) {
    outbox_put_data(outbox, (uint8_t)(i + 1), viewer->number, (size_t)got);
    view->sent += (uint64_t)got;
  } else {
    skip(viewer, i, view->sent + most, outbox); /* a bad disk */
  }
  return view->sent < ring->written && view->sent < view->limit;
}

static enum emitted viewer_emit(struct talker *talker, struct outbox *outbox) {
  struct viewer *viewer = CONTAINER(talker, struct viewer, talker);
  struct command *command = viewer->command;
  if (outbox_room(outbox) < OUTBOX_SMALL + (viewer->greets ? LONGEST_NOTE : 0)) return EMITTED_MORE;
  enum emitted emitted = emit_news(viewer, outbox);
  if (emitted != EMITTED_ALL || !command->started) return emitted;
  bool more = false, told = true;
  for (int i = 0; i < SPOOLED; i++) {
    struct view *view = &viewer->views[i];
    if (view->end_sent) continue;
    if (outbox_room(outbox) < FRAME_HEADER + FRAME_MAX_TO_HOST + OUTBOX_SMALL) return EMITTED_MORE;
    more |= send_output(viewer, i, outbox);
    if (command->outputs[i].ended && view->sent == command->spool.rings[i].written) {
      tell_simple(outbox, OUR_END, (uint8_t)(i + 1), viewer->number);
      view->end_sent = true;
    }
    told &= view->end_sent;
  }
  if (more) return EMITTED_MORE;
  if (!command->reported || !told) return EMITTED_ALL;
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  tell_exit(outbox, viewer->number, command);
  return EMITTED_LAST;
}

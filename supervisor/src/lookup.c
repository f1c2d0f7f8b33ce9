#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection_in.h"
#include "detached.h"
#include "table.h"
#include "tell.h"
#include "viewer.h"

enum { MOST_ANSWERS = 4096, ANSWER_SIZE = 2 * FIELD_HEADER + 5, LISTED_EXIT_SIZE = 640 };
enum { LISTED_DETACHED = 1, LISTED_EXITED = 2 };
enum { FORGOT = 0, FORGOT_UNKNOWN = 1, FORGOT_RUNNING = 2 };

/* A short one, which waits its turn as everything else does. */
struct answer {
  struct talker talker;
  struct connection *connection;
  struct frame frame;
  uint8_t payload[ANSWER_SIZE];
};

static enum emitted answer_emit(struct talker *talker, struct outbox *outbox) {
  struct answer *answer = CONTAINER(talker, struct answer, talker);
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  outbox_put(outbox, answer->frame, answer->payload);
  outbox->urgent = true;
  return EMITTED_LAST;
}

static void answer_over(struct talker *talker) {
  struct answer *answer = CONTAINER(talker, struct answer, talker);
  answer->connection->answers--;
  loop_free_later(answer);
}

void lookup_drop(struct talker *talker) {
  if (talker->emit == answer_emit) answer_over(talker);
}

static void reply(struct connection *connection, uint8_t type, uint32_t number, uint8_t what, const uint32_t *error) {
  struct answer *answer = connection->answers < MOST_ANSWERS ? calloc(1, sizeof *answer) : NULL;
  if (!answer) return connection_fail(connection, ERROR_TOO_LONG, "too many questions at once");
  struct record_writer writer = {.at = answer->payload, .end = answer->payload + sizeof answer->payload};
  record_u8(&writer, 1, what);
  if (error) record_u32(&writer, 2, *error);
  answer->frame = (struct frame){
      .type = type, .command = number, .length = (uint32_t)(writer.at - answer->payload)};
  answer->talker = (struct talker){.emit = answer_emit, .over = answer_over};
  answer->connection = connection;
  connection->answers++;
  connection_activate(connection, &answer->talker);
}

/* What ATTACH and FORGET say. */
struct question {
  const uint8_t *id;
  uint32_t id_length;
  uint64_t from[SPOOLED];
  uint32_t window;
};

static bool read_question(uint8_t *body, uint32_t length, struct question *question) {
  struct record_reader reader = {.at = body, .end = body + length};
  struct field field;
  enum record_step step;
  bool fits = true;
  *question = (struct question){.window = DEFAULT_WINDOW};
  while ((step = record_next(&reader, &field)) == RECORD_FIELD) {
    switch (field.tag) {
      case 1:
        question->id = field.bytes;
        question->id_length = field.length;
        break;
      case 2:
      case 3: fits &= field_u64(&field, &question->from[field.tag - 2]); break;
      case 4: fits &= field_u32(&field, &question->window); break;
      default: break;
    }
  }
  return fits && step == RECORD_END && question->id;
}

static uint32_t attach_fault(const struct command *command, const uint64_t from[SPOOLED]) {
  if (!command) return ENOENT;
  if (!command->detached) return EPERM;
  for (int i = 0; i < SPOOLED; i++) {
    if (from[i] > command->spool.rings[i].written) return ERANGE;
  }
  return 0;
}

void lookup_attach(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length) {
  struct question question;
  if (!read_question(body, length, &question)) {
    return connection_fail(connection, ERROR_MALFORMED, "malformed ATTACH");
  }
  struct command *command = table_find_id(question.id, question.id_length);
  uint32_t fault = attach_fault(command, question.from);
  struct viewer *viewer =
      fault ? NULL : viewer_open(connection, number, command, question.from, question.window);
  if (viewer) {
    viewer->greets = true;
    return;
  }
  if (!fault) fault = ENOMEM;
  reply(connection, OUR_FAILED, number, STAGE_ATTACH, &fault);
}

void lookup_forget(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length) {
  struct question question;
  if (!read_question(body, length, &question)) {
    return connection_fail(connection, ERROR_MALFORMED, "malformed FORGET");
  }
  struct command *command = table_find_id(question.id, question.id_length);
  uint8_t result = !command ? FORGOT_UNKNOWN : command->detached && command->reported ? FORGOT : FORGOT_RUNNING;
  if (result == FORGOT) detached_forget(command);
  reply(connection, OUR_FORGOTTEN, number, result, NULL);
}

static bool is_listed(const struct command *command) {
  return command->label && (command->detached || !command->reported);
}

static void put_listed(struct outbox *outbox, uint32_t number, const struct command *command) {
  const struct label *label = command->label;
  bool exited = command->reported;
  struct record_writer writer = outbox_begin_record(outbox);
  record_put(&writer, 1, label->bytes, label->id_length);
  record_put(&writer, 2, label->bytes + label->id_length, label->program_length);
  record_u32(&writer, 3, (command->detached ? LISTED_DETACHED : 0) | (exited ? LISTED_EXITED : 0));
  if (command->started) {
    record_u32(&writer, 4, command->report.pid);
    record_u64(&writer, 5, command->report.started_ns);
  }
  for (int i = 0; i < SPOOLED && command->detached; i++) {
    record_u64(&writer, (uint16_t)(6 + 2 * i), command->spool.rings[i].first);
    record_u64(&writer, (uint16_t)(7 + 2 * i), command->spool.rings[i].written);
  }
  if (exited) {
    uint8_t payload[LISTED_EXIT_SIZE];
    struct record_writer exit = {.at = payload, .end = payload + sizeof payload};
    exit_fields(&exit, command);
    record_put(&writer, 10, payload, (size_t)(exit.at - payload));
  }
  outbox_end_record(outbox, &writer, OUR_LISTED, number);
}

static enum emitted listing_emit(struct talker *talker, struct outbox *outbox) {
  struct listing *listing = CONTAINER(talker, struct listing, talker);
  for (struct command *command = table_first(); command; command = command->next) {
    if (command->serial <= listing->after || !is_listed(command)) continue;
    if (outbox_room(outbox) < 2 * OUTBOX_SMALL) return EMITTED_MORE;
    put_listed(outbox, listing->number, command);
    listing->after = command->serial;
  }
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  tell_simple(outbox, OUR_LISTED, 0, listing->number);
  outbox->urgent = true;
  return EMITTED_LAST;
}

static void listing_over(struct talker *talker) { CONTAINER(talker, struct listing, talker)->number = 0; }

void lookup_list(struct connection *connection, uint32_t number) {
  struct listing *listing = &connection->listing;
  if (listing->number) return connection_fail(connection, ERROR_ORDER, "one list at a time");
  *listing = (struct listing){.talker = {.emit = listing_emit, .over = listing_over}, .number = number};
  connection_activate(connection, &listing->talker);
}

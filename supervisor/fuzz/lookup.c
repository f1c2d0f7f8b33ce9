/* What a host asks about commands that it has not started, and how far it reads them: nothing is told beyond what was
   printed or what the host has room for, in whole frames, and no question is left without one answer or an error.
   The input is a row of steps: a kind, a length, and so many bytes. */
#include "lookup.h"

#include "command_io.h"
#include "connection_in.h"
#include "detached.h"
#include "fuzz.h"
#include "table.h"
#include "viewer.h"

enum { ATTACHED = 'a', RUNNING = 'r', ENDED = 'e', MOST_FREED = 4096, NUMBERS = 3 };

static struct command commands[NUMBERS]; /* attached, detached and running, detached and over */
static struct label *labels[NUMBERS];
static struct connection connection;
static void *freed[MOST_FREED];
static size_t freed_count;
static unsigned questions, answers;
static uint64_t heard[256][OUTPUTS]; /* by a host's number */

void connection_fail(struct connection *failing, enum error_code code, const char *text) {
  if (code < ERROR_TOO_LONG || !text) abort();
  failing->failed = true;
}

struct command *table_first(void) { return &commands[0]; }

struct command *table_find_id(const uint8_t *id, size_t length) {
  if (!id) abort();
  if (length != 1) return NULL;
  return *id == ATTACHED ? &commands[0] : *id == RUNNING ? &commands[1] : *id == ENDED ? &commands[2] : NULL;
}

void detached_forget(struct command *command) {
  if (command != &commands[2]) abort();
}

void commands_sweep_soon(void) {}

void loop_free_later(void *memory) {
  if (freed_count == MOST_FREED) abort();
  freed[freed_count++] = memory;
}

ssize_t spool_read(const struct spool *spool, const struct ring *ring, uint64_t offset, void *bytes, size_t most) {
  (void)spool;
  if (offset < ring->first || most > ring->written - offset) abort();
  memset(bytes, (int)offset, most);
  return (ssize_t)most;
}

static void hear(const struct frame *frame) {
  const struct viewer *viewer = viewer_find(&connection, frame->command);
  if (frame->type != OUR_DATA) return;
  if (!viewer || frame->channel < 1 || frame->channel > SPOOLED) abort();
  uint64_t *bytes = &heard[frame->command % 256][frame->channel - 1];
  if ((*bytes += frame->length) > viewer->views[frame->channel - 1].limit) abort();
}

/* Everybody has a turn, as often as there is something; and what came is whole frames. */
static void listen_to_all(void) {
  static uint8_t bytes[OUTBOX_SIZE];
  for (struct talker *talker; (talker = connection.active_first);) {
    struct outbox outbox = {.bytes = bytes, .size = sizeof bytes, .writable = true};
    connection.active_first = talker->next;
    if (!talker->next) connection.active_last = NULL;
    talker->waits = false;
    enum emitted emitted = talker->emit(talker, &outbox);
    for (size_t at = 0; at < outbox.tail;) {
      struct frame frame = frame_decode(bytes + at);
      at += FRAME_HEADER + (size_t)frame.length;
      if (at > outbox.tail || frame.length > FRAME_MAX_TO_HOST) abort();
      hear(&frame);
      answers += frame.type == OUR_FORGOTTEN || (frame.type == OUR_LISTED && frame.length == 0) ||
                 frame.type == OUR_ATTACHED || frame.type == OUR_FAILED;
    }
    if (emitted == EMITTED_MORE) connection_activate(&connection, talker);
    if (emitted == EMITTED_LAST) talker->over(talker);
  }
  for (struct viewer *viewer = connection.viewers; viewer; viewer = viewer->next_of_connection) {
    for (int i = 0; i < SPOOLED; i++) {
      const struct view *view = &viewer->views[i];
      if (view->sent > viewer->command->spool.rings[i].written || view->received > view->sent) abort();
    }
  }
  if (!connection.failed && answers != questions) abort();
}

static void obey(uint8_t kind, uint32_t number, uint8_t *body, uint32_t length) {
  struct viewer *viewer = connection.viewers; /* the last one to come */
  switch (kind % 6) {
    case 0: questions++, lookup_attach(&connection, number, body, length); break;
    case 1: questions++, lookup_forget(&connection, number, body, length); break;
    case 2: questions++, lookup_list(&connection, number); break;
    case 3: /* what connection_in.c passes on of a WINDOW */
      if (!viewer || length < 17 || body[0] < 1 || body[0] > OUTPUTS) break;
      if (!viewer_window(viewer, body[0], get_u64(body + 1), get_u64(body + 9))) connection.failed = true;
      break;
    case 4:
      if (viewer) viewer_leave(viewer);
      break;
    default: { /* the running one prints, and the oldest makes room */
      struct ring *ring = &commands[1].spool.rings[length % SPOOLED];
      ring->written += length * 1000U;
      if (ring->written > ring->first + 200000) ring->first = ring->written - 200000;
      viewers_wake(&commands[1]);
    }
  }
  listen_to_all();
}

static void set_up(void) {
  static const char ids[] = {ATTACHED, RUNNING, ENDED};
  memset(commands, 0, sizeof commands);
  connection = (struct connection){.greeted = true};
  questions = answers = 0;
  memset(heard, 0, sizeof heard);
  for (size_t i = 0; i < NUMBERS; i++) {
    if (!labels[i] && !(labels[i] = calloc(1, sizeof *labels[i] + 8))) abort();
    labels[i]->id_length = labels[i]->program_length = 1;
    labels[i]->bytes[0] = (uint8_t)ids[i];
    commands[i].label = labels[i];
    commands[i].serial = i + 1;
    commands[i].detached = i > 0;
    commands[i].started = true;
    commands[i].next = i + 1 < NUMBERS ? &commands[i + 1] : NULL;
    for (int ring = 0; ring < SPOOLED; ring++) commands[i].spool.rings[ring] = (struct ring){.first = 10, .written = 5000};
  }
  commands[2].reported = commands[2].report.has_status = true;
  commands[2].outputs[0].ended = commands[2].outputs[1].ended = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  set_up();
  uint32_t number = 0;
  while (size >= 2 && !connection.failed && number < 255) {
    uint32_t length = data[1] < size - 2 ? data[1] : (uint32_t)(size - 2);
    uint8_t *body = malloc(length + 1); /* with the byte to spare that a record has */
    if (!body) return 0;
    memcpy(body, data + 2, length);
    obey(data[0], ++number, body, length);
    free(body);
    data += 2 + length;
    size -= 2 + length;
  }
  viewers_drop(&connection);
  while (freed_count > 0) free(freed[--freed_count]);
  return 0;
}

#define ATTACH_RUNNING "\0\37\1\0\1\0\0\0r\2\0\10\0\0\0\5\0\0\0\0\0\0\0\4\0\4\0\0\0\0\1\0\0"

static const struct seed seeds[] = {
    SEED(ATTACH_RUNNING "\5\144" "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "\3\21\1\20\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0"),
    SEED("\0\7\1\0\1\0\0\0e\1\7\1\0\1\0\0\0e\2\0\1\7\1\0\1\0\0\0r\1\7\1\0\1\0\0\0a"),
    SEED(ATTACH_RUNNING "\4\0\0\7\1\0\1\0\0\0a\0\7\1\0\1\0\0\0x"),
    SEED("\2\0\2\0\0\37\1\0\1\0\0\0e\2\0\10\0\0\0\377\377\0\0\0\0\0\0\4\0\4\0\0\0\0\1\0\0"),
};

FUZZ_MAIN(seeds)

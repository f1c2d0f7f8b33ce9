/* A host's whole stream: what is obeyed does not depend on the pieces in which it comes, is made of whole frames as a
   reader of the plainest kind finds them, and ends at the first fault. The first byte chooses the pieces. */
#include "connection_in.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "command.h"
#include "fuzz.h"
#include "table.h"
#include "viewer.h"

enum { NUMBERS = 256 };

static struct command commands[NUMBERS];
static bool used[NUMBERS];
static uint64_t told; /* a hash of all that was obeyed */
static const uint8_t *stream;
static size_t stream_left, piece;
static uint32_t piece_state;

static void tell(uint32_t what, uint32_t number) { told = ((told ^ what) * 1099511628211U ^ number) * 1099511628211U; }

static void tell_bytes(uint32_t what, uint32_t number, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) tell(what << 8 | bytes[i], number);
}

ssize_t read(int fd, void *bytes, size_t room) {
  (void)fd;
  piece_state = piece_state * 1664525U + 1013904223U;
  size_t length = piece ? 1 + (piece_state >> 8) % piece : room;
  if (length > room) length = room;
  if (length > stream_left) length = stream_left;
  memcpy(bytes, stream, length);
  stream += length;
  stream_left -= length;
  return (ssize_t)length;
}

/* In place of those who obey. */
void connection_fail(struct connection *connection, enum error_code code, const char *text) {
  if (connection->failed || !text) abort();
  connection->failed = true;
  tell(1000, code);
}

struct command *command_spawn(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length,
                              bool *malformed) {
  (void)connection;
  tell(HOST_SPAWN, number);
  tell_bytes(HOST_SPAWN, number, body, length);
  *malformed = length % 7 == 6;
  if (!*malformed && number < NUMBERS) used[number] = true;
  return *malformed ? NULL : &commands[number % NUMBERS];
}

struct command *table_find(const struct connection *connection, uint32_t number) {
  (void)connection;
  return number < NUMBERS && used[number] ? &commands[number] : NULL;
}

bool command_stdin(struct command *command, const uint8_t *bytes, size_t length) {
  tell_bytes(HOST_DATA, (uint32_t)(command - commands), bytes, length);
  return true;
}

void command_stdin_end(struct command *command) { tell(HOST_END, (uint32_t)(command - commands)); }

bool command_window(struct command *command, uint8_t channel, uint64_t received, uint64_t limit) {
  if (channel < 1 || channel > OUTPUTS) abort();
  tell((uint32_t)(received ^ limit) ^ channel, (uint32_t)(command - commands));
  return received % 5 != 4;
}

bool command_resize(struct command *command, uint16_t columns, uint16_t rows) {
  tell(HOST_RESIZE, (uint32_t)(command - commands) ^ ((uint32_t)columns << 16 | rows));
  return columns && rows;
}

void command_order(struct command *command, struct order order) {
  if (order.signal < 1 || order.signal > 64 || (order.cause != CAUSE_KILLED && order.cause != CAUSE_ABORTED)) abort();
  tell(HOST_KILL + order.signal + order.grace_ms, (uint32_t)(command - commands));
}

bool command_secret(struct command *command, const uint8_t *record, uint32_t length) {
  tell_bytes(HOST_SECRET, (uint32_t)(command - commands), record, length);
  return length != 3;
}

void lookup_attach(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length) {
  (void)connection;
  tell_bytes(HOST_ATTACH, number, body, length);
}

void lookup_forget(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length) {
  (void)connection;
  tell_bytes(HOST_FORGET, number, body, length);
}

void lookup_list(struct connection *connection, uint32_t number) {
  (void)connection;
  tell(HOST_LIST, number);
}

void session_greet(struct connection *connection, const struct session_request *request) {
  (void)connection;
  tell_bytes(HOST_HELLO, request->keep ^ (uint32_t)request->received, request->id, SESSION_ID);
}

static uint64_t obeyed(const uint8_t *data, size_t size, size_t pieces, struct connection *connection) {
  static uint8_t inbox[INBOX_SIZE], outbox[OUTBOX_SIZE];
  *connection = (struct connection){.inbox = inbox, .in_ready = true, .mode = MODE_INIT};
  connection->outbox = (struct outbox){.bytes = outbox, .size = OUTBOX_SIZE, .writable = true};
  memset(used, 0, sizeof used);
  told = 14695981039346656037U;
  stream = data;
  stream_left = size;
  piece = pieces;
  while (!connection->failed && !connection->over && !connection->waits_for_room) connection_read(connection);
  free(connection->body);
  tell_bytes(OUR_PONG, 0, outbox, connection->outbox.tail);
  tell(2000, connection->over + connection->failed * 2U + connection->farewell * 4U);
  return told;
}

/* How many bytes are whole frames without a fault of their own, and whether the stream ends after one of them. */
static size_t whole(const uint8_t *data, size_t size, bool *torn) {
  size_t at = 0;
  *torn = false;
  while (size - at >= FRAME_HEADER) {
    const uint8_t *header = data + at;
    uint64_t length = header[8] + header[9] * 256U + header[10] * 65536U + header[11] * (uint64_t)16777216;
    if (header[0] < 1 || header[0] > 0x11 || length > 1 << 20) return at;
    if (length > size - at - FRAME_HEADER) break;
    at += FRAME_HEADER + (size_t)length;
    if (header[0] == HOST_BYE) return at;
  }
  *torn = at < size;
  return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct connection one, other;
  if (size == 0) return 0;
  uint64_t at_once = obeyed(data + 1, size - 1, 0, &one);
  bool torn;
  size_t frames = whole(data + 1, size - 1, &torn);
  /* A stream that was obeyed to its end was whole. */
  if (one.over && !one.failed && !one.farewell && (torn || frames != size - 1)) abort();
  if (one.waits_for_room) return 0;
  piece_state = data[0];
  if (at_once != obeyed(data + 1, size - 1, 1 + data[0] % 64, &other)) abort();
  return 0;
}

#define GREETING "\1\0\0\0\0\0\0\0\24\0\0\0\1\0\4\0\0\0\2\0\0\0\2\0\4\0\0\0\1\0\0\0"
#define SPAWNED "\2\0\0\0\1\0\0\0\12\0\0\0\1\0\4\0\0\0true"

static const struct seed seeds[] = {
    SEED("\3" GREETING SPAWNED "\3\0\0\0\1\0\0\0\5\0\0\0hello\4\0\0\0\1\0\0\0\0\0\0\0"),
    SEED("\20" GREETING SPAWNED "\5\1\0\0\1\0\0\0\20\0\0\0\1\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0"
         "\6\0\0\0\1\0\0\0\11\0\0\0\17\0\0\0\0\1\0\0\1\12\0\0\0\0\0\0\0\0\0\0\0"),
    SEED("\1" GREETING "\10\0\0\0\0\0\0\0\10\0\0\0" "12345678" SPAWNED "\13\0\0\0\1\0\0\0\4\0\0\0\120\0\30\0"
         "\20\0\0\0\1\0\0\0\5\0\0\0bytes\15\0\0\0\2\0\0\0\0\0\0\0\21\0\0\0\2\0\0\0\0\0\0\0"),
    SEED("\7" GREETING "\14\0\0\0\4\0\0\0\7\0\0\0\1\0\1\0\0\0x\16\0\0\0\5\0\0\0\7\0\0\0\1\0\1\0\0\0x"),
};

FUZZ_MAIN(seeds)

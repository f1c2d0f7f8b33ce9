#include "shortcut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "files.h"
#include "loop.h"
#include "parcel.h"

enum { MOST_STREAMS = 8, PARCELS_A_ROUND = 16, SILENCE_MS = 750, TORN_MS = 100 };

/* Two pipes join it to a connection like any other. */
struct stream {
  struct source to, from; /* `to.fd` is -1 where the host is gone from it */
  bool in_use, readable;
  uint64_t id;
  uint32_t received, sent;
  int64_t heard_at;
};

static struct source in = {.fd = -1}, out = {.fd = -1};
static bool in_ready;
static uint8_t inbox[2 * PARCEL_SIZE], outbox[PARCEL_SIZE];
static size_t inbox_from, inbox_to, outbox_length;
static int64_t incomplete_since; /* a parcel at the start of the inbox; 0: there is none */
static struct stream streams[MOST_STREAMS];

static void on_in(struct source *source, uint32_t events) {
  (void)source, (void)events;
  in_ready = true;
}

/* There is nothing to note: whoever waits for room tries again in every round. */
static void on_room(struct source *source, uint32_t events) { (void)source, (void)events; }

static void on_from(struct source *source, uint32_t events) {
  (void)events;
  CONTAINER(source, struct stream, from)->readable = true;
}

static struct stream *find(uint64_t id) {
  for (int i = 0; i < MOST_STREAMS; i++) {
    if (streams[i].in_use && streams[i].id == id) return &streams[i];
  }
  return NULL;
}

static struct stream *unused(void) {
  for (int i = 0; i < MOST_STREAMS; i++) {
    if (!streams[i].in_use) return &streams[i];
  }
  return NULL;
}

static void close_both(const int pair[2]) {
  close(pair[0]);
  close(pair[1]);
}

static void drop(struct stream *stream) {
  loop_close(&stream->to);
  loop_close(&stream->from);
  stream->in_use = false;
}

static bool listen_to(struct stream *stream) {
  return set_nonblocking(stream->to.fd) && set_nonblocking(stream->from.fd) &&
         loop_add(&stream->to, EPOLLOUT | EPOLLET) && loop_add(&stream->from, EPOLLIN | EPOLLET);
}

static void open_stream(uint64_t id) {
  struct stream *stream = unused();
  int inward[2], outward[2];
  if (!stream || pipe2(inward, O_CLOEXEC) != 0) return;
  if (pipe2(outward, O_CLOEXEC) != 0) return close_both(inward);
  *stream = (struct stream){
      .to = {.fd = inward[1], .on_ready = on_room},
      .from = {.fd = outward[0], .on_ready = on_from},
      .in_use = true,
      .id = id,
      .heard_at = now_ms(),
  };
  if (listen_to(stream) && connection_open(inward[0], outward[1], -1, MODE_INIT)) return;
  close(inward[0]);
  close(outward[1]);
  drop(stream);
}

/* The connection reads the end of its stream, and then ends it from its side, or has its session wait for another. */
static void host_is_gone(struct stream *stream) { loop_close(&stream->to); }

/* false: there is no room for it now. */
static bool deliver(struct stream *stream, const struct parcel *parcel) {
  if (stream->to.fd < 0 || parcel->length == 0) return true;
  if (parcel->offset != stream->received) return host_is_gone(stream), true;
  ssize_t written = write(stream->to.fd, parcel->payload, parcel->length);
  if (written < 0 && errno == EAGAIN) return false;
  if (written != parcel->length) return host_is_gone(stream), true;
  stream->received += parcel->length;
  return true;
}

static bool take(const struct parcel *parcel) {
  struct stream *stream = find(parcel->stream);
  if (!stream) {
    if (parcel->kind == PARCEL_OPEN) open_stream(parcel->stream);
    return true;
  }
  stream->heard_at = now_ms();
  if (parcel->kind == PARCEL_CLOSE) host_is_gone(stream);
  return parcel->kind != PARCEL_DATA || deliver(stream, parcel);
}

/* false: one of them has to wait, and so all behind it. */
static bool take_parcels(void) {
  struct parcel parcel;
  size_t from = inbox_from;
  while (parcel_next(inbox, &from, inbox_to, &parcel)) {
    incomplete_since = 0;
    if (!take(&parcel)) return false;
    inbox_from = from;
  }
  size_t left = inbox_to - from;
  if (from > 0) incomplete_since = 0;
  if (left > 0 && !incomplete_since) incomplete_since = now_ms();
  memmove(inbox, inbox + from, left);
  explicit_bzero(inbox + left, inbox_to - left); /* secrets are among them */
  inbox_from = 0;
  inbox_to = left;
  return true;
}

/* The rest of a parcel comes at once. One without it was torn, and must not hide those behind it. */
static void pass_over_torn(void) {
  if (!incomplete_since) return;
  if (now_ms() - incomplete_since > TORN_MS) inbox_from++;
  else loop_wake_at(incomplete_since + TORN_MS + 1);
}

static void carry_in(void) {
  pass_over_torn();
  for (int reads = 0; in.fd >= 0 && take_parcels() && in_ready; reads++) {
    if (reads == PARCELS_A_ROUND) return loop_again();
    ssize_t got = read(in.fd, inbox + inbox_to, sizeof inbox - inbox_to);
    if (got > 0) inbox_to += (size_t)got;
    else if (got < 0 && errno == EAGAIN) in_ready = false;
    else if (got == 0 || errno != EINTR) loop_close(&in);
  }
}

/* false: nothing more can go out now. */
static bool send_out(void) {
  if (outbox_length > 0) {
    ssize_t written = write(out.fd, outbox, outbox_length);
    if (written < 0 && errno == EAGAIN) return false;
    if (written < 0) loop_close(&out);
    explicit_bzero(outbox, outbox_length);
    outbox_length = 0;
  }
  return out.fd >= 0;
}

static void seal(struct stream *stream, enum parcel_kind kind, uint16_t length) {
  struct parcel parcel = {.kind = kind, .length = length, .offset = stream->sent, .stream = stream->id};
  outbox_length = parcel_seal(outbox, &parcel);
  stream->sent += length;
}

/* The next parcel of a stream into the empty outbox; false where there is none. */
static bool pack(struct stream *stream) {
  ssize_t got = read(stream->from.fd, parcel_payload(outbox), PARCEL_PAYLOAD);
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) return stream->readable = false;
  if (got > 0) return seal(stream, PARCEL_DATA, (uint16_t)got), true;
  seal(stream, PARCEL_CLOSE, 0);
  return drop(stream), false;
}

static void carry_out(void) {
  for (int i = 0; i < MOST_STREAMS; i++) {
    struct stream *stream = &streams[i];
    if (stream->in_use && out.fd < 0) drop(stream);
    for (int parcels = 0; stream->in_use && stream->readable; parcels++) {
      if (parcels == PARCELS_A_ROUND) return loop_again();
      if (!send_out() || !pack(stream)) break;
    }
  }
  send_out();
}

static void find_silent(void) {
  for (int i = 0; i < MOST_STREAMS; i++) {
    struct stream *stream = &streams[i];
    if (!stream->in_use || stream->to.fd < 0) continue;
    if (now_ms() - stream->heard_at > SILENCE_MS) host_is_gone(stream);
    else loop_wake_at(stream->heard_at + SILENCE_MS + 1);
  }
}

static bool is_pipe(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

void shortcut_open(void) {
  if (!is_pipe(0) || !is_pipe(1)) return;
  in = (struct source){.fd = fcntl(0, F_DUPFD_CLOEXEC, 3), .on_ready = on_in};
  out = (struct source){.fd = fcntl(1, F_DUPFD_CLOEXEC, 3), .on_ready = on_room};
  bool opened = in.fd >= 0 && out.fd >= 0 && set_nonblocking(in.fd) && set_nonblocking(out.fd) &&
                loop_add(&in, EPOLLIN | EPOLLET) && loop_add(&out, EPOLLOUT | EPOLLET);
  if (opened) return;
  loop_close(&in);
  loop_close(&out);
}

void shortcut_run(void) {
  carry_in();
  carry_out();
  find_silent();
}

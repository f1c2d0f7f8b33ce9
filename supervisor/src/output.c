#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command_io.h"
#include "command_secrets.h"
#include "connection.h"
#include "pipes.h"
#include "tell.h"
#include "terminal.h"
#include "viewer.h"

static const uint64_t NOT_LAST = UINT64_MAX;

static void on_output(struct source *source, uint32_t events) {
  struct output *output = CONTAINER(source, struct output, source);
  struct command *command = output->command;
  output->readable = true;
  /* A terminal that nobody holds any more may be opened again. */
  if (events & (EPOLLHUP | EPOLLERR) && !output->terminal) output->hung_up = true;
  command_news(command);
}

void command_output_open(struct output *output, struct command *command, int fd) {
  output->source = (struct source){.fd = fd, .on_ready = on_output};
  output->command = command;
  output->last = NOT_LAST;
  output->ended = output->end_sent = fd < 0;
}

static size_t waiting(const struct output *output) {
  int bytes = 0;
  if (output->terminal) return terminal_has_output(output->source.fd);
  return ioctl(output->source.fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

bool command_output_waits(const struct command *command) {
  for (int i = 0; i < 2; i++) {
    if (command->outputs[i].source.fd >= 0 && waiting(&command->outputs[i]) > 0) return true;
  }
  return false;
}

void command_mark_last(struct command *command) {
  for (int i = 0; i < OUTPUTS; i++) {
    struct output *output = &command->outputs[i];
    if (output->source.fd < 0 || output->ended) continue;
    output->readable = true;
    output->last = output->sent + (output->terminal ? TERMINAL_MOST_HELD : waiting(output));
  }
}

static void end(struct output *output, bool close) {
  output->ended = true;
  output->readable = false;
  if (close) loop_close(&output->source);
}

static void grow(struct output *output) {
  if (output->grown || output->sent < PIPE_MUCH) return;
  output->grown = true;
  pipe_enlarge(output->source.fd);
}

static uint8_t chunk[FRAME_MAX_TO_HOST];

/* Reads into the outbox, or without one into the spool. false: nothing can be read now. */
static bool read_output(struct command *command, int channel, struct outbox *outbox) {
  struct output *output = &command->outputs[channel - 1];
  struct ring *ring = outbox ? NULL : &command->spool.rings[channel - 1];
  if (ring) output->limit = spool_limit(&command->spool, ring);
  uint64_t most = output->limit - output->sent;
  if (most > output->last - output->sent) most = output->last - output->sent;
  if (most > FRAME_MAX_TO_HOST) most = FRAME_MAX_TO_HOST;
  if (most == 0) {
    /* Without window, the end may still be told: that of an empty pipe, or of what was the command's own. */
    if (output->sent == output->last) end(output, !command->keep);
    else if (waiting(output) > 0) return false;
    else if (output->hung_up) end(output, true);
    else output->readable = false;
    return false;
  }
  ssize_t got = read(output->source.fd, ring ? chunk : outbox_data_room(outbox), most);
  if (got < 0 && errno == EINTR) return true;
  /* A program that has closed its terminal may open it again: closing this end would hang it up. */
  if (got < 0 && (errno == EAGAIN || (output->terminal && !command->reported))) {
    output->readable = false;
    return false;
  }
  if (got <= 0) {
    end(output, true);
    return false;
  }
  /* A terminal gives less than it has. */
  bool all = (uint64_t)got < most && !output->hung_up && !output->terminal;
  if (all && output->last == NOT_LAST) output->readable = false;
  output->sent += (uint64_t)got;
  if (command->limits.idle_ms && channel < OUTPUTS) command->limits.heard_at = now_ms();
  grow(output);
  if (ring) spool_add(&command->spool, ring, chunk, (size_t)got);
  else outbox_put_data(outbox, (uint8_t)channel, command->number, (size_t)got);
  return true;
}

static bool can_read(const struct output *output) {
  return output->readable && !output->ended && output->source.fd >= 0;
}

/* The command's tree is gone and the pipe is empty, though somebody else may hold it open: that is its end. */
static void end_when_over(struct command *command, struct output *output) {
  if (!command->reported || output->ended || output->readable) return;
  end(output, !command->keep || output->hung_up);
}

/* What is told in front of any output. ALL: the rest may follow. */
static enum emitted emit_news(struct command *command, struct outbox *outbox) {
  struct report *report = &command->report;
  if (command->reported && report->kind == REPORT_FAILED) {
    return tell_failed(outbox, command->number, command), EMITTED_LAST;
  }
  if (!command->started) {
    return command->reported ? tell_exit(outbox, command->number, command), EMITTED_LAST : EMITTED_ALL;
  }
  if (!command->started_sent) {
    tell_started(outbox, command->number, report);
    /* Somebody may wait for it to write there. */
    if (command->input.source.fd >= 0 && !command->input.host_ended) outbox->urgent = true;
  }
  command->started_sent = true;
  tell_stdin_news(outbox, command->number, &command->input);
  command_secrets_tell(command, outbox, command->number, &command->expired_told, true);
  if (command->reported && report->answers_kill && !command->killed_sent) {
    tell_killed(outbox, command->number, report);
    command->killed_sent = true;
  }
  return EMITTED_ALL;
}

enum emitted command_emit(struct talker *talker, struct outbox *outbox) {
  struct command *command = CONTAINER(talker, struct command, talker);
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  enum emitted emitted = emit_news(command, outbox);
  if (emitted != EMITTED_ALL || !command->started) return emitted;

  bool more = false;
  bool told = true;
  for (int channel = 1; channel <= OUTPUTS; channel++) {
    struct output *output = &command->outputs[channel - 1];
    if (can_read(output)) {
      if (outbox_room(outbox) < FRAME_HEADER + FRAME_MAX_TO_HOST + OUTBOX_SMALL) return EMITTED_MORE;
      more |= read_output(command, channel, outbox) && can_read(output);
    }
    end_when_over(command, output);
    if (output->ended && !output->end_sent) {
      tell_simple(outbox, OUR_END, (uint8_t)channel, command->number);
      output->end_sent = true;
    }
    told &= output->end_sent;
  }
  if (more) return EMITTED_MORE;
  if (!command->reported || !told) return EMITTED_ALL;
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  tell_exit(outbox, command->number, command);
  return EMITTED_LAST;
}

/* Reads and drops a piece. false: there is no more now. */
static bool drop(struct output *output) {
  if (!output->readable || output->source.fd < 0) return false;
  ssize_t got = read(output->source.fd, chunk, sizeof chunk);
  bool terminal_ended = got < 0 && errno == EIO && output->command->reported;
  if (got == 0 || terminal_ended) loop_close(&output->source);
  output->readable = got > 0 || (got < 0 && errno == EINTR);
  return output->readable;
}

bool command_drop_output(struct command *command) {
  bool more = false;
  for (int i = 0; i < OUTPUTS; i++) more |= drop(&command->outputs[i]);
  return more;
}

bool command_spool_output(struct command *command) {
  enum { PIECES_A_ROUND = 16 };
  bool more = false, news = false;
  for (int i = 0; i < SPOOLED; i++) {
    struct output *output = &command->outputs[i];
    bool ended = output->ended;
    uint64_t sent = output->sent;
    bool readable = can_read(output);
    for (int pieces = 0; pieces < PIECES_A_ROUND && readable; pieces++) {
      readable = read_output(command, i + 1, NULL) && can_read(output);
    }
    end_when_over(command, output);
    if (output->ended) more |= drop(output);
    more |= readable;
    news |= output->sent > sent || output->ended != ended;
  }
  if (news && command->viewers) {
    viewers_wake(command);
    loop_again();
  }
  return more;
}

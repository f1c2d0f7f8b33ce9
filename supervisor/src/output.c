#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command_io.h"
#include "connection.h"

#define CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static const uint64_t NOT_LAST = UINT64_MAX;

static void on_output(struct source *source, uint32_t events) {
  struct output *output = CONTAINER(source, struct output, source);
  struct command *command = output->command;
  output->readable = true;
  if (events & (EPOLLHUP | EPOLLERR)) output->hung_up = true;
  if (command->connection) connection_activate(command->connection, command);
  else commands_sweep_soon();
}

void command_output_open(struct output *output, struct command *command, int fd) {
  output->source = (struct source){.fd = fd, .on_ready = on_output};
  output->command = command;
  output->last = NOT_LAST;
  output->ended = output->end_sent = fd < 0;
}

static size_t waiting(const struct output *output) {
  int bytes = 0;
  return ioctl(output->source.fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void command_mark_last(struct command *command) {
  for (int i = 0; i < OUTPUTS; i++) {
    struct output *output = &command->outputs[i];
    if (output->source.fd < 0 || output->ended) continue;
    output->readable = true;
    output->last = output->sent + waiting(output);
  }
}

static void end(struct output *output, bool close) {
  output->ended = true;
  output->readable = false;
  if (close) loop_close(&output->source);
}

/* A pipe that is filled faster than it is read gets larger; others cost the machine's pipe budget nothing. */
static void grow(struct output *output) {
  if (output->grown || output->sent < PIPE_LARGE) return;
  output->grown = true;
  fcntl(output->source.fd, F_SETPIPE_SZ, PIPE_LARGE);
}

/* Reads into the outbox. false: nothing can be read now. */
static bool read_output(struct command *command, int channel, struct outbox *outbox) {
  struct output *output = &command->outputs[channel - 1];
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
  ssize_t got = read(output->source.fd, outbox_data_room(outbox), most);
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EAGAIN) {
    output->readable = false;
    return false;
  }
  if (got <= 0) {
    end(output, true);
    return false;
  }
  if ((uint64_t)got < most && !output->hung_up && output->last == NOT_LAST) output->readable = false;
  output->sent += (uint64_t)got;
  grow(output);
  outbox_put_data(outbox, (uint8_t)channel, command->number, (size_t)got);
  return true;
}

static bool can_read(const struct output *output) {
  return output->readable && !output->ended && output->source.fd >= 0;
}

static void put_simple(struct outbox *outbox, uint8_t type, uint8_t channel, uint32_t number) {
  outbox_put(outbox, (struct frame){.type = type, .channel = channel, .command = number}, NULL);
}

static void put_started(struct command *command, struct outbox *outbox) {
  struct record_writer writer = outbox_begin_record(outbox);
  record_u32(&writer, 1, command->report.pid);
  record_u64(&writer, 2, command->report.started_ns);
  outbox_end_record(outbox, &writer, OUR_STARTED, command->number);
  command->started_sent = true;
}

static void put_failed(struct command *command, struct outbox *outbox) {
  struct record_writer writer = outbox_begin_record(outbox);
  record_u8(&writer, 1, (uint8_t)command->report.stage);
  record_u32(&writer, 2, command->report.error);
  if (command->refusal) record_text(&writer, 3, command->refusal);
  outbox_end_record(outbox, &writer, OUR_FAILED, command->number);
  outbox->urgent = true;
}

static void put_survivors(struct record_writer *writer, uint16_t tag, const struct report *report) {
  for (uint32_t i = 0; i < report->survivor_count; i++) record_u32(writer, tag, report->survivors[i]);
}

/* At once: what is still to be read may wait for a window for long. */
static void put_killed(struct command *command, struct outbox *outbox) {
  if (!command->report.answers_kill || command->killed_sent) return;
  struct record_writer writer = outbox_begin_record(outbox);
  put_survivors(&writer, 1, &command->report);
  record_u8(&writer, 2, command->report.verified);
  record_u32(&writer, 3, command->report.killed);
  outbox_end_record(outbox, &writer, OUR_KILLED, command->number);
  command->killed_sent = true;
  outbox->urgent = true;
}

static void put_exit(struct command *command, struct outbox *outbox) {
  struct report *report = &command->report;
  struct record_writer writer = outbox_begin_record(outbox);
  if (report->has_status) record_u32(&writer, 1, report->status);
  record_u8(&writer, 2, report->cause);
  if (report->requested) record_u8(&writer, 3, report->requested);
  record_u64(&writer, 4, report->started_ns);
  if (report->has_status) {
    record_u64(&writer, 5, report->finished_ns);
    record_u64(&writer, 6, report->user_us);
    record_u64(&writer, 7, report->system_us);
    record_u64(&writer, 8, report->peak_bytes);
  }
  record_u32(&writer, 9, report->killed);
  put_survivors(&writer, 10, report);
  record_u8(&writer, 11, report->verified);
  outbox_end_record(outbox, &writer, OUR_EXIT, command->number);
  outbox->urgent = true;
}

static void put_stdin_news(struct command *command, struct outbox *outbox) {
  struct input *input = &command->input;
  if (input->tell_closed) put_simple(outbox, OUR_STDIN_CLOSED, 0, command->number);
  if (input->tell_window) {
    uint8_t payload[16];
    put_u64(payload, input->written);
    put_u64(payload + 8, input->limit);
    outbox_put(outbox, (struct frame){OUR_WINDOW, 0, command->number, sizeof payload}, payload);
    outbox->urgent = true;
  }
  input->tell_closed = input->tell_window = false;
}

/* The command's tree is gone and the pipe is empty, though somebody else may hold it open: that is its end. */
static void end_when_over(struct command *command, struct output *output) {
  if (!command->reported || output->ended || output->readable) return;
  end(output, !command->keep || output->hung_up);
}

enum emitted command_emit(struct command *command, struct outbox *outbox) {
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  if (command->reported && command->report.kind == REPORT_FAILED) return put_failed(command, outbox), EMITTED_LAST;
  if (!command->started) return command->reported ? put_exit(command, outbox), EMITTED_LAST : EMITTED_ALL;
  if (!command->started_sent) put_started(command, outbox);
  put_stdin_news(command, outbox);
  if (command->reported) put_killed(command, outbox);

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
      put_simple(outbox, OUR_END, (uint8_t)channel, command->number);
      output->end_sent = true;
    }
    told &= output->end_sent;
  }
  if (more) return EMITTED_MORE;
  if (!command->reported || !told) return EMITTED_ALL;
  if (outbox_room(outbox) < OUTBOX_SMALL) return EMITTED_MORE;
  put_exit(command, outbox);
  return EMITTED_LAST;
}

/* Reads and drops a piece. false: there is no more now. */
static bool drop(struct output *output) {
  static uint8_t nowhere[64 << 10];
  if (!output->readable || output->source.fd < 0) return false;
  ssize_t got = read(output->source.fd, nowhere, sizeof nowhere);
  if (got == 0) loop_close(&output->source);
  output->readable = got > 0 || (got < 0 && errno == EINTR);
  return output->readable;
}

bool command_drop_output(struct command *command) {
  bool more = false;
  for (int i = 0; i < OUTPUTS; i++) more |= drop(&command->outputs[i]);
  return more;
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command_io.h"
#include "connection.h"
#include "pipes.h"
#include "terminal.h"

static void drop_held(struct input *input) {
  free(input->held);
  input->held = NULL;
  input->held_from = input->held_to = input->held_size = 0;
}

void command_close_stdin(struct command *command) {
  loop_close(&command->input.source);
  drop_held(&command->input);
}

static void broken(struct command *command) {
  command_close_stdin(command);
  if (command->input.closed_by_command) return;
  command->input.closed_by_command = true;
  command->input.tell_closed = true;
  command->input.written = command->input.received;
  command_news(command);
}

/* What the pipe can take and some more: so a reader that keeps up never waits for a grant, and what is held
   here stays small. As the command reads, the limit only grows. */
static void grant(struct command *command) {
  struct input *input = &command->input;
  uint64_t limit = input->received + STDIN_WINDOW;
  if (input->source.fd >= 0) {
    int waiting = 0; /* in a pipe; what a terminal took counts as read */
    if (!command->terminal && ioctl(input->source.fd, FIONREAD, &waiting) != 0) return;
    /* The command may have written to its own stdin, and have made room for it: that was never ours. */
    uint64_t unread = (uint64_t)waiting < input->written ? (uint64_t)waiting : input->written;
    limit = input->written - unread + input->pipe_size + STDIN_BEYOND_PIPE;
  }
  uint64_t window = input->pipe_size + STDIN_BEYOND_PIPE;
  if (input->limit - input->received > window / 2 || limit < input->limit + STDIN_LEAST_GRANT) return;
  input->limit = limit;
  input->tell_window = true;
  command_news(command);
}

/* Writes to the pipe; answers how much it took, -1 when it is broken. */
static ssize_t pour(struct input *input, const uint8_t *bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t wrote = write(input->source.fd, bytes + done, length - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote == 0 || (wrote < 0 && errno == EAGAIN)) break;
    if (wrote < 0) return -1;
    done += (size_t)wrote;
  }
  input->written += done;
  return (ssize_t)done;
}

static void pour_held(struct command *command) {
  struct input *input = &command->input;
  if (input->source.fd < 0) return;
  ssize_t took = pour(input, input->held + input->held_from, input->held_to - input->held_from);
  if (took < 0) return broken(command);
  input->held_from += (size_t)took;
  if (input->held_from < input->held_to) return grant(command);
  drop_held(input);
  if (input->host_ended) command_close_stdin(command);
  else grant(command);
}

static void on_stdin(struct source *source, uint32_t events) {
  struct command *command = CONTAINER(source, struct command, input.source);
  if (events & EPOLLERR) return broken(command);
  if (command->input.held) pour_held(command);
}

static bool hold(struct input *input, const uint8_t *bytes, size_t length) {
  size_t held = input->held_to - input->held_from;
  if (input->held_size - input->held_to < length) {
    size_t size = input->held_size ? input->held_size : 16 << 10;
    while (size < held + length) size *= 2;
    uint8_t *larger = malloc(size);
    if (!larger) return false;
    if (held > 0) memcpy(larger, input->held + input->held_from, held);
    free(input->held);
    input->held = larger;
    input->held_size = size;
    input->held_from = 0;
    input->held_to = held;
  }
  memcpy(input->held + input->held_to, bytes, length);
  input->held_to += length;
  return true;
}

static void grow(struct input *input) {
  if (input->grown || input->received < PIPE_MUCH) return;
  input->grown = true;
  uint32_t size = pipe_enlarge(input->source.fd);
  if (size > 0) input->pipe_size = size;
}

/* false: it was broken. */
static bool give(struct command *command, const uint8_t *bytes, size_t length) {
  struct input *input = &command->input;
  ssize_t took = input->held ? 0 : pour(input, bytes, length);
  if (took < 0) return broken(command), false;
  if ((size_t)took == length) return true;
  if (!hold(input, bytes + took, length - (size_t)took)) return broken(command), false;
  if (!input->watched) input->watched = loop_add(&input->source, EPOLLOUT | EPOLLET);
  return true;
}

bool command_stdin(struct command *command, const uint8_t *bytes, size_t length) {
  struct input *input = &command->input;
  if (length > input->limit - input->received) return false;
  input->received += length;
  if (input->source.fd < 0 || input->host_ended) {
    input->written = input->received;
    if (input->closed_by_command) grant(command);
    return true;
  }
  grow(input);
  if (length > 0) input->in_line = !memchr("\r\n", bytes[length - 1], 2);
  if (give(command, bytes, length)) grant(command);
  return true;
}

static void type_end_of_file(struct command *command) {
  uint8_t typed[LONGEST_END_OF_FILE];
  struct input *input = &command->input;
  give(command, typed, terminal_end_of_file(input->source.fd, input->in_line, typed));
}

void command_stdin_end(struct command *command) {
  if (command->input.host_ended) return;
  if (command->terminal) type_end_of_file(command);
  command->input.host_ended = true;
  if (!command->input.held) command_close_stdin(command);
}

void command_stdin_cut(struct command *command) {
  drop_held(&command->input);
  command->input.host_ended = true;
}

void command_io_open(struct command *command, int in, const int outputs[OUTPUTS]) {
  command->input.source = (struct source){.fd = in, .on_ready = on_stdin};
  for (int i = 0; i < OUTPUTS; i++) command_output_open(&command->outputs[i], command, outputs[i]);
}

void command_io_limits(struct command *command, bool with_stdin, uint32_t window) {
  command->input.limit = with_stdin ? STDIN_FIRST_WINDOW : 0;
  command->input.pipe_size = STDIN_WINDOW - STDIN_BEYOND_PIPE;
  for (int i = 0; i < OUTPUTS; i++) command->outputs[i].limit = window;
}

void command_io_close(struct command *command) {
  command_close_stdin(command);
  for (int i = 0; i < OUTPUTS; i++) loop_close(&command->outputs[i].source);
}

bool command_resize(struct command *command, uint16_t columns, uint16_t rows) {
  if (!command->terminal || !columns || !rows) return false;
  if (command->outputs[0].source.fd >= 0) terminal_resize(command->outputs[0].source.fd, columns, rows);
  return true;
}

bool command_window(struct command *command, uint8_t channel, uint64_t received, uint64_t limit) {
  struct output *output = &command->outputs[channel - 1];
  if (received > output->sent) return false;
  if (limit <= output->limit) return true;
  output->limit = limit;
  if (output->readable) connection_activate(command->connection, &command->talker);
  return true;
}

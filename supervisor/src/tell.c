#include "tell.h"

#include "command_secrets.h"

void tell_simple(struct outbox *outbox, uint8_t type, uint8_t channel, uint32_t number) {
  outbox_put(outbox, (struct frame){.type = type, .channel = channel, .command = number}, NULL);
}

void tell_started(struct outbox *outbox, uint32_t number, const struct report *report) {
  struct record_writer writer = outbox_begin_record(outbox);
  record_u32(&writer, 1, report->pid);
  record_u64(&writer, 2, report->started_ns);
  outbox_end_record(outbox, &writer, OUR_STARTED, number);
}

void tell_failed(struct outbox *outbox, uint32_t number, const struct command *command) {
  struct record_writer writer = outbox_begin_record(outbox);
  record_u8(&writer, 1, (uint8_t)command->report.stage);
  record_u32(&writer, 2, command->report.error);
  const char *why = command->report.stage == STAGE_SECRETS ? secrets_failure(command) : command->refusal;
  if (why) record_text(&writer, 3, why);
  secrets_field(&writer, command);
  outbox_end_record(outbox, &writer, OUR_FAILED, number);
  outbox->urgent = true;
}

static void survivors(struct record_writer *writer, uint16_t tag, const struct report *report) {
  for (uint32_t i = 0; i < report->survivor_count; i++) record_u32(writer, tag, report->survivors[i]);
}

/* At once: what is still to be read may wait for a window for long. */
void tell_killed(struct outbox *outbox, uint32_t number, const struct report *report) {
  struct record_writer writer = outbox_begin_record(outbox);
  survivors(&writer, 1, report);
  record_u8(&writer, 2, report->verified);
  record_u32(&writer, 3, report->killed);
  outbox_end_record(outbox, &writer, OUR_KILLED, number);
  outbox->urgent = true;
}

void exit_fields(struct record_writer *writer, const struct command *command) {
  const struct report *report = &command->report;
  if (report->has_status) record_u32(writer, 1, report->status);
  record_u8(writer, 2, report->cause);
  if (report->requested) record_u8(writer, 3, report->requested);
  record_u64(writer, 4, report->started_ns);
  if (report->has_status) {
    record_u64(writer, 5, report->finished_ns);
    record_u64(writer, 6, report->user_us);
    record_u64(writer, 7, report->system_us);
    record_u64(writer, 8, report->peak_bytes);
  }
  record_u32(writer, 9, report->killed);
  survivors(writer, 10, report);
  record_u8(writer, 11, report->verified);
  if (report->oom_kills) record_u32(writer, 12, report->oom_kills);
  if (report->paused_ms) record_u64(writer, 13, report->paused_ms);
  secrets_field(writer, command);
  uint64_t lost = command->spool.rings[0].lost + command->spool.rings[1].lost;
  if (lost > 0) record_u64(writer, 15, lost);
}

void tell_exit(struct outbox *outbox, uint32_t number, const struct command *command) {
  struct record_writer writer = outbox_begin_record(outbox);
  exit_fields(&writer, command);
  outbox_end_record(outbox, &writer, OUR_EXIT, number);
  outbox->urgent = true;
}

void tell_stdin_news(struct outbox *outbox, uint32_t number, struct input *input) {
  if (input->tell_closed) tell_simple(outbox, OUR_STDIN_CLOSED, 0, number);
  if (input->tell_window) {
    uint8_t payload[16];
    put_u64(payload, input->written);
    put_u64(payload + 8, input->limit);
    outbox_put(outbox, (struct frame){OUR_WINDOW, 0, number, sizeof payload}, payload);
    outbox->urgent = true;
  }
  input->tell_closed = input->tell_window = false;
}

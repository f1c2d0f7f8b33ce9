#include "command_secrets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "secret_folder.h"
#include "secrets.h"

bool command_secrets_prepare(struct command *command, struct request *request) {
  static bool swept;
  command->has_secrets = request->secret_count > 0;
  if (!request->secret_files) return true;
  if (!swept) run_folders_sweep();
  swept = true;
  if (!run_name(request->run)) return false;
  memcpy(command->run, request->run, sizeof command->run);
  return true;
}

bool command_secret(struct command *command, const uint8_t *record, uint32_t length) {
  if (command->secret_asked) return false;
  struct order order = {.kind = ORDER_SECRET};
  struct iovec parts[] = {{&order, sizeof order}, {(void *)record, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  if (command->control.fd < 0) return true; /* its EXIT is the answer */
  command->secret_asked = true;
  if (sendmsg(command->control.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  command->secret_answered = true;
  command->secret_error = (uint32_t)errno;
  command_news(command);
  return true;
}

void command_secrets_news(struct command *command, const struct report *report) {
  command->secrets_expired |= report->expired;
  if (!report->answers_secret) return;
  command->secret_answered = true;
  command->secret_error = report->error;
}

uint8_t command_secrets_lost(const struct command *command) {
  if (!command->has_secrets) return SECRETS_NONE;
  return command->run[0] && run_folder_remove_lost(command->run) ? SECRETS_GONE : SECRETS_LEFT;
}

void command_secrets_tell(struct command *command, struct outbox *outbox, uint32_t number, uint64_t *told,
                          bool answers) {
  uint64_t expired = command->secrets_expired & ~*told;
  answers = answers && command->secret_answered;
  if (!answers && !expired) return;
  struct record_writer writer = outbox_begin_record(outbox);
  if (answers) record_u32(&writer, 1, command->secret_error);
  if (expired) record_u64(&writer, 2, expired);
  outbox_end_record(outbox, &writer, OUR_SECRET, number);
  outbox->urgent = true;
  *told |= expired;
  if (answers) command->secret_asked = command->secret_answered = false;
}

void secrets_field(struct record_writer *writer, const struct command *command) {
  if (command->report.secrets == SECRETS_NONE) return;
  bool gone = command->report.secrets == SECRETS_GONE;
  record_u8(writer, 14, gone);
  char path[LONGEST_SECRET_PATH];
  if (!gone && command->run[0] && run_folder_find(command->run, path)) record_text(writer, 16, path);
}

const char *secrets_failure(const struct command *command) {
  switch (command->report.error) {
    case ENODEV: return "there is no tmpfs for them at /tmp/secrets or /dev/shm, and no disk is used instead";
    case ENOSPC: return "the tmpfs for them is full";
    case EEXIST: return "two of them are to have the same name";
    default: return NULL;
  }
}

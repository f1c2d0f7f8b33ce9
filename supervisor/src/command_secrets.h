/* The supervisor's side of a command's secrets. */
#ifndef COMMAND_SECRETS_H
#define COMMAND_SECRETS_H

#include "command.h"

/* Before the fork. false: no name for their folder could be made. */
bool command_secrets_prepare(struct command *command, struct request *request);

/* Takes what a monitor has to tell of them. */
void command_secrets_news(struct command *command, const struct report *report);

/* What an EXIT says of them where the monitor is lost: destroys them in its place. */
uint8_t command_secrets_lost(const struct command *command);

/* Word of what has expired, where this reader has not been told, and, with `answers`, an answer. */
void command_secrets_tell(struct command *command, struct outbox *outbox, uint32_t number, uint64_t *told,
                          bool answers);

/* The fields that EXIT and FAILED have of them. */
void secrets_field(struct record_writer *writer, const struct command *command);

/* What the errno of a FAILED means beyond its name; NULL: nothing. */
const char *secrets_failure(const struct command *command);

#endif

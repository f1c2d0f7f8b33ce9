/* The frames in which a host is told what becomes of a command, under the number that the host has for it. */
#ifndef TELL_H
#define TELL_H

#include "command.h"
#include "outbox.h"

void tell_simple(struct outbox *outbox, uint8_t type, uint8_t channel, uint32_t number);
void tell_started(struct outbox *outbox, uint32_t number, const struct report *report);
void tell_failed(struct outbox *outbox, uint32_t number, const struct command *command);
void tell_killed(struct outbox *outbox, uint32_t number, const struct report *report);
void tell_exit(struct outbox *outbox, uint32_t number, const struct command *command);

/* EXIT's fields. */
void exit_fields(struct record_writer *writer, const struct command *command);

/* Whether its stdin takes more, or none. */
void tell_stdin_news(struct outbox *outbox, uint32_t number, struct input *input);

#endif

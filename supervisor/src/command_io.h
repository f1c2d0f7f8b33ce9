/* A command's pipes, or its terminal. */
#ifndef COMMAND_IO_H
#define COMMAND_IO_H

#include "command.h"

/* Descriptors of the supervisor's ends; -1 where there is none. */
void command_io_open(struct command *command, int in, const int outputs[OUTPUTS]);
void command_io_limits(struct command *command, bool with_stdin, uint32_t window);
void command_output_open(struct output *output, struct command *command, int fd);
void command_io_close(struct command *command);
void command_close_stdin(struct command *command);

/* The command has ended: what its pipes hold at this moment is the last that belongs to it. */
void command_mark_last(struct command *command);

/* Reads what nobody wants, so that the writer is not stopped. true: there is more. */
bool command_drop_output(struct command *command);

/* Whether stdout or stderr has output that was not read yet. */
bool command_output_waits(const struct command *command);
/* Takes what a detached command has printed. true: there is more now. */
bool command_spool_output(struct command *command);

/* A command without a connection has news. */
void commands_sweep_soon(void);

#endif

/* What a command and its monitor are joined to the supervisor by. */
#ifndef PIPES_H
#define PIPES_H

#include "command.h"

struct pipes {
  int in[2], outputs[OUTPUTS][2], control[2]; /* -1 where there is none */
};

/* Pipes, or a terminal in the place of three. 0, or the stage that failed, with errno; what was opened then is
   still to be closed. */
int pipes_open(struct pipes *pipes, const struct request *request);

/* Keeps errno. */
void pipes_close(struct pipes *pipes);

#endif

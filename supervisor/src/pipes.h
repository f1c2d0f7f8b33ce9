/* What a command and its monitor are joined to the supervisor by. */
#ifndef PIPES_H
#define PIPES_H

#include "command.h"

struct pipes {
  int in[2], outputs[OUTPUTS][2], control[2]; /* -1 where there is none */
};

enum { PIPE_MUCH = 256 << 10 }; /* through one that is worth enlarging */

/* As large as the machine allows. Only where much flows: all pipes of a user who is not privileged share one budget
   (/proc/sys/fs/pipe-user-pages-soft), the containers' root being one user on the whole machine, and who has used it
   up gets tiny ones. Its new size; 0: it is as it was, or no pipe. */
uint32_t pipe_enlarge(int fd);
void pipe_restore(int fd);

/* Pipes, or a terminal in the place of three. 0, or the stage that failed, with errno; what was opened then is
   still to be closed. */
int pipes_open(struct pipes *pipes, const struct request *request);

/* Keeps errno. */
void pipes_close(struct pipes *pipes);

#endif

/* Starts a program as the wanted user, in a session of its own. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <sys/types.h>

#include "request.h"

/* What a command has from us: stdin, stdout, stderr, and the third output where it was asked for. */
enum { COMMAND_FDS = 4 };

struct launch_failure {
  int stage;
  int error;
};

/* Descriptors 0 to 3 of this process become the program's. The pid, or -1 and why. Answers when the
   program runs or has failed to, so a failure is never an exit code. */
pid_t launch(struct request *request, struct launch_failure *failure);

/* The limit that the supervisor itself was given, before it raised its own. */
void launch_remember_limits(void);

#endif

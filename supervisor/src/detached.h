/* Commands that outlive their connection: started, kept after their end until they are forgotten. */
#ifndef DETACHED_H
#define DETACHED_H

#include "command.h"

enum { MOST_KEPT = 1024 };

/* Before it is started. false with errno: there is no room for its output. */
bool detached_prepare(struct command *command, const struct request *request);

/* It was started: from now on it belongs to nobody, and this connection is the first that reads it. */
void detached_begin(struct command *command, const struct request *request);

/* Takes what it has printed. true: there is more now. */
bool detached_run(struct command *command);

/* Known to nobody, and not running: may be freed. */
bool detached_is_over(const struct command *command);

/* It has ended: nobody can attach to it any more. */
void detached_forget(struct command *command);

/* Those that have ended and are kept. */
unsigned detached_kept(void);

#endif

/* The modes in which the program is the supervisor. Each answers the exit code. */
#ifndef SERVE_H
#define SERVE_H

int serve_init(void);
int serve_stdio(void);

/* Beside a container's main process; closes `ready` when it listens. */
int serve_beside(int ready);

#endif

/* One byte stream to and from a host. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>

struct connection;
struct talker;

enum mode { MODE_INIT = 1, MODE_BESIDE = 2, MODE_CHILD = 3 };

/* Takes the descriptors over. `link` is the process that handed them over, -1 when there is none: its end is
   the connection's end, and it is told of the connection's end by closing. */
bool connection_open(int in, int out, int link, enum mode mode);

/* It has something to tell. */
void connection_activate(struct connection *connection, struct talker *talker);

/* Sends what is to be sent, reads on where it had to stop; once a round. */
void connections_run(void);

/* Whether the supervisor goes on when its host is gone. */
bool connection_outlived(const struct connection *connection);

unsigned connections_open(void);

#endif

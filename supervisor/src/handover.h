/* How a stream gets to the supervisor of a container: `connect` hands its stdin and stdout over an abstract
   socket that only the supervisor's own user may use. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* The pid namespace is in the name: abstract names belong to the network namespace, which containers share
   at times. */
socklen_t handover_address(struct sockaddr_un *address);

/* Who is at the other end; 0 when that is not our own user in our own container. */
pid_t handover_peer(int socket);

/* false with EADDRINUSE where another one listens already. */
bool handover_listen(void);

/* Whether this process serves a container: what runs in it must not be what ends it. */
bool handover_listens(void);

/* Takes whoever still waits, then stops. */
void handover_stop(void);

/* Streams that were handed over become connections. */
unsigned handover_waiting(void);

enum { HANDOVER_OFFER = 'o', HANDOVER_TAKEN = 't' };

#endif

/* How long process 1 keeps its container: until its owner stops renewing, nobody has needed it for long, or its time
   is over. Counted here, so that no clock is compared and no host need be alive. */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>
#include <stdint.h>

/* A LEASE record. Renews what it names; what it does not name stays. false: malformed. */
bool lease_set(uint8_t *body, uint32_t length);

/* Once a round. true: the container is to end. */
bool lease_is_over(bool in_use);

#endif

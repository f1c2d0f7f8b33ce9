/* Whoever has frames for a host waits in its connection's line, where each has its turn. */
#ifndef TALKER_H
#define TALKER_H

#include <stdbool.h>

#include "outbox.h"

enum emitted { EMITTED_ALL, EMITTED_MORE, EMITTED_LAST };

struct talker {
  struct talker *next;
  bool waits;
  /* Puts its next frames into the outbox. LAST: it has nothing more to say, ever. */
  enum emitted (*emit)(struct talker *talker, struct outbox *outbox);
  /* After EMITTED_LAST. */
  void (*over)(struct talker *talker);
};

#endif

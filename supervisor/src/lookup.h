/* What a host asks about commands that it has not started itself: which there are, to read one, to forget one. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <stdint.h>

#include "talker.h"

struct connection;
struct viewer;

/* A list under way. */
struct listing {
  struct talker talker;
  uint32_t number; /* 0: none is */
  uint64_t after;  /* serial of the last that was told */
};

void lookup_attach(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length);
void lookup_list(struct connection *connection, uint32_t number);
void lookup_forget(struct connection *connection, uint32_t number, uint8_t *body, uint32_t length);

/* The connection is over: answers that nobody hears are freed. */
void lookup_drop(struct talker *talker);

#endif

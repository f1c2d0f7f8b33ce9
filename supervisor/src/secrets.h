/* The secrets of one command, in its monitor: written before it starts, destroyed when its tree is gone. */
#ifndef SECRETS_H
#define SECRETS_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

struct identity;
struct field;

enum secrets_state { SECRETS_NONE, SECRETS_GONE, SECRETS_LEFT };

/* Before the command starts; its environment is told where they lie. 0, or an errno with nothing left behind. */
int secrets_deliver(struct request *request, const struct identity *identity);

/* Empties, removes, and looks again. Safe to call again. */
enum secrets_state secrets_destroy(void);

/* When the next of them expires, on the clock of now_ms(); INT64_MAX: never. */
int64_t secrets_expire_at(void);

/* Destroys what has expired: a bit for each, in the order of SPAWN's fields that have a name. */
uint64_t secrets_expire(void);

/* Replaces the file of that name, or, with no bytes, destroys it. 0 or an errno. */
int secrets_replace(const struct field *field);

#endif

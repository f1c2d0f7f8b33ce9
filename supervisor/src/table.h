/* All commands, those of a connection by their number, and those that have one by their id. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct connection;
struct request;

void table_add(struct command *command);
void table_remove(struct command *command);
struct command *table_find(const struct connection *connection, uint32_t number);

/* Gives it the request's id, which is in nobody's use, the name of its program, of which the first bytes are kept, and
   its note. false: no memory. */
bool table_label(struct command *command, const struct request *request);
void table_unlabel(struct command *command);
struct command *table_find_id(const uint8_t *id, size_t length);

/* The list of all, the oldest first, first to last through `next`; `held` of them. */
struct command *table_first(void);
unsigned table_count(void);

#endif

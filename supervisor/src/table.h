/* All commands, and those of a connection by their number. */
#ifndef TABLE_H
#define TABLE_H

#include <stdint.h>

struct command;
struct connection;

void table_add(struct command *command);
void table_remove(struct command *command);
struct command *table_find(const struct connection *connection, uint32_t number);

/* The list of all, first to last through `next`; `held` of them. */
struct command *table_first(void);
unsigned table_count(void);

#endif

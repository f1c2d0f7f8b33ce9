#include "table.h"

#include <stddef.h>

#include "command.h"

enum { BUCKETS = 256 };

static struct command *buckets[BUCKETS];
static struct command *first;
static unsigned count;

static struct command **bucket(uint32_t number) { return &buckets[number % BUCKETS]; }

void table_add(struct command *command) {
  struct command **place = bucket(command->number);
  command->next_in_table = *place;
  *place = command;
  command->previous = NULL;
  command->next = first;
  if (first) first->previous = command;
  first = command;
  count++;
}

void table_remove(struct command *command) {
  struct command **place = bucket(command->number);
  while (*place && *place != command) place = &(*place)->next_in_table;
  if (*place) *place = command->next_in_table;
  if (command->previous) command->previous->next = command->next;
  else first = command->next;
  if (command->next) command->next->previous = command->previous;
  count--;
}

struct command *table_find(const struct connection *connection, uint32_t number) {
  struct command *command = *bucket(number);
  while (command && (command->number != number || command->connection != connection)) {
    command = command->next_in_table;
  }
  return command;
}

struct command *table_first(void) { return first; }

unsigned table_count(void) { return count; }

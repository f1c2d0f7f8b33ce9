#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { BUCKETS = 256, LONGEST_PROGRAM = 64 };

static struct command *buckets[BUCKETS];
static struct command *with_id[BUCKETS];
static struct command *first, *last;
static unsigned count;
static uint64_t serials;

static struct command **bucket(uint32_t number) { return &buckets[number % BUCKETS]; }

void table_add(struct command *command) {
  struct command **place = bucket(command->number);
  command->next_in_table = *place;
  *place = command;
  command->serial = ++serials;
  command->next = NULL;
  command->previous = last;
  if (last) last->next = command;
  else first = command;
  last = command;
  count++;
}

void table_remove(struct command *command) {
  struct command **place = bucket(command->number);
  while (*place && *place != command) place = &(*place)->next_in_table;
  if (*place) *place = command->next_in_table;
  if (command->previous) command->previous->next = command->next;
  else first = command->next;
  if (command->next) command->next->previous = command->previous;
  else last = command->previous;
  count--;
  table_unlabel(command);
}

struct command *table_find(const struct connection *connection, uint32_t number) {
  struct command *command = *bucket(number);
  while (command && (command->number != number || command->connection != connection)) {
    command = command->next_in_table;
  }
  return command;
}

static struct command **bucket_of_id(const uint8_t *id, size_t length) {
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < length; i++) hash = (hash ^ id[i]) * 16777619U;
  return &with_id[hash % BUCKETS];
}

bool table_label(struct command *command, const struct request *request) {
  struct label sizes = {request->id_length, request->program_length, request->note_length};
  if (sizes.program_length > LONGEST_PROGRAM) sizes.program_length = LONGEST_PROGRAM;
  struct label *label = malloc(sizeof sizes + sizes.id_length + sizes.program_length + sizes.note_length);
  if (!label) return false;
  *label = sizes;
  uint8_t *at = label->bytes;
  memcpy(at, request->id, sizes.id_length);
  memcpy(at += sizes.id_length, request->program, sizes.program_length);
  if (sizes.note_length) memcpy(at + sizes.program_length, request->note, sizes.note_length);
  command->label = label;
  struct command **place = bucket_of_id(label->bytes, label->id_length);
  command->next_with_id = *place;
  *place = command;
  return true;
}

void table_unlabel(struct command *command) {
  if (!command->label) return;
  struct command **place = bucket_of_id(command->label->bytes, command->label->id_length);
  while (*place && *place != command) place = &(*place)->next_with_id;
  if (*place) *place = command->next_with_id;
  free(command->label);
  command->label = NULL;
}

struct command *table_find_id(const uint8_t *id, size_t length) {
  struct command *command = *bucket_of_id(id, length);
  for (; command; command = command->next_with_id) {
    if (command->label->id_length == length && memcmp(command->label->bytes, id, length) == 0) break;
  }
  return command;
}

struct command *table_first(void) { return first; }

unsigned table_count(void) { return count; }

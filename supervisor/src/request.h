/* What a SPAWN record asks for. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stdint.h>

enum spawn_flag {
  SPAWN_STDIN = 1,
  SPAWN_KEEP = 2,
  SPAWN_DEFAULTS = 4,
  SPAWN_BUILTIN = 8,
  SPAWN_DETACHED = 16,
  SPAWN_THIRD = 32,
  SPAWN_UNIQUE = 64,
};

enum { TAG_SECRET = 14, RUN_NAME = 16, LONGEST_NOTE = 16 << 10 };
enum spool_flag { SPOOL_BLOCKS = 1, SPOOL_IN_MEMORY = 2 };

enum { DEFAULT_GRACE_MS = 1000, DEFAULT_WINDOW = 65536, LONGEST_ID = 128 };

struct request {
  uint8_t *body; /* the record; strings point into it */
  uint32_t length;
  uint32_t argument_count;
  uint32_t variable_count;
  uint32_t flags;
  uint32_t grace_ms;
  uint32_t window;
  uint64_t timeout_ms, idle_ms; /* 0: none */
  uint16_t columns, rows;       /* 0: no terminal */
  uint32_t secret_count, secret_bytes, secret_variables;
  bool secret_files, names_user;
  uint32_t unique_id; /* 0: the user is named, or ours */
  char run[RUN_NAME + 1]; /* where there are any: the name of their folder */
  const uint8_t *id, *program, *note;
  uint32_t id_length, program_length, note_length; /* 0: there is none */
  uint64_t spool_bytes;
  uint32_t spool_flags;
  /* Filled by request_unpack. */
  char **argv;
  char **environment; /* with room for MOST_DEFAULTS and those of secrets */
  char *folder, *user, *path;
  struct field *secrets; /* as many as were counted */
};

enum { MOST_DEFAULTS = 4 };

enum request_result { REQUEST_OK, REQUEST_MALFORMED, REQUEST_REFUSED };

/* Reads and checks without changing the record. `why` names what is refused. */
enum request_result request_check(struct request *request, const char **why);

/* Makes the vectors and ends the strings in place: once, in the process that will run the command. */
bool request_unpack(struct request *request);

#endif

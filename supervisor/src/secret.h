/* One secret of a SPAWN or SECRET frame: a record of its own inside the field. */
#ifndef SECRET_H
#define SECRET_H

#include "request.h"

struct field;

enum {
  MOST_SECRETS = 64,
  LONGEST_SECRET = 64 << 10,
  MOST_SECRET_BYTES = 512 << 10,
  LONGEST_SECRET_NAME = 128,
};

enum secret_tag {
  SECRET_NAME = 1,
  SECRET_MODE = 2,
  SECRET_BYTES = 3,
  SECRET_LASTS = 4,
  SECRET_FILE_VARIABLE = 5,
  SECRET_FOLDER_VARIABLE = 6,
};

struct secret {
  char name[LONGEST_SECRET_NAME + 1]; /* of its file; empty: none, the environment holds it */
  uint32_t mode;
  const uint8_t *bytes; /* NULL: none were given */
  uint32_t length;
  uint64_t lasts_ms; /* 0: for good */
  uint32_t variable_count;
};

/* Reads and checks, without changing anything. `why` names what is refused. */
enum request_result secret_read(const struct field *field, struct secret *secret, const char **why);

/* The same for one of a request, whose counts it raises. */
enum request_result secret_check(struct request *request, const struct field *field, const char **why);

#endif

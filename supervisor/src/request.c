#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "record.h"
#include "secret.h"
#include "spool.h"

enum spawn_tag {
  TAG_ARGUMENT = 1,
  TAG_VARIABLE = 2,
  TAG_FOLDER = 3,
  TAG_USER = 4,
  TAG_FLAGS = 5,
  TAG_TIMEOUT = 6,
  TAG_GRACE = 7,
  TAG_PATH = 8,
  TAG_WINDOW = 9,
  TAG_ID = 10,
  TAG_IDLE = 11,
  TAG_TERMINAL = 12,
  TAG_SPOOL = 13,
  TAG_NOTE = 15,
};

static bool has_nul(const struct field *field) {
  return field->length > 0 && memchr(field->bytes, 0, field->length) != NULL;
}

static const char *check_text(const struct request *request, const struct field *field) {
  switch (field->tag) {
    case TAG_ARGUMENT:
      if (has_nul(field)) return "an argument holds a NUL byte";
      if (request->argument_count == 1 && field->length == 0) return "the program's name is empty";
      return NULL;
    case TAG_VARIABLE:
      if (has_nul(field)) return "an environment entry holds a NUL byte";
      if (field->length == 0 || field->bytes[0] == '=' || !memchr(field->bytes, '=', field->length)) {
        return "an environment entry is not NAME=value";
      }
      return NULL;
    case TAG_FOLDER:
      if (field->length == 0 || field->bytes[0] != '/') return "the working folder is not an absolute path";
      return has_nul(field) ? "the working folder holds a NUL byte" : NULL;
    case TAG_USER:
      if (field->length == 0) return "the user is empty";
      return has_nul(field) ? "the user holds a NUL byte" : NULL;
    case TAG_PATH: return has_nul(field) ? "PATH holds a NUL byte" : NULL;
    case TAG_ID:
      return field->length == 0 || field->length > LONGEST_ID ? "the id is not 1 to 128 bytes long" : NULL;
    case TAG_NOTE: return field->length > LONGEST_NOTE ? "the note is longer than 16384 bytes" : NULL;
    case TAG_TERMINAL: return request->columns && request->rows ? NULL : "the terminal's size is 0";
    default: return NULL;
  }
}

static bool take_size(struct request *request, const struct field *field) {
  if (field->length != 4) return false;
  request->columns = get_u16(field->bytes);
  request->rows = get_u16(field->bytes + 2);
  return true;
}

/* false: malformed. */
static bool check_spool(struct request *request, const struct field *spool) {
  struct record_reader reader = {.at = spool->bytes, .end = spool->bytes + spool->length};
  struct field field;
  enum record_step step;
  bool fits = true;
  while ((step = record_next(&reader, &field)) == RECORD_FIELD) {
    if (field.tag == 1) fits &= field_u64(&field, &request->spool_bytes);
    if (field.tag == 2) fits &= field_u32(&field, &request->spool_flags);
  }
  return fits && step == RECORD_END;
}

/* What is needed before the record is unpacked. */
static void note_texts(struct request *request, const struct field *field) {
  if (field->tag == TAG_ID) {
    request->id = field->bytes;
    request->id_length = field->length;
  } else if (field->tag == TAG_USER) {
    request->names_user = true;
  } else if (field->tag == TAG_NOTE) {
    request->note = field->bytes;
    request->note_length = field->length;
  } else if (field->tag == TAG_ARGUMENT && request->argument_count == 1) {
    request->program = field->bytes;
    request->program_length = field->length;
  }
}

static const char *check_together(const struct request *request) {
  if (request->argument_count == 0) return "there is no argument";
  if (request->secret_count > 0 && (request->flags & SPAWN_KEEP)) return "descendants cannot be kept with secrets";
  if (request->names_user && (request->flags & SPAWN_UNIQUE)) return "a user is named, and one of its own asked for";
  if (!(request->flags & SPAWN_DETACHED)) return NULL;
  if (request->id_length == 0) return "a detached command has no id";
  return request->flags & SPAWN_THIRD ? "a detached command has a third output" : NULL;
}

/* false: a number of the wrong width. */
static bool check_number(struct request *request, const struct field *field) {
  switch (field->tag) {
    case TAG_FLAGS: return field_u32(field, &request->flags);
    case TAG_TIMEOUT: return field_u64(field, &request->timeout_ms);
    case TAG_GRACE: return field_u32(field, &request->grace_ms);
    case TAG_IDLE: return field_u64(field, &request->idle_ms);
    case TAG_WINDOW: return field_u32(field, &request->window);
    case TAG_TERMINAL: return take_size(request, field);
    case TAG_SPOOL: return check_spool(request, field);
    default: return true;
  }
}

enum request_result request_check(struct request *request, const char **why) {
  struct record_reader reader = {.at = request->body, .end = request->body + request->length};
  struct field field;
  enum record_step step;
  request->grace_ms = DEFAULT_GRACE_MS;
  request->window = DEFAULT_WINDOW;
  request->spool_bytes = SPOOL_USUAL;
  *why = NULL;
  while ((step = record_next(&reader, &field)) == RECORD_FIELD) {
    if (field.tag == TAG_ARGUMENT) request->argument_count++;
    if (field.tag == TAG_VARIABLE) request->variable_count++;
    if (!check_number(request, &field)) return REQUEST_MALFORMED;
    note_texts(request, &field);
    if (!*why) *why = check_text(request, &field);
    if (!*why && field.tag == TAG_SECRET && secret_check(request, &field, why) == REQUEST_MALFORMED) {
      return REQUEST_MALFORMED;
    }
  }
  if (step == RECORD_MALFORMED) return REQUEST_MALFORMED;
  if (!*why) *why = check_together(request);
  return *why ? REQUEST_REFUSED : REQUEST_OK;
}

/* A field's text moves one byte to the front, over its own header, which makes room for its NUL. */
static char *terminate(const struct field *field) {
  char *text = (char *)field->bytes - 1;
  memmove(text, field->bytes, field->length);
  text[field->length] = 0;
  return text;
}

bool request_unpack(struct request *request) {
  request->argv = calloc(request->argument_count + 1, sizeof *request->argv);
  size_t variables_at_most = request->variable_count + MOST_DEFAULTS + request->secret_variables + 1;
  request->environment = calloc(variables_at_most + 1, sizeof *request->environment);
  request->secrets = calloc(request->secret_count + 1, sizeof *request->secrets);
  if (!request->argv || !request->environment || !request->secrets) return false;
  struct record_reader reader = {.at = request->body, .end = request->body + request->length};
  struct field field;
  size_t arguments = 0, variables = 0, secrets = 0;
  while (record_next(&reader, &field) == RECORD_FIELD) {
    switch (field.tag) {
      case TAG_ARGUMENT: request->argv[arguments++] = terminate(&field); break;
      case TAG_VARIABLE: request->environment[variables++] = terminate(&field); break;
      case TAG_FOLDER: request->folder = terminate(&field); break;
      case TAG_USER: request->user = terminate(&field); break;
      case TAG_PATH: request->path = terminate(&field); break;
      case TAG_SECRET: request->secrets[secrets++] = field; break;
      default: break;
    }
  }
  return true;
}

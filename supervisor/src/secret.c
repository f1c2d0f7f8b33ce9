#include "secret.h"

#include <string.h>

#include "record.h"

static bool is_file_name(const struct field *field) {
  if (field->length == 0 || field->length > LONGEST_SECRET_NAME) return false;
  if (memchr(field->bytes, 0, field->length) || memchr(field->bytes, '/', field->length)) return false;
  return !(field->bytes[0] == '.' && (field->length == 1 || (field->length == 2 && field->bytes[1] == '.')));
}

static bool is_variable(const struct field *field) {
  return field->length > 0 && field->length <= LONGEST_SECRET_NAME && !memchr(field->bytes, 0, field->length) &&
         !memchr(field->bytes, '=', field->length);
}

static const char *take(const struct field *field, struct secret *secret) {
  switch (field->tag) {
    case SECRET_NAME:
      if (!is_file_name(field)) return "a secret's name is not that of a file";
      memcpy(secret->name, field->bytes, field->length);
      secret->name[field->length] = 0;
      return NULL;
    case SECRET_BYTES:
      secret->bytes = field->bytes;
      secret->length = field->length;
      return field->length > LONGEST_SECRET ? "a secret is larger than 65536 bytes" : NULL;
    case SECRET_FILE_VARIABLE:
    case SECRET_FOLDER_VARIABLE:
      secret->variable_count++;
      return is_variable(field) ? NULL : "a secret's variable is none";
    default: return NULL;
  }
}

enum request_result secret_read(const struct field *outer, struct secret *secret, const char **why) {
  struct record_reader reader = {.at = outer->bytes, .end = outer->bytes + outer->length};
  struct field field;
  enum record_step step;
  *secret = (struct secret){.mode = 0400};
  *why = NULL;
  while ((step = record_next(&reader, &field)) == RECORD_FIELD) {
    if (field.tag == SECRET_MODE && !field_u32(&field, &secret->mode)) return REQUEST_MALFORMED;
    if (field.tag == SECRET_LASTS && !field_u64(&field, &secret->lasts_ms)) return REQUEST_MALFORMED;
    if (!*why) *why = take(&field, secret);
  }
  if (step == RECORD_MALFORMED) return REQUEST_MALFORMED;
  /* Nobody but the command's user: who else is in the container is not asked. */
  if (!*why && (secret->mode & ~0700U)) *why = "a secret's mode lets others in";
  if (!*why && !secret->name[0] && (secret->bytes || secret->variable_count)) *why = "a secret has no name";
  return *why ? REQUEST_REFUSED : REQUEST_OK;
}

enum request_result secret_check(struct request *request, const struct field *field, const char **why) {
  struct secret secret;
  enum request_result result = secret_read(field, &secret, why);
  if (result != REQUEST_OK) return result;
  request->secret_count++;
  request->secret_bytes += secret.length;
  request->secret_variables += secret.variable_count;
  request->secret_files |= secret.name[0] != 0;
  if (request->secret_count > MOST_SECRETS) *why = "there are more than 64 secrets";
  else if (request->secret_bytes > MOST_SECRET_BYTES) *why = "the secrets are larger than 524288 bytes";
  return *why ? REQUEST_REFUSED : REQUEST_OK;
}

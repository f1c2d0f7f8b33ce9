/* SPAWN records: whatever is accepted unpacks into as many strings and secrets as were counted, inside the record. */
#include "request.h"

#include "fuzz.h"
#include "record.h"
#include "secret.h"

static void check_secrets(const struct request *request, const uint8_t *end) {
  size_t total = 0, variables = 0;
  if (request->secret_count > MOST_SECRETS) abort();
  for (uint32_t i = 0; i < request->secret_count; i++) {
    struct secret secret;
    const char *why;
    if (secret_read(&request->secrets[i], &secret, &why) != REQUEST_OK) abort();
    if (secret.bytes && (secret.bytes < request->body || secret.bytes + secret.length > end)) abort();
    if (strchr(secret.name, '/') || strcmp(secret.name, "..") == 0 || strcmp(secret.name, ".") == 0) abort();
    if (secret.length > LONGEST_SECRET || (secret.mode & ~0700U)) abort();
    total += secret.length;
    variables += secret.variable_count;
  }
  if (total != request->secret_bytes || total > MOST_SECRET_BYTES || variables != request->secret_variables) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *body = malloc(size ? size : 1);
  if (!body) return 0;
  memcpy(body, data, size);
  struct request request = {.body = body, .length = (uint32_t)size};
  const char *why;
  if (request_check(&request, &why) == REQUEST_OK) {
    if (!request_unpack(&request)) abort();
    size_t arguments = 0, variables = 0, total = 0;
    for (; request.argv[arguments]; arguments++) total += strlen(request.argv[arguments]);
    for (; request.environment[variables]; variables++) total += strlen(request.environment[variables]);
    if (arguments != request.argument_count || variables != request.variable_count) abort();
    if (total > size || request.argv[0][0] == 0) abort();
    if (request.folder && request.folder[0] != '/') abort();
    check_secrets(&request, body + size);
  }
  free(request.argv);
  free(request.environment);
  free(request.secrets);
  free(body);
  return 0;
}

static const struct seed seeds[] = {
    SEED("\1\0\4\0\0\0true\5\0\4\0\0\0\1\0\0\0"),
    SEED("\1\0\2\0\0\0sh\1\0\0\0\0\0\2\0\3\0\0\0A=b\3\0\1\0\0\0/\4\0\3\0\0\0a:b"),
    SEED("\1\0\1\0\0\0x\6\0\10\0\0\0\1\0\0\0\0\0\0\0\7\0\4\0\0\0\1\0\0\0\10\0\4\0\0\0/bin\12\0\2\0\0\0id"),
    SEED("\1\0\1\0\0\0x\14\0\4\0\0\0\120\0\30\0"),
    SEED("\1\0\1\0\0\0x\16\0\31\0\0\0\1\0\1\0\0\0a\2\0\4\0\0\0\0\1\0\0\3\0\2\0\0\0vw"),
    SEED("\1\0\1\0\0\0x\16\0\35\0\0\0\1\0\2\0\0\0.a\4\0\10\0\0\0\1\0\0\0\0\0\0\0\5\0\1\0\0\0F\16\0\0\0\0\0"),
    SEED(""),
};

FUZZ_MAIN(seeds)

/* SPAWN records: whatever is accepted unpacks into as many strings as were counted, inside the record. */
#include "request.h"

#include "fuzz.h"

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
  }
  free(request.argv);
  free(request.environment);
  free(body);
  return 0;
}

static const struct seed seeds[] = {
    SEED("\1\0\4\0\0\0true\5\0\4\0\0\0\1\0\0\0"),
    SEED("\1\0\2\0\0\0sh\1\0\0\0\0\0\2\0\3\0\0\0A=b\3\0\1\0\0\0/\4\0\3\0\0\0a:b"),
    SEED("\1\0\1\0\0\0x\6\0\10\0\0\0\1\0\0\0\0\0\0\0\7\0\4\0\0\0\1\0\0\0\10\0\4\0\0\0/bin\12\0\2\0\0\0id"),
    SEED("\1\0\1\0\0\0x\14\0\4\0\0\0\120\0\30\0"),
    SEED(""),
};

FUZZ_MAIN(seeds)

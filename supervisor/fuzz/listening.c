/* Lines of /proc/net/tcp and tcp6. The first line of the input is an address, the second a line of the table. */
#include "listening.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t address[ADDRESS_SIZE];
  char *text = malloc(size + 1);
  if (!text) return 0;
  memcpy(text, data, size);
  text[size] = 0;
  char *line = strchr(text, '\n');
  if (line) *line++ = 0;
  bool given = parse_address(text, address);
  if (given && strlen(text) != 32) abort();
  if (line) {
    bool found = is_listening(line, 8080, given ? address : NULL);
    if (found && !is_listening(line, 8080, NULL)) abort();
    if (is_listening(line, 8081, NULL) && is_listening(line, 8080, NULL)) abort();
  }
  free(text);
  return 0;
}

static const struct seed seeds[] = {
    SEED("00000000000000000000ffff7f000001\n"
         "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0"),
    SEED("00000000000000000000000000000001\n"
         "   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0"),
    SEED("00000000000000000000ffff00000000\n"
         "  12: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10"),
    SEED("\n  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"),
};

/* What the kernel writes is understood. */
__attribute__((constructor)) static void check_seeds(void) {
  for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
    const char *line = strchr(seeds[i].bytes, '\n') + 1;
    if (is_listening(line, 8080, NULL) != (line[2] != 's')) abort();
  }
}

FUZZ_MAIN(seeds)

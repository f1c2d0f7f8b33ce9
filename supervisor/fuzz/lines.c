/* The line reader against the plainest one, on files that are longer than its buffer too. */
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int file = -1;
  if (file < 0) file = memfd_create("lines", MFD_CLOEXEC);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) abort();
  lseek(file, 0, SEEK_SET);
  struct line_reader reader = {.fd = file};
  const uint8_t *at = data, *end = data + size;
  while (at < end) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    size_t length = (size_t)((newline ? newline : end) - at);
    /* A line of which the buffer cannot hold all is skipped. */
    if (length < sizeof reader.buffer - 1) {
      const char *line = next_line(&reader);
      if (!line || memcmp(line, at, length) != 0 || line[length] != 0) abort();
    }
    at += length + (newline != NULL);
  }
  if (next_line(&reader)) abort();
  return 0;
}

static char long_lines[8000];

__attribute__((constructor)) static void fill(void) {
  memset(long_lines, 'x', sizeof long_lines);
  for (size_t i = 4094; i < 4098; i++) long_lines[i] = '\n';
  long_lines[6000] = '\n';
}

static const struct seed seeds[] = {
    SEED("one\ntwo\n\nthree"),
    {long_lines, 4000},
    {long_lines, 4095},
    {long_lines, sizeof long_lines},
    {long_lines + 1, 4096},
};

FUZZ_MAIN(seeds)

/* A fuzzer without tools: mutates seeds for some seconds, the same way in every run. The function has the shape
   that libFuzzer and AFL++ take, and with -DFUZZ_ENGINE this driver stays out of their way. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
  const char *bytes;
  size_t length;
};

#define SEED(text) {(text), sizeof(text) - 1}

#ifdef FUZZ_ENGINE
#define FUZZ_MAIN(seeds)
#else
#define FUZZ_MAIN(seeds)                                                              \
  int main(int count, char **arguments) {                                             \
    return fuzz((seeds), sizeof(seeds) / sizeof *(seeds), count > 1 ? arguments[1] : "1"); \
  }

enum { LONGEST_INPUT = 8192 };

static uint32_t fuzz_state = 1;

static uint32_t fuzz_random(uint32_t below) {
  fuzz_state = fuzz_state * 1664525U + 1013904223U;
  return (uint32_t)(((uint64_t)(fuzz_state >> 8) * below) >> 24);
}

static size_t fuzz_mutate(uint8_t *input, size_t length) {
  static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '\n', ':', ',', '=', '/', '-', '9'};
  for (uint32_t times = 1 + fuzz_random(8); times > 0; times--) {
    size_t at = fuzz_random((uint32_t)length + 1);
    switch (fuzz_random(5)) {
      case 0:
        if (at < length) input[at] = (uint8_t)fuzz_random(256);
        break;
      case 1:
        if (at < length) input[at] = telling[fuzz_random(sizeof telling)];
        break;
      case 2:
        length = at;
        break;
      case 3:
        if (length == LONGEST_INPUT) break;
        memmove(input + at + 1, input + at, length++ - at);
        input[at] = telling[fuzz_random(sizeof telling)];
        break;
      default: {
        size_t copied = fuzz_random((uint32_t)(length - at) + 1);
        if (length + copied > LONGEST_INPUT) break;
        memmove(input + at + copied, input + at, length - at);
        length += copied;
      }
    }
  }
  return length;
}

static int fuzz(const struct seed *seeds, size_t count, const char *seconds) {
  static uint8_t input[LONGEST_INPUT];
  unsigned long runs = 0;
  time_t end = time(NULL) + atoi(seconds);
  while (time(NULL) < end) {
    for (int i = 0; i < 1000; i++, runs++) {
      const struct seed *seed = &seeds[fuzz_random((uint32_t)count)];
      memcpy(input, seed->bytes, seed->length);
      size_t length = fuzz_mutate(input, seed->length);
      /* Memory of exactly that size, so that a byte too far is found. */
      uint8_t *exact = malloc(length ? length : 1);
      if (!exact) return 1;
      memcpy(exact, input, length);
      LLVMFuzzerTestOneInput(exact, length);
      free(exact);
    }
  }
  printf("%lu runs\n", runs);
  return 0;
}
#endif

#endif

/* A life of work, waits and pauses in any order, each byte a step of it: what the clock tells is what could be used. */
#include "clock.h"

#include <stdbool.h>

#include "fuzz.h"

/* Pauses are longer than what is taken for a late wait; work, than what is taken for none. */
enum { SHORTEST_PAUSE_MS = 1000 };

static int64_t machine_ms = 1;

int clock_gettime(clockid_t clock, struct timespec *time) {
  (void)clock;
  *time = (struct timespec){.tv_sec = machine_ms / 1000, .tv_nsec = machine_ms % 1000 * 1000000};
  return 0;
}

static int64_t pause_for(uint8_t step) {
  int64_t ms = SHORTEST_PAUSE_MS + step * 10;
  machine_ms += ms;
  return ms;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int64_t began = now_ms(), used = 0, pauses = 0;
  uint64_t paused_before = clock_paused_ms();
  int64_t paused = 0;
  for (size_t i = 0; i < size; i++) {
    int64_t ms = data[i] / 4 % 32;
    bool pauses_now = data[i] >= 200;
    if (pauses_now) pauses++;
    machine_ms += ms;
    used += ms;
    if (pauses_now && data[i] % 2) paused += pause_for(data[i]);
    /* The half of the steps is work alone; the others are waits, which news may end before their time. */
    if (data[i] % 4 < 2) {
      int64_t asked = ms * 8 > CLOCK_STEP_MS ? CLOCK_STEP_MS : ms * 8;
      if (pauses_now && data[i] % 2 == 0) paused += pause_for(data[i]);
      clock_waited(asked);
    } else if (pauses_now && data[i] % 2 == 0) {
      paused += pause_for(data[i]);
    }
    int64_t told = now_ms() - began;
    if (told < used - 32 * pauses || told > used + CLOCK_STEP_MS * pauses) abort();
  }
  int64_t counted = (int64_t)(clock_paused_ms() - paused_before);
  if (counted > paused + 32 * pauses || counted < paused - CLOCK_STEP_MS * pauses) abort();
  return 0;
}

static const struct seed seeds[] = {SEED("\x00\x01\x02\x03\x10\x11\x12\x13"), SEED("\xff\xfe\xfd\xfc\x20\x21"),
                                    SEED("\x04\xcb\x04\xca\x04\xc9\x04\xc8")};

FUZZ_MAIN(seeds)

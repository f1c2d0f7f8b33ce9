#include "lease.h"

#include "loop.h"
#include "record.h"

enum lease_kind { LEASE_RENEWED, LEASE_IDLE, LEASE_WHOLE, LEASES };

struct limit {
  uint64_t ms; /* 0: none */
  int64_t since;
};

static struct limit limits[LEASES];

bool lease_set(uint8_t *body, uint32_t length) {
  struct record_reader reader = {.at = body, .end = body + length};
  struct field field;
  enum record_step step;
  uint64_t ms[LEASES];
  bool named[LEASES] = {false};
  while ((step = record_next(&reader, &field)) == RECORD_FIELD) {
    if (field.tag < 1 || field.tag > LEASES) continue;
    if (!field_u64(&field, &ms[field.tag - 1])) return false;
    named[field.tag - 1] = true;
  }
  if (step != RECORD_END) return false;
  for (int i = 0; i < LEASES; i++) {
    if (named[i]) limits[i] = (struct limit){.ms = ms[i], .since = now_ms()};
  }
  return true;
}

bool lease_is_over(bool in_use) {
  static bool was_in_use;
  int64_t now = now_ms();
  /* The last look at it in use may be long ago: nothing woke us until its end. */
  if (in_use || was_in_use) limits[LEASE_IDLE].since = now;
  was_in_use = in_use;
  for (int i = 0; i < LEASES; i++) {
    const struct limit *limit = &limits[i];
    if (limit->ms == 0 || limit->ms > INT64_MAX / 2 || (i == LEASE_IDLE && in_use)) continue;
    int64_t end = limit->since + (int64_t)limit->ms;
    if (now >= end) return true;
    loop_wake_at(end);
  }
  return false;
}

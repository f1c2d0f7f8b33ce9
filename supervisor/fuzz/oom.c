/* Lines of /proc/self/cgroup, of which the container may have named the cgroups, and the files of the counter. */
#include "oom.h"

#include "fuzz.h"

static char *copy_of(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) abort();
  memcpy(text, data, size);
  text[size] = 0;
  return text;
}

/* The plainest way to find the number: line by line. */
static uint64_t expected(const uint8_t *data, size_t size) {
  char *text = copy_of(data, size);
  uint64_t number = 0;
  for (size_t at = 0; at < size;) {
    const uint8_t *newline = memchr(data + at, '\n', size - at);
    size_t end = newline ? (size_t)(newline - data) : size;
    if (end - at >= 9 && memcmp(data + at, "oom_kill ", 9) == 0) {
      for (at += 9; at < end && text[at] >= '0' && text[at] <= '9'; at++) number = number * 10 + (uint64_t)(text[at] - '0');
      break;
    }
    at = end + 1;
  }
  free(text);
  return number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct oom_places places;
  if (oom_number((const char *)data, size) != expected(data, size)) abort();
  char *line = copy_of(data, size);
  if (oom_places(line, &places)) {
    if (strnlen(places.own, LONGEST_COUNTER_PATH) == LONGEST_COUNTER_PATH) abort();
    if (places.own[0] && (strncmp(places.own, "/sys/fs/cgroup/", 15) != 0 || strstr(places.own, "/../"))) abort();
    if (strncmp(places.mounted, "/sys/fs/cgroup/", 15) != 0) abort();
  }
  free(line);
  return 0;
}

static const struct seed seeds[] = {
    SEED("4:memory:/docker/a471fac6288de0399efe74d003d4df3e5811dec9442d71720c1cc1cc6e3b1fa2"),
    SEED("11:cpu,memory,pids:/kubepods/burstable"),
    SEED("0::/system.slice/docker-a471.scope"),
    SEED("0::/../sibling"),
    SEED("0::/"),
    SEED("oom_kill_disable 0\nunder_oom 0\noom_kill 17\n"),
    SEED("low 0\nhigh 12\nmax 3\noom 9\noom_kill 4\noom_group_kill 0\n"),
    SEED("oom_kill 18446744073709551615\noom_kill 1"),
};

FUZZ_MAIN(seeds)

#include "oom.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "handover.h"
#include "text.h"

/* In thousandths of the memory that there is. */
enum { FIRST_BY = 100, HIGHEST_SCORE = 1000 };
static const char SCORE[] = "/proc/self/oom_score_adj";

static int counter = -1;
static char scores[2][DECIMAL_SIZE + 1];

uint64_t oom_number(const char *text, size_t length) {
  static const char key[] = "oom_kill ";
  enum { KEY = sizeof key - 1 };
  for (const char *at = text, *end = text + length; at && (size_t)(end - at) > KEY;) {
    if (memcmp(at, key, KEY) == 0) {
      uint64_t number = 0;
      for (at += KEY; at < end && *at >= '0' && *at <= '9'; at++) number = number * 10 + (uint64_t)(*at - '0');
      return number;
    }
    at = memchr(at, '\n', (size_t)(end - at));
    if (at) at++;
  }
  return 0;
}

static bool append(char *to, size_t *length, const char *text) {
  size_t more = strlen(text);
  if (*length + more >= LONGEST_COUNTER_PATH) return false;
  memcpy(to + *length, text, more + 1);
  *length += more;
  return true;
}

/* "cpu,memory" */
static bool lists_memory(const char *controllers) {
  for (const char *at = controllers; at; at = strchr(at, ',')) {
    if (*at == ',') at++;
    if (strncmp(at, "memory", 6) == 0 && (at[6] == ',' || at[6] == 0)) return true;
  }
  return false;
}

bool oom_places(char *line, struct oom_places *places) {
  char *controllers = strchr(line, ':');
  char *path = controllers ? strchr(controllers + 1, ':') : NULL;
  if (!path || path[1] != '/') return false;
  *path++ = 0;
  controllers++;
  bool second = strcmp(line, "0:") == 0; /* version 2: no controllers */
  if (!second && !lists_memory(controllers)) return false;
  const char *root = second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
  const char *file = second ? "/memory.events" : "/memory.oom_control";
  size_t length = 0;
  /* A cgroup outside of our namespace is shown as "/..". */
  if (strstr(path, "/..") || !append(places->own, &length, root) || !append(places->own, &length, path) ||
      !append(places->own, &length, file)) {
    places->own[0] = 0;
  }
  places->mounted = second ? "/sys/fs/cgroup/memory.events" : "/sys/fs/cgroup/memory/memory.oom_control";
  return true;
}

static void note_scores(void) {
  char text[8] = {0}, room[DECIMAL_SIZE];
  int fd = open_regular(SCORE);
  bool negative = read(fd, text, sizeof text - 1) > 0 && text[0] == '-';
  close(fd);
  long score = 0;
  for (const char *at = text + negative; *at >= '0' && *at <= '9'; at++) score = score * 10 + (*at - '0');
  if (negative) score = -score;
  for (enum oom_turn turn = OOM_MONITOR; turn <= OOM_COMMAND; turn++) {
    score = score + FIRST_BY < HIGHEST_SCORE ? score + FIRST_BY : HIGHEST_SCORE;
    const char *digits = decimal((unsigned long)(score < 0 ? -score : score), room);
    join(scores[turn], sizeof scores[turn], score < 0 ? "-" : "", digits, NULL);
  }
}

/* Version 1 comes first in the list, and where both are mounted it has the memory. */
void oom_open(void) {
  static struct line_reader reader;
  static struct oom_places places;
  note_scores();
  reader.fd = open_regular("/proc/self/cgroup");
  if (reader.fd < 0) return;
  for (char *line; counter < 0 && (line = next_line(&reader));) {
    if (!oom_places(line, &places)) continue;
    if (places.own[0]) counter = open_regular(places.own);
    if (counter < 0) counter = open_regular(places.mounted);
  }
  close(reader.fd);
}

uint64_t oom_count(void) {
  char text[512];
  ssize_t got = counter < 0 ? -1 : pread(counter, text, sizeof text, 0);
  return got < 0 ? 0 : oom_number(text, (size_t)got);
}

void oom_go_first(enum oom_turn turn) {
  if (!handover_listens()) return;
  int fd = open(SCORE, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!write(fd, scores[turn], strlen(scores[turn]));
  close(fd);
}

/* How often the kernel has killed a process of this container for want of memory, as its cgroup counts it. The kernel
   counts before it kills, so whoever has seen the end of the process finds it counted. */
#ifndef OOM_H
#define OOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the counter of this process's own cgroup, version 1 or 2. Where there is none, the count stays 0. */
void oom_open(void);

uint64_t oom_count(void);

/* For want of memory, however small they are, commands are to be killed before their monitors, and these before the
   supervisor. Said by each of itself; not where the supervisor serves no container. */
enum oom_turn { OOM_MONITOR, OOM_COMMAND };
void oom_go_first(enum oom_turn turn);

enum { LONGEST_COUNTER_PATH = 1024 };

/* A line of /proc/self/cgroup: where the cgroup that it names has its counter, and where it has it when the
   container's own cgroup is mounted in place of the whole tree. The line is written into. false: it names none. */
struct oom_places {
  char own[LONGEST_COUNTER_PATH];
  const char *mounted;
};
bool oom_places(char *line, struct oom_places *places);

/* The number after `oom_kill ` at the beginning of a line; 0 where there is none. */
uint64_t oom_number(const char *text, size_t length);

#endif

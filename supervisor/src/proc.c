#include "proc.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entries.h"
#include "text.h"

enum { LONGEST_PATH = 64 };

struct list {
  pid_t *pids;
  size_t count;
};

typedef void (*visitor)(struct list *list, pid_t number);

static void add(struct list *list, pid_t pid) {
  if (pid > 0 && list->count < MOST_DESCENDANTS) list->pids[list->count++] = pid;
}

/* Visits every entry of a folder whose name is a number. */
static void each_number(const char *path, struct list *list, visitor visit) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  struct folder entries;
  folder_start(&entries, folder);
  for (const char *name; (name = folder_next(&entries));) {
    if (name[0] >= '1' && name[0] <= '9') visit(list, atoi(name));
  }
  close(folder);
}

/* With `task`, "/proc/1/task/2/children"; without it, 0, "/proc/1/task". */
static void path_of(char path[LONGEST_PATH], pid_t pid, const char *file, pid_t task) {
  char process[DECIMAL_SIZE], number[DECIMAL_SIZE];
  const char *below = task ? decimal((unsigned long)task, number) : "";
  join(path, LONGEST_PATH, "/proc/", decimal((unsigned long)pid, process), file, below, task ? "/children" : "", NULL);
}

/* "12 345 6 ", in pieces of any size. */
static bool add_children(struct list *list, pid_t pid, pid_t task) {
  char path[LONGEST_PATH], buffer[1024];
  path_of(path, pid, "/task/", task);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  pid_t child = 0;
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) {
    for (ssize_t i = 0; i < got; i++) {
      if (buffer[i] >= '0' && buffer[i] <= '9') {
        child = child * 10 + (buffer[i] - '0');
        continue;
      }
      add(list, child);
      child = 0;
    }
  }
  add(list, child);
  close(fd);
  return true;
}

static pid_t process_visited;

static void visit_task(struct list *list, pid_t task) { add_children(list, process_visited, task); }

static void find_by_children(struct list *list) {
  for (size_t i = 0; i < list->count; i++) {
    char path[LONGEST_PATH];
    path_of(path, list->pids[i], "/task", 0);
    process_visited = list->pids[i];
    each_number(path, list, visit_task);
  }
}

static pid_t parent_of(pid_t pid) {
  char path[LONGEST_PATH], buffer[512];
  path_of(path, pid, "/stat", 0);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, buffer, sizeof buffer - 1);
  close(fd);
  if (got <= 0) return 0;
  buffer[got] = 0;
  /* The name may hold anything, parentheses and newlines too: the last one ends it. */
  const char *end = strrchr(buffer, ')');
  if (!end || strlen(end) < 5) return 0;
  return atoi(end + 4);
}

static bool holds(const struct list *list, pid_t pid) {
  for (size_t i = 0; i < list->count; i++) {
    if (list->pids[i] == pid) return true;
  }
  return false;
}

static void visit_process(struct list *list, pid_t pid) {
  pid_t parent = parent_of(pid);
  if (parent <= 0 || holds(list, pid)) return;
  if (parent == getpid() || holds(list, parent)) add(list, pid);
}

/* Where the kernel lists no children: all processes, until a pass finds nothing new. */
static void find_by_parents(struct list *list) {
  for (size_t before = SIZE_MAX; before != list->count;) {
    before = list->count;
    each_number("/proc", list, visit_process);
  }
}

size_t descendants_find(pid_t found[MOST_DESCENDANTS]) {
  struct list list = {.pids = found};
  if (add_children(&list, getpid(), getpid())) {
    find_by_children(&list);
  } else {
    find_by_parents(&list);
  }
  return list.count;
}

size_t descendants_of_strangers(pid_t found[MOST_DESCENDANTS], bool (*ours)(pid_t child)) {
  struct list list = {.pids = found};
  add_children(&list, getpid(), getpid());
  size_t strangers = 0;
  for (size_t i = 0; i < list.count; i++) {
    if (!ours(found[i])) found[strangers++] = found[i];
  }
  list.count = strangers;
  find_by_children(&list);
  return list.count;
}

unsigned long pid_namespace(void) {
  struct stat info;
  return stat("/proc/self/ns/pid", &info) == 0 ? (unsigned long)info.st_ino : 0;
}

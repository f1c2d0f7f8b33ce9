#include "builtin.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "frame.h"
#include "record.h"

struct builtin {
  char name[12];
  unsigned arguments;
  void (*run)(char **arguments);
};

enum failure_tag { TAG_ERROR = 1, TAG_PATH = 2 };

static const struct builtin builtins[] = {
    {"file-read", 4, file_read},     {"file-write", 0, file_write}, {"file-list", 2, file_list},
    {"file-stat", 2, file_stat},     {"file-mkdir", 3, file_mkdir}, {"file-move", 3, file_move},
    {"file-remove", 2, file_remove}, {"file-watch", 2, file_watch}, {"port-wait", 2, port_wait},
};

static uint8_t waiting[32 << 10];
static struct record_writer out = {.at = waiting, .end = waiting + sizeof waiting};

const struct builtin *builtin_find(char **argv) {
  unsigned arguments = 0;
  while (argv[arguments + 1]) arguments++;
  for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
    if (strcmp(builtins[i].name, argv[0]) == 0 && builtins[i].arguments == arguments) return &builtins[i];
  }
  return NULL;
}

_Noreturn void builtin_run(const struct builtin *builtin, char **argv) {
  builtin->run(argv + 1);
  builtin_flush();
  _exit(0);
}

_Noreturn void builtin_fail(int error, const char *path) {
  builtin_flush();
  uint8_t bytes[256 + 2 * FIELD_HEADER];
  struct record_writer record = {.at = bytes, .end = bytes + sizeof bytes};
  record_u32(&record, TAG_ERROR, (uint32_t)error);
  record_text(&record, TAG_PATH, path);
  write_all(2, bytes, (size_t)(record.at - bytes));
  _exit(1);
}

uint64_t builtin_number(const char *text) {
  uint64_t value = 0;
  const char *at = text;
  for (; *at >= '0' && *at <= '9' && at - text < 18; at++) value = value * 10 + (uint64_t)(*at - '0');
  if (at == text || *at) builtin_fail(EINVAL, text);
  return value;
}

void builtin_flush(void) {
  size_t length = (size_t)(out.at - waiting);
  out.at = waiting;
  /* Nobody is there to be told, either. */
  if (length > 0 && !write_all(1, waiting, length)) _exit(1);
}

void builtin_put(uint16_t tag, const void *bytes, size_t length) {
  if ((size_t)(out.end - out.at) < FIELD_HEADER + length) builtin_flush();
  record_put(&out, tag, bytes, length);
}

#include "text.h"

#include <stdarg.h>
#include <string.h>

#include "files.h"

const char *decimal(unsigned long number, char room[DECIMAL_SIZE]) {
  char *at = room + DECIMAL_SIZE - 1;
  *at = 0;
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return at;
}

static bool join_all(char *room, size_t size, va_list words) {
  size_t used = 0;
  bool fits = true;
  for (const char *word; fits && (word = va_arg(words, const char *));) {
    size_t length = strlen(word), left = size - 1 - used;
    fits = length <= left;
    if (!fits) length = left;
    memcpy(room + used, word, length);
    used += length;
  }
  room[used] = 0;
  return fits;
}

bool join(char *room, size_t size, ...) {
  va_list words;
  va_start(words, size);
  bool fits = join_all(room, size, words);
  va_end(words);
  return fits;
}

void say(int fd, ...) {
  char line[512];
  va_list words;
  va_start(words, fd);
  join_all(line, sizeof line - 1, words);
  va_end(words);
  size_t length = strlen(line);
  line[length] = '\n';
  write_all(fd, line, length + 1);
}

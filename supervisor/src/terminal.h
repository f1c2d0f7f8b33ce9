/* Pseudo-terminals, of the container's own. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  TERMINAL_MOST_HELD = 64 << 10, /* more than the kernel keeps of what was printed to one */
  LONGEST_END_OF_FILE = 2,
};

/* Opens one of this size, and the command's end of it. false with errno. */
bool terminal_open(int *ours, int *commands, uint16_t columns, uint16_t rows);

/* The programs in its foreground are told by SIGWINCH. */
void terminal_resize(int ours, uint16_t columns, uint16_t rows);

/* Whether there is anything to read now. */
bool terminal_has_output(int ours);

/* What is to be typed now for an end-of-file, after a line that is not ended or one that is; how much of it. */
size_t terminal_end_of_file(int ours, bool in_line, uint8_t typed[LONGEST_END_OF_FILE]);

#endif

/* Small helpers around descriptors, for files that an image controls. */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Closes every descriptor from `first` on, or to `last`. */
void close_between(int first, int last);
void close_from(int first);

/* Opens a regular file to read; never waits (a fifo under that name does not hang us). -1 with errno. */
int open_regular(const char *path);

/* Makes sure that 0, 1 and 2 are taken, so that no descriptor of ours gets these numbers. */
bool fill_standard_descriptors(void);

bool set_nonblocking(int fd);

/* false with errno. */
bool write_all(int fd, const void *from, size_t length);

/* Lines of a file through a fixed buffer. A line that does not fit is skipped. */
struct line_reader {
  int fd;
  size_t start, end;
  char buffer[4096];
};

/* The next line, without its newline and ended by NUL; NULL at the end. The caller may write into it. */
char *next_line(struct line_reader *reader);

#endif

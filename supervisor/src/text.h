/* Text put together from words; the C library's own way of it would be a fifth of the program. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { DECIMAL_SIZE = 21 };

/* The number's digits, in `room`. */
const char *decimal(unsigned long number, char room[DECIMAL_SIZE]);

/* The words up to NULL in a row, ended by NUL. false where they do not fit: what does is there then. */
__attribute__((sentinel)) bool join(char *room, size_t size, ...);

/* A line of words. */
__attribute__((sentinel)) void say(int fd, ...);

#endif

/* A file that appears whole or not at all, in place of the one that was there. One at a time. */
#ifndef REPLACE_H
#define REPLACE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Makes the folders on the way to a path. Ends the process where that fails. */
void make_parents(const char *path);

/* Begins one; a path that is a link stands for where that points to. The descriptor to write to. Where anything
   fails, now or later, nothing is left of it, and the process ends; so too on a signal that ends it. */
int replace_begin(const char *path);

/* Puts it in place. Mode and owner are those of `like`, else of what is replaced; `mode` is there to be used
   where it is not negative. */
void replace_finish(const struct stat *like, int mode, bool durable);

_Noreturn void replace_fail(int error);

#endif

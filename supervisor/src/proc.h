/* Descendants of this process as /proc shows them. Allocates nothing, forks nothing. */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { MOST_DESCENDANTS = 8192 };

/* Parents before their children, without this process. Where there are more than fit, the rest shows once
   these are gone. */
size_t descendants_find(pid_t found[MOST_DESCENDANTS]);

/* Children of this process that `ours` does not claim, and all that is below them. */
size_t descendants_of_strangers(pid_t found[MOST_DESCENDANTS], bool (*ours)(pid_t child));

/* The inode of this process's pid namespace, 0 where it cannot be told. */
unsigned long pid_namespace(void);

#endif

/* Users of their own: numbers that nobody else in the container has. */
#ifndef UNIQUE_USER_H
#define UNIQUE_USER_H

#include <sys/types.h>

/* A number that is nobody's: no entry of /etc/passwd has it, no command that is not verified gone, and, where numbers
   are many, hardly ever one that there was before. 0 with errno where there is none, or we are not root. */
uid_t unique_user(void);

#endif

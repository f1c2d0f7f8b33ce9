#ifndef CONNECT_H
#define CONNECT_H

#include <stdbool.h>

/* The mode `connect`: answers the exit code. */
int connect_main(bool start);

#endif

/* Commands that are functions of this program, for files and ports in places without any tool. Each runs in a
   process of its own that has become the wanted user. It ends with 0, or with 1 after a record on stderr. */
#ifndef BUILTIN_H
#define BUILTIN_H

#include <stddef.h>
#include <stdint.h>

struct builtin;

/* The one of that name, which takes as many arguments; else NULL. */
const struct builtin *builtin_find(char **argv);
_Noreturn void builtin_run(const struct builtin *builtin, char **argv);

/* For the functions themselves, which get the arguments after their name. */

/* Ends the process, saying why and for which path. */
_Noreturn void builtin_fail(int error, const char *path);

/* A decimal argument. */
uint64_t builtin_number(const char *text);

/* Puts a field on stdout, in time or with builtin_flush. */
void builtin_put(uint16_t tag, const void *bytes, size_t length);
void builtin_flush(void);

void file_read(char **arguments);
void file_write(char **arguments);
void file_list(char **arguments);
void file_stat(char **arguments);
void file_mkdir(char **arguments);
void file_move(char **arguments);
void file_remove(char **arguments);
void file_watch(char **arguments);
void port_wait(char **arguments);

#endif

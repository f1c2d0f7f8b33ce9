/* Where secrets lie: a folder for each run in one that only we can write to, in memory and never on a disk. The command
   owns its run's folder and may have done anything in it. */
#ifndef SECRET_FOLDER_H
#define SECRET_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"
#include "request.h"

enum { SECRET_RUN = RUN_NAME, LONGEST_SECRET_PATH = 64 };

struct run_folder {
  int base, folder; /* -1: none */
  char path[LONGEST_SECRET_PATH];
};

/* A name that nobody can foresee. */
bool run_name(char name[SECRET_RUN + 1]);

/* Makes the folder, for the time being ours. 0 or an errno: ENODEV where there is no tmpfs. */
int run_folder_make(struct run_folder *run, const char *name);

/* Removes it with all that is in it; true when it was looked for afterwards and is gone. */
bool run_folder_remove(const struct run_folder *run, const char *name);

/* The same where the monitor that made it is gone. */
bool run_folder_remove_lost(const char *name);

/* Where it lies, if it does. */
bool run_folder_find(const char *name, char path[LONGEST_SECRET_PATH]);

/* Removes what supervisors left that were killed; runs that go on hold a lock. */
void run_folders_sweep(void);

/* The answer to SECRET without a command: where was looked, and what lies there that belongs to no run. */
void run_folders_look(struct record_writer *writer);

/* Takes what was in it from every link and descriptor. Nothing is written over it: what a command has sent with
   sendfile or splice and nobody has read yet is the very same memory, and would be changed on its way. */
bool empty(int fd);

#endif

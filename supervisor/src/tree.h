/* Ends everything below this process, which must be a child subreaper: whatever a command starts, however it
   forks away, stays below, and wait's ECHILD is the kernel's word that nothing is left. */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The one descendant that is known without /proc, over which root may have mounted something else; 0: it is gone. */
void tree_remember(pid_t command);

/* To all descendants, and SIGCONT after it, since a stopped process would not notice. */
void tree_signal(int signal);

/* Reaps what has ended; false when there is no child at all. */
typedef bool (*reaper)(void *context);

/* SIGKILL in rounds until there is no child; false after about three seconds of trying. */
bool tree_kill(reaper reap, void *context);

/* SIGKILL for what a lost monitor left to this process; `ours` names the children that are none of that. */
void tree_kill_strangers(bool (*ours)(pid_t child));

/* Those still there, at most `most`. */
size_t tree_survivors(uint32_t *survivors, size_t most);

/* Waits for a child to end or the time to pass. SIGCHLD must be blocked outside of it. */
void wait_for_child(int64_t ms);

#endif

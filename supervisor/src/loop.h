/* The one event loop: descriptors, one deadline, children and the request to end. */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "clock.h"

/* What `pointer`, a member of it, is in. */
#define CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

struct source {
  int fd; /* -1 when there is none */
  void (*on_ready)(struct source *source, uint32_t events);
};

bool loop_open(void);

/* Where EPOLLET is among the events, whoever is told keeps in mind what is ready until there is no more. */
bool loop_add(struct source *source, uint32_t events);
void loop_change(const struct source *source, uint32_t events);

/* Takes the descriptor out before closing it: a child that was just forked may hold a copy, and epoll would
   go on reporting for it. */
void loop_close(struct source *source);

/* Frees at the end of the round, when no event of this round can still point to it. */
void loop_free_later(void *memory);

/* Asks for one more round without waiting. */
void loop_again(void);

/* Asks to be woken at a time of the monotonic clock, milliseconds. The earliest wish of a round counts. */
void loop_wake_at(int64_t at_ms);

/* Has the next wait end in time for a pause of the container to be noticed. */
void loop_notice_pauses(void);

/* One round: waits, tells every source that is ready, then frees what was set aside. */
void loop_round(void);

/* Set by signals. */
bool loop_children_changed(void); /* answers and clears */
bool loop_end_requested(void);

/* The signals as a command must find them; also the mask. */
void signals_reset_for_command(void);
void signals_set_up(void);

#endif

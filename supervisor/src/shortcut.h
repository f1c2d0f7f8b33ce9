/* The shortcut: streams through process 1's own stdin and stdout, which an engine's attach reaches in a fraction of
   the time that an exec takes. Everybody who attaches shares the two, so they carry parcels; and nobody's end is
   seen there, so a host must be heard from often. It goes on over a stream of its own as soon as it has one. */
#ifndef SHORTCUT_H
#define SHORTCUT_H

/* Where stdin and stdout are pipes; elsewhere there is none. */
void shortcut_open(void);

/* Carries what there is to carry; once a round. */
void shortcut_run(void);

#endif

#ifndef INSTALL_H
#define INSTALL_H

/* Copies this program to `folder`/supervisor, whole or not at all. Answers the exit code. */
int install_main(const char *folder);

#endif

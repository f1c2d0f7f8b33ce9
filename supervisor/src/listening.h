/* Lines of /proc/net/tcp and tcp6. */
#ifndef LISTENING_H
#define LISTENING_H

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_SIZE = 16 };

/* Whether a line is that of a socket that takes connections to a port at an address; NULL: at any. IPv4 addresses
   are written as IPv6 does (::ffff:127.0.0.1). */
bool is_listening(const char *line, unsigned port, const uint8_t *address);

/* 32 hexadecimal digits. */
bool parse_address(const char *text, uint8_t address[ADDRESS_SIZE]);

#endif

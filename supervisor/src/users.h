/* Users and groups from the container's own /etc/passwd and /etc/group, which the image controls: a bounded
   parser of our own, since the C library's would allocate, load modules or be taken in. */
#ifndef USERS_H
#define USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { MOST_GROUPS = 1024, LONGEST_HOME = 1024, LONGEST_NAME = 256 };

struct identity {
  uid_t uid;
  gid_t gid;
  size_t group_count;
  gid_t groups[MOST_GROUPS];
  char name[LONGEST_NAME]; /* empty where passwd has no entry */
  char home[LONGEST_HOME]; /* "/" where passwd has none */
};

enum user_result { USER_OK, USER_UNKNOWN, GROUP_UNKNOWN, USER_MALFORMED, USER_TOO_MANY_GROUPS };

/* `wanted` is `name`, `uid`, `name:group` or `uid:gid`, ended by NUL. */
enum user_result identity_find(const char *wanted, struct identity *identity);

/* The entry of a uid, for its home and name; the identity's groups are left empty, and its name where there is none. */
void identity_of_uid(uid_t uid, struct identity *identity);

/* Decimal, no sign, less than 2^32 - 1. */
bool parse_id(const char *text, unsigned *value);

#endif

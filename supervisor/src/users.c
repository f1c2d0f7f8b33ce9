#include "users.h"

#include <string.h>
#include <unistd.h>

#include "files.h"

bool parse_id(const char *text, unsigned *value) {
  unsigned long long sum = 0;
  if (*text == 0) return false;
  for (const char *p = text; *p; p++) {
    if (*p < '0' || *p > '9') return false;
    sum = sum * 10 + (unsigned)(*p - '0');
    if (sum >= 0xffffffffULL) return false;
  }
  *value = (unsigned)sum;
  return true;
}

/* Cuts a line at its colons; answers how many fields there are. */
static size_t split(char *line, char *fields[], size_t most) {
  size_t count = 0;
  while (line && count < most) {
    fields[count++] = line;
    line = strchr(line, ':');
    if (line) *line++ = 0;
  }
  return count;
}

static bool copy(char *to, size_t room, const char *from) {
  size_t length = strlen(from);
  if (length >= room) return false;
  memcpy(to, from, length + 1);
  return true;
}

/* The first entry whose name or uid is the wanted one, as the engine does. */
static bool find_passwd(const char *name, const unsigned *uid, struct identity *identity) {
  struct line_reader reader = {.fd = open_regular("/etc/passwd")};
  if (reader.fd < 0) return false;
  bool found = false;
  for (char *line; !found && (line = next_line(&reader));) {
    char *fields[7];
    unsigned entry_uid, entry_gid;
    size_t count = split(line, fields, 7);
    if (count < 4 || !parse_id(fields[2], &entry_uid) || !parse_id(fields[3], &entry_gid)) continue;
    if (!(name && strcmp(fields[0], name) == 0) && !(uid && entry_uid == *uid)) continue;
    if (!copy(identity->name, sizeof identity->name, fields[0])) continue;
    if (count < 6 || fields[5][0] != '/' || !copy(identity->home, sizeof identity->home, fields[5])) {
      copy(identity->home, sizeof identity->home, "/");
    }
    identity->uid = entry_uid;
    identity->gid = entry_gid;
    found = true;
  }
  close(reader.fd);
  return found;
}

static bool lists_member(char *members, const char *name) {
  while (members) {
    char *next = strchr(members, ',');
    if (next) *next++ = 0;
    if (strcmp(members, name) == 0) return true;
    members = next;
  }
  return false;
}

static bool find_group(const char *wanted, gid_t *gid) {
  unsigned number = 0;
  bool numeric = parse_id(wanted, &number), found = false;
  struct line_reader reader = {.fd = open_regular("/etc/group")};
  if (reader.fd >= 0) {
    for (char *line; !found && (line = next_line(&reader));) {
      char *fields[4];
      unsigned entry;
      if (split(line, fields, 4) < 3 || !parse_id(fields[2], &entry)) continue;
      found = strcmp(fields[0], wanted) == 0 || (numeric && entry == number);
      if (found) *gid = entry;
    }
    close(reader.fd);
  }
  if (!found && numeric) *gid = number;
  return found || numeric;
}

static bool add_group(struct identity *identity, gid_t gid) {
  for (size_t i = 0; i < identity->group_count; i++) {
    if (identity->groups[i] == gid) return true;
  }
  if (identity->group_count == MOST_GROUPS) return false;
  identity->groups[identity->group_count++] = gid;
  return true;
}

static bool add_memberships(struct identity *identity) {
  struct line_reader reader = {.fd = open_regular("/etc/group")};
  if (reader.fd < 0) return true;
  bool fits = true;
  for (char *line; fits && (line = next_line(&reader));) {
    char *fields[4];
    unsigned gid;
    if (split(line, fields, 4) < 4 || !parse_id(fields[2], &gid)) continue;
    if (lists_member(fields[3], identity->name)) fits = add_group(identity, gid);
  }
  close(reader.fd);
  return fits;
}

void identity_of_uid(uid_t uid, struct identity *identity) {
  unsigned number = uid;
  identity->group_count = 0;
  if (find_passwd(NULL, &number, identity)) return;
  identity->uid = uid;
  identity->gid = 0;
  identity->name[0] = 0;
  copy(identity->home, sizeof identity->home, "/");
}

enum user_result identity_find(const char *wanted, struct identity *identity) {
  char user[LONGEST_NAME];
  const char *colon = strchr(wanted, ':');
  size_t length = colon ? (size_t)(colon - wanted) : strlen(wanted);
  if (length == 0 || length >= sizeof user || (colon && colon[1] == 0)) return USER_MALFORMED;
  memcpy(user, wanted, length);
  user[length] = 0;

  unsigned uid;
  bool numeric = parse_id(user, &uid);
  identity->group_count = 0;
  if (!find_passwd(user, numeric ? &uid : NULL, identity)) {
    if (!numeric) return USER_UNKNOWN;
    identity_of_uid(uid, identity);
  }
  /* A group that is named replaces all memberships, as the engine does. */
  if (colon && !find_group(colon + 1, &identity->gid)) return GROUP_UNKNOWN;
  add_group(identity, identity->gid);
  if (!colon && identity->name[0] && !add_memberships(identity)) return USER_TOO_MANY_GROUPS;
  return USER_OK;
}

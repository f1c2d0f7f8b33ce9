#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"
#include "record.h"
#include "secret.h"
#include "secret_folder.h"
#include "text.h"
#include "users.h"

/* Held open: whatever the command renames or links, what is emptied is the file itself. */
struct held {
  int fd;
  int64_t expires_at;
  char name[LONGEST_SECRET_NAME + 1];
};

static struct {
  enum secrets_state state;
  char run[SECRET_RUN + 1];
  struct run_folder folder;
  uid_t uid;
  gid_t gid;
  unsigned count;
  struct held files[MOST_SECRETS];
} secrets;

/* Neither to a file nor, which only this value tells the kernel, to a program that collects them. */
static void forbid_core_dumps(void) {
  struct rlimit limit = {1, 1};
  setrlimit(RLIMIT_CORE, &limit);
}

static bool write_all(int fd, const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t wrote = write(fd, bytes + at, length - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    at += (size_t)wrote;
  }
  return true;
}

/* The mode before the owner, whose files we may not change. 0 or an errno. */
static int write_file(struct held *held, const char *name, const struct secret *secret) {
  held->fd = openat(secrets.folder.folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (held->fd < 0) return errno;
  held->expires_at = NEVER;
  if (secret->lasts_ms > 0 && secret->lasts_ms < INT64_MAX / 2) held->expires_at = now_ms() + (int64_t)secret->lasts_ms;
  if (write_all(held->fd, secret->bytes, secret->length) && fchmod(held->fd, secret->mode) == 0 &&
      fchown(held->fd, secrets.uid, secrets.gid) == 0) {
    return 0;
  }
  return errno;
}

static bool wipe(struct held *held) {
  if (held->fd < 0) return true;
  bool gone = empty(held->fd);
  close(held->fd);
  held->fd = -1;
  held->expires_at = NEVER;
  return gone;
}

/* The environment has room for them. */
static bool add_variable(char **environment, const char *name, size_t length, const char *folder, const char *file) {
  size_t size = length + strlen(folder) + strlen(file) + 3;
  char *entry = malloc(size);
  if (!entry) return false;
  memcpy(entry, name, length);
  join(entry + length, size - length, "=", folder, *file ? "/" : "", file, NULL);
  while (*environment) environment++;
  environment[0] = entry;
  environment[1] = NULL;
  return true;
}

static bool add_variables(char **environment, const struct field *field, const char *file) {
  struct record_reader reader = {.at = field->bytes, .end = field->bytes + field->length};
  struct field inner;
  while (record_next(&reader, &inner) == RECORD_FIELD) {
    if (inner.tag != SECRET_FILE_VARIABLE && inner.tag != SECRET_FOLDER_VARIABLE) continue;
    const char *name = inner.tag == SECRET_FILE_VARIABLE ? file : "";
    if (!add_variable(environment, (char *)inner.bytes, inner.length, secrets.folder.path, name)) return false;
  }
  return true;
}

static int deliver_one(struct request *request, const struct field *field) {
  struct secret secret;
  const char *why;
  if (secret_read(field, &secret, &why) != REQUEST_OK) return EINVAL;
  if (!secret.name[0]) return 0;
  struct held *held = &secrets.files[secrets.count++];
  memcpy(held->name, secret.name, sizeof held->name);
  int error = write_file(held, held->name, &secret);
  if (error) return error;
  return add_variables(request->environment, field, held->name) ? 0 : ENOMEM;
}

static int deliver_files(struct request *request, const struct identity *identity) {
  static const char variable[] = "ANYON_SECRETS_DIR";
  memcpy(secrets.run, request->run, sizeof secrets.run);
  secrets.uid = identity->uid;
  secrets.gid = identity->gid;
  secrets.folder.base = secrets.folder.folder = -1;
  int error = run_folder_make(&secrets.folder, secrets.run);
  for (uint32_t i = 0; !error && i < request->secret_count; i++) error = deliver_one(request, &request->secrets[i]);
  if (error) return error;
  if (!add_variable(request->environment, variable, sizeof variable - 1, secrets.folder.path, "")) return ENOMEM;
  return fchown(secrets.folder.folder, secrets.uid, secrets.gid) == 0 ? 0 : errno;
}

int secrets_deliver(struct request *request, const struct identity *identity) {
  if (request->secret_count == 0) return 0;
  forbid_core_dumps();
  secrets.state = SECRETS_LEFT;
  int error = request->secret_files ? deliver_files(request, identity) : 0;
  if (error) secrets_destroy();
  return error;
}

enum secrets_state secrets_destroy(void) {
  if (secrets.state != SECRETS_LEFT) return secrets.state;
  bool gone = true;
  for (unsigned i = 0; i < secrets.count; i++) gone &= wipe(&secrets.files[i]);
  if (secrets.folder.folder > 0) {
    gone &= run_folder_remove(&secrets.folder, secrets.run);
    close(secrets.folder.folder);
    close(secrets.folder.base);
    secrets.folder.folder = 0;
  }
  if (gone) secrets.state = SECRETS_GONE;
  return secrets.state;
}

int64_t secrets_expire_at(void) {
  int64_t at = NEVER;
  for (unsigned i = 0; i < secrets.count; i++) {
    if (secrets.files[i].expires_at < at) at = secrets.files[i].expires_at;
  }
  return at;
}

static void wipe_named(struct held *held) {
  wipe(held);
  unlinkat(secrets.folder.folder, held->name, 0);
}

uint64_t secrets_expire(void) {
  uint64_t expired = 0;
  if (secrets.count == 0) return 0;
  int64_t now = now_ms();
  for (unsigned i = 0; i < secrets.count; i++) {
    if (secrets.files[i].expires_at > now) continue;
    wipe_named(&secrets.files[i]);
    expired |= (uint64_t)1 << i;
  }
  return expired;
}

/* Readers see the old or the new one, whole; the old is emptied once its name is the new one's. */
static int replace(struct held *held, const struct secret *secret) {
  struct held fresh = {.fd = -1};
  char other[SECRET_RUN + 1];
  if (!run_name(other)) return EAGAIN;
  memcpy(fresh.name, held->name, sizeof fresh.name);
  int error = write_file(&fresh, other, secret);
  if (!error && renameat(secrets.folder.folder, other, secrets.folder.folder, held->name) != 0) error = errno;
  if (error) {
    wipe(&fresh);
    unlinkat(secrets.folder.folder, other, 0);
    return error;
  }
  wipe(held);
  *held = fresh;
  return 0;
}

int secrets_replace(const struct field *field) {
  struct secret secret;
  const char *why;
  if (secret_read(field, &secret, &why) != REQUEST_OK) return EINVAL;
  if (secrets.state != SECRETS_LEFT) return ENOENT;
  for (unsigned i = 0; i < secrets.count; i++) {
    if (strcmp(secrets.files[i].name, secret.name) != 0) continue;
    if (secret.bytes) return replace(&secrets.files[i], &secret);
    wipe_named(&secrets.files[i]);
    return 0;
  }
  return ENOENT;
}

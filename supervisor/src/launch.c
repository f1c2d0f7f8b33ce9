#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builtin.h"
#include "files.h"
#include "frame.h"
#include "loop.h"
#include "oom.h"
#include "text.h"
#include "secrets.h"
#include "users.h"

static const char USUAL_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

enum { LONGEST_PATH = 4096, CHILD_STACK = 32 << 10 };

struct plan {
  char **argv;
  char **environment;
  const char *folder; /* NULL: home, else the root */
  const char *path;
  const struct identity *identity;
  const struct builtin *builtin; /* NULL: a program */
  bool change_user;
  bool terminal; /* descriptor 0 becomes the controlling terminal */
  int failures; /* where the child says what failed; closes by itself when the program runs */
  char program[LONGEST_PATH];
};

static struct rlimit descriptors_limit;
static bool descriptors_limit_known;

void launch_remember_limits(void) {
  descriptors_limit_known = getrlimit(RLIMIT_NOFILE, &descriptors_limit) == 0;
  if (!descriptors_limit_known) return;
  struct rlimit raised = {.rlim_cur = descriptors_limit.rlim_max, .rlim_max = descriptors_limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &raised);
}

static const char *variable(char **environment, const char *name) {
  size_t length = strlen(name);
  for (; *environment; environment++) {
    if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=') {
      return *environment + length + 1;
    }
  }
  return NULL;
}

static void add_default(char **environment, const char *name, const char *value, char *room, size_t size) {
  if (variable(environment, name) || !value[0]) return;
  if (!join(room, size, name, "=", value, NULL)) return;
  while (*environment) environment++;
  environment[0] = room;
  environment[1] = NULL;
}

static void add_defaults(struct request *request, const struct identity *identity, const char *path) {
  static char home[LONGEST_HOME + 8], user[LONGEST_NAME + 8], logname[LONGEST_NAME + 8];
  static char search[8 << 10];
  add_default(request->environment, "PATH", path, search, sizeof search);
  add_default(request->environment, "HOME", identity->home, home, sizeof home);
  add_default(request->environment, "USER", identity->name, user, sizeof user);
  add_default(request->environment, "LOGNAME", identity->name, logname, sizeof logname);
}

/* Tries argv[0] in every folder of PATH. Answers only when none could be run. */
static int run_from_path(struct plan *plan) {
  const char *name = plan->argv[0];
  if (strchr(name, '/')) {
    execve(name, plan->argv, plan->environment);
    return errno;
  }
  int error = ENOENT;
  size_t name_length = strlen(name);
  for (const char *at = plan->path;; at++) {
    size_t length = strcspn(at, ":");
    if (length + name_length + 2 <= sizeof plan->program) {
      memcpy(plan->program, at, length);
      if (length > 0) plan->program[length++] = '/';
      memcpy(plan->program + length, name, name_length + 1);
      execve(plan->program, plan->argv, plan->environment);
      if (errno == EACCES) error = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) return errno;
    }
    at += strcspn(at, ":");
    if (*at == 0) return error;
  }
}

/* Raw calls: a C library's own would try to tell other threads, in memory that is not this process's own. */
static bool change_user(const struct identity *identity) {
  return syscall(SYS_setgroups, identity->group_count, identity->groups) == 0 &&
         syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid) == 0 &&
         syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid) == 0 &&
         prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; /* which the change may have undone */
}

static bool change_folder(const struct plan *plan) {
  if (plan->folder) return chdir(plan->folder) == 0;
  return chdir(plan->identity->home) == 0 || chdir("/") == 0;
}

static _Noreturn void run_builtin(const struct plan *plan) {
  close_from(3);
  builtin_run(plan->builtin, plan->argv);
}

/* On a stack that a sanitizer does not know. */
__attribute__((no_sanitize_address)) static int child(void *memory) {
  struct plan *plan = memory;
  struct launch_failure failure = {.stage = STAGE_TERMINAL};
  setsid();
  oom_go_first(OOM_COMMAND);
  umask(022);
  if (plan->terminal && ioctl(0, TIOCSCTTY, 0) != 0) goto failed;
  failure.stage = STAGE_USER;
  if (plan->change_user && !change_user(plan->identity)) goto failed;
  failure.stage = STAGE_FOLDER;
  if (!change_folder(plan)) goto failed;
  failure.stage = STAGE_EXEC;
  signals_reset_for_command();
  if (plan->builtin) run_builtin(plan);
  errno = run_from_path(plan);
failed:
  failure.error = errno;
  (void)!write(plan->failures, &failure, sizeof failure);
  _exit(127);
}

static enum user_result find_identity(const struct request *request, struct identity *identity) {
  if (request->unique_id) {
    identity_of_uid(request->unique_id, identity);
    identity->gid = request->unique_id;
    return USER_OK;
  }
  if (request->user) return identity_find(request->user, identity);
  identity->uid = geteuid();
  identity->gid = getegid();
  if (request->folder && !(request->flags & SPAWN_DEFAULTS)) return USER_OK;
  identity_of_uid(geteuid(), identity);
  identity->gid = getegid();
  return USER_OK;
}

static int user_error(enum user_result result) {
  return result == USER_MALFORMED ? EINVAL : result == USER_TOO_MANY_GROUPS ? E2BIG : ENOENT;
}

static pid_t fail(struct launch_failure *failure, int stage, int error) {
  *failure = (struct launch_failure){.stage = stage, .error = error};
  return -1;
}

/* The memory is shared until the program runs: no page table is copied, and as it is not dumpable, the command's
   user cannot trace the child in between. Emulators make a plain fork of it, hence the pipe. What is not followed
   by a program gets memory of its own. */
static pid_t make_child(struct plan *plan) {
  static _Alignas(16) char stack[CHILD_STACK];
  if (!plan->builtin) return clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, plan);
  pid_t pid = fork();
  if (pid == 0) _exit(child(plan));
  return pid;
}

static pid_t start(struct plan *plan, struct launch_failure *failure) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(failure, STAGE_FORK, errno);
  plan->failures = ends[1];
  pid_t pid = make_child(plan);
  int error = errno;
  close(ends[1]);
  ssize_t got = 0;
  while (pid > 0 && (got = read(ends[0], failure, sizeof *failure)) < 0 && errno == EINTR) {}
  close(ends[0]);
  if (pid < 0) return fail(failure, STAGE_FORK, error);
  if (got == 0) return pid;
  waitpid(pid, NULL, __WALL);
  return -1;
}

pid_t launch(struct request *request, struct launch_failure *failure) {
  static struct identity identity;
  static struct plan plan;
  enum user_result result = find_identity(request, &identity);
  if (result != USER_OK) return fail(failure, STAGE_USER, user_error(result));

  const char *path = request->path ? request->path : USUAL_PATH;
  if (request->flags & SPAWN_DEFAULTS) add_defaults(request, &identity, path);
  int error = secrets_deliver(request, &identity);
  if (error) return fail(failure, STAGE_SECRETS, error);
  const char *own_path = variable(request->environment, "PATH");
  bool same = identity.uid == geteuid() && identity.gid == getegid();
  plan.argv = request->argv;
  plan.builtin = request->flags & SPAWN_BUILTIN ? builtin_find(request->argv) : NULL;
  if (request->flags & SPAWN_BUILTIN && !plan.builtin) return fail(failure, STAGE_EXEC, ENOENT);
  plan.environment = request->environment;
  plan.folder = request->folder;
  plan.path = own_path ? own_path : path;
  plan.identity = &identity;
  plan.terminal = request->columns;
  /* Without root there is no changing, and nothing to change where the user is ours. */
  plan.change_user = (request->user || request->unique_id) && !(same && geteuid() != 0);
  if (identity.uid != geteuid()) {
    /* So that the command may open /dev/stdout, its terminal and their like again. */
    for (int fd = 0; fd < COMMAND_FDS; fd++) (void)!fchown(fd, identity.uid, (gid_t)-1);
  }
  if (descriptors_limit_known && descriptors_limit.rlim_cur != descriptors_limit.rlim_max &&
      setrlimit(RLIMIT_NOFILE, &descriptors_limit) != 0) {
    return fail(failure, STAGE_LIMITS, errno);
  }
  return start(&plan, failure);
}

/* anyon-supervisor: starts, watches and ends commands in a container. See PROTOCOL.md. */
#include <string.h>
#include <sys/utsname.h>

#include "connect.h"
#include "frame.h"
#include "install.h"
#include "serve.h"
#include "text.h"
#include "version.h"

static int version(void) {
  struct utsname machine;
  const char *architecture = uname(&machine) == 0 ? machine.machine : "unknown";
  char lowest[DECIMAL_SIZE], highest[DECIMAL_SIZE];
  say(1, "anyon-supervisor ", SUPERVISOR_VERSION, " protocol ", decimal(PROTOCOL_LOWEST, lowest), "-",
      decimal(PROTOCOL_HIGHEST, highest), " ", architecture, NULL);
  return 0;
}

static int usage(void) {
  say(2, "usage: anyon-supervisor init | connect [--start] | stdio | install DIR | version", NULL);
  return 2;
}

int main(int count, char **arguments) {
  const char *mode = count > 1 ? arguments[1] : "";
  if (strcmp(mode, "init") == 0 && count == 2) return serve_init();
  if (strcmp(mode, "stdio") == 0 && count == 2) return serve_stdio();
  if (strcmp(mode, "install") == 0 && count == 3) return install_main(arguments[2]);
  if (strcmp(mode, "version") == 0 && count == 2) return version();
  if (strcmp(mode, "connect") == 0 && count == 2) return connect_main(false);
  if (strcmp(mode, "connect") == 0 && count == 3 && strcmp(arguments[2], "--start") == 0) return connect_main(true);
  return usage();
}

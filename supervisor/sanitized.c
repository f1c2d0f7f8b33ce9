/* What the sanitizers are told, since a runner starts the supervisor with an empty environment. Findings go to files,
   as monitors have no stderr; and a program that is not dumpable cannot look for leaks. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void) { return "detect_leaks=0:log_path=" FINDINGS; }
const char *__ubsan_default_options(void) { return "print_stacktrace=1:log_path=" FINDINGS; }

/* What file-write reads from stdin, against a stand-in for the files: bytes go only into a file that was begun, and
   nothing is put in place but by its commit. */
#include "builtin.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "replace.h"

static jmp_buf failed;
static int sink = -1;
static bool begun;

_Noreturn void builtin_fail(int error, const char *path) {
  if (error == 0 || !path || begun) abort(); /* begun: something would be left behind */
  longjmp(failed, 1);
}

_Noreturn void replace_fail(int error) {
  if (!begun) abort();
  begun = false;
  builtin_fail(error, "");
}

int replace_begin(const char *path) {
  if (begun || strlen(path) >= 4096) abort();
  begun = true;
  return sink;
}

void replace_finish(const struct stat *like, int mode, bool durable) {
  (void)durable;
  if (!begun || like || mode > 07777) abort();
  begun = false;
}

void make_parents(const char *path) {
  if (strlen(path) >= 4096) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int source = -1;
  if (source < 0) source = memfd_create("source", MFD_CLOEXEC);
  if (sink < 0) sink = memfd_create("sink", MFD_CLOEXEC);
  if (ftruncate(source, 0) != 0 || ftruncate(sink, 0) != 0) abort();
  lseek(sink, 0, SEEK_SET);
  if (pwrite(source, data, size, 0) != (ssize_t)size) abort();
  lseek(source, 0, SEEK_SET);
  /* In one go, so that nothing of it is left in the reader's buffer for the next. */
  dup2(source, 0);
  begun = false;
  if (setjmp(failed) == 0) file_write(NULL);
  struct stat info;
  if (fstat(sink, &info) != 0 || (size_t)info.st_size > size) abort();
  return 0;
}

static const struct seed seeds[] = {
    SEED("\1\0\4\0\0\0\244\1\0\0\3\0\1\0\0\0a\4\0\3\0\0\0abc\5\0\0\0\0\0"),
    SEED("\2\0\4\0\0\0\1\0\0\0\3\0\3\0\0\0a/b\4\0\0\0\0\0\4\0\2\0\0\0xy\5\0\0\0\0\0\3\0\1\0\0\0c\5\0\0\0\0\0"),
    SEED("\3\0\1\0\0\0a\4\0\377\0\0\0abc"),
    SEED(""),
};

FUZZ_MAIN(seeds)

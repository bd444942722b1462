/* Have the system fail for SQLite and DuckDB: the FAIL_NTH-th FAIL_CALL on a file whose
 * path has FAIL_PATH in it fails with FAIL_CODE. Built and preloaded by
 * test_faults_databases.py; Linux with glibc alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long seen;

static int fails_at(const char *call, const char *path) {
  const char *wanted = getenv("FAIL_CALL"), *part = getenv("FAIL_PATH");
  if (!wanted || !part || strcmp(call, wanted) || !strstr(path, part)) return 0;
  if (atomic_fetch_add(&seen, 1) + 1 != atol(getenv("FAIL_NTH"))) return 0;
  const char *report = getenv("FAIL_REPORT");
  FILE *file = report ? fopen(report, "w") : NULL;
  if (file) {
    fprintf(file, "%s", path);
    fclose(file);
  }
  errno = atoi(getenv("FAIL_CODE"));
  return 1;
}

static int fails_on(const char *call, int descriptor) {
  char link[64], path[4096];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, sizeof path - 1);
  errno = before;
  if (size < 0) return 0;
  path[size] = 0;
  return fails_at(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_FILE(kind, type, name, parameters, arguments)                  \
  type name parameters {                                                  \
    return fails_on(kind, descriptor) ? -1 : REAL(name) arguments;        \
  }

ON_FILE("read", ssize_t, pread, (int descriptor, void *to, size_t size, off_t at),
        (descriptor, to, size, at))
ON_FILE("read", ssize_t, pread64, (int descriptor, void *to, size_t size, off64_t at),
        (descriptor, to, size, at))
ON_FILE("write", ssize_t, pwrite, (int descriptor, const void *from, size_t size, off_t at),
        (descriptor, from, size, at))
ON_FILE("write", ssize_t, pwrite64,
        (int descriptor, const void *from, size_t size, off64_t at),
        (descriptor, from, size, at))
ON_FILE("sync", int, fsync, (int descriptor), (descriptor))
ON_FILE("sync", int, fdatasync, (int descriptor), (descriptor))
ON_FILE("truncate", int, ftruncate, (int descriptor, off_t size), (descriptor, size))
ON_FILE("truncate", int, ftruncate64, (int descriptor, off64_t size), (descriptor, size))

#define OPENED(name)                                                      \
  int name(const char *path, int flags, ...) {                            \
    va_list more;                                                         \
    va_start(more, flags);                                                \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                         \
    return fails_at("open", path) ? -1 : REAL(name)(path, flags, mode);   \
  }

OPENED(open)
OPENED(open64)

int unlink(const char *path) {
  return fails_at("unlink", path) ? -1 : REAL(unlink)(path);
}

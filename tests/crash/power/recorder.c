/*
 * Notes everything that a process does to the files below a folder, for the tests of power cuts.
 *
 * Loaded before the C library (LD_PRELOAD), it stands in front of the calls that make, write, rename,
 * remove and sync files, and appends a record of each to a trace. POWER_ROOT names the folder,
 * POWER_TRACE the trace. Times are nanoseconds of the real-time clock.
 *
 * A record, in the byte order of the machine:
 *   kind (1), begun (8), done (8), file (8), offset (8), length (8), bytes of first path (2), of second
 *   path (2), both paths, and for W and L the data.
 * Kinds:
 *   E  first path is there, as file or folder number FILE; length 1 says a folder
 *   C  first path was made as FILE             D  as E, a folder was made
 *   W  data was written to FILE at OFFSET      T  FILE was cut or grown to LENGTH
 *   S  FILE was synced                         L  folder FILE was synced; data is its content then:
 *                                                 number (8), bytes of name (2) and name of each entry
 *   R  first path was renamed to second path   U  first path was removed
 *
 * Calls that the process makes past the C library are not seen. What they change in a folder is seen
 * in the listing of the next sync of that folder.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FILES = 65536, TRACE_FD = 60000, IS_FOLDER = 1 };

/* The function of the C library that this one stands in front of. */
#define BEHIND(result, name, ...)                 \
  static result (*behind_##name)(__VA_ARGS__);    \
  if (!behind_##name) behind_##name = dlsym(RTLD_NEXT, #name)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static char root[PATH_MAX];
static size_t root_length;

/* What is behind a descriptor; number 0: nothing of ours. */
static struct { uint64_t number; int is_folder; } open_files[MOST_FILES];

/* Every file has a number for its life; the number of an inode changes when it is used again. */
static struct Numbered { uint64_t inode, number; } *numbered;
static size_t count, room;
static uint64_t next_number = 1;

static ssize_t write_behind(int fd, const void *data, size_t size) {
  BEHIND(ssize_t, write, int, const void *, size_t);
  return behind_write(fd, data, size);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void put(const void *data, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t wrote = write_behind(trace, (const char *)data + done, size - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) abort();
    done += (size_t)wrote;
  }
}

/* One record; the caller holds the lock. */
static void note(char kind, uint64_t begun, uint64_t file, uint64_t offset, uint64_t length,
                 const char *first, const char *second, const void *data, size_t size) {
  uint64_t numbers[5] = {begun, now(), file, offset, length};
  uint16_t lengths[2] = {first ? (uint16_t)strlen(first) : 0, second ? (uint16_t)strlen(second) : 0};
  put(&kind, 1);
  put(numbers, sizeof numbers);
  put(lengths, sizeof lengths);
  if (first) put(first, lengths[0]);
  if (second) put(second, lengths[1]);
  if (size) put(data, size);
}

static uint64_t number_of(uint64_t inode, int is_new) {
  for (size_t at = 0; at < count; at++) {
    if (numbered[at].inode != inode) continue;
    if (is_new) numbered[at].number = next_number++;
    return numbered[at].number;
  }
  if (count == room) {
    room = room ? 2 * room : 1024;
    numbered = realloc(numbered, room * sizeof *numbered);
    if (!numbered) abort();
  }
  numbered[count] = (struct Numbered){inode, next_number++};
  return numbered[count++].number;
}

static int note_existing(const char *path, const struct stat *stat, int type, struct FTW *place) {
  (void)type, (void)place;
  uint64_t number = number_of(stat->st_ino, 0);
  note('E', 0, number, 0, S_ISDIR(stat->st_mode) ? IS_FOLDER : 0, path, NULL, NULL, 0);
  return 0;
}

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("POWER_ROOT"), *to = getenv("POWER_TRACE");
  if (!folder || !to) return;
  snprintf(root, sizeof root, "%s", folder);
  root_length = strlen(root);
  int low = open(to, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (low < 0) abort();
  int high = fcntl(low, F_DUPFD_CLOEXEC, TRACE_FD);
  if (high >= 0) close(low);
  trace = high >= 0 ? high : low;
  nftw(root, note_existing, 16, FTW_PHYS);
}

static int is_below(const char *path) {
  return trace >= 0 && !strncmp(path, root, root_length) &&
         (path[root_length] == '/' || !path[root_length]);
}

/* The whole path of a name; whether it is below the folder. */
static int whole(int folder, const char *path, char *out) {
  char base[PATH_MAX];
  if (path[0] == '/') {
    snprintf(out, PATH_MAX, "%s", path);
  } else {
    if (folder == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return 0;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t size = readlink(link, base, sizeof base - 1);
      if (size <= 0) return 0;
      base[size] = 0;
    }
    if (snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
  }
  for (size_t size = strlen(out); size > 1 && out[size - 1] == '/';) out[--size] = 0;
  return is_below(out);
}

static int is_ours(int fd) {
  return trace >= 0 && fd >= 0 && fd < MOST_FILES && open_files[fd].number;
}

static int open_noted(int folder, const char *path, int flags, mode_t mode) {
  BEHIND(int, openat, int, const char *, int, ...);
  char name[PATH_MAX];
  if (trace < 0 || !whole(folder, path, name)) return behind_openat(folder, path, flags, mode);
  pthread_mutex_lock(&lock);
  struct stat stat;
  int existed = !lstat(name, &stat);
  uint64_t begun = now();
  int fd = behind_openat(folder, path, flags, mode), error = errno;
  if (fd >= 0 && fd < MOST_FILES && !fstat(fd, &stat)) {
    uint64_t number = number_of(stat.st_ino, !existed);
    open_files[fd].number = number;
    open_files[fd].is_folder = S_ISDIR(stat.st_mode);
    if (!existed) note('C', begun, number, 0, 0, name, NULL, NULL, 0);
    else if (flags & O_TRUNC) note('T', begun, number, 0, 0, NULL, NULL, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define MODE_OF(flags)                      \
  mode_t mode = 0;                          \
  if ((flags) & (O_CREAT | O_TMPFILE)) {    \
    va_list more;                           \
    va_start(more, flags);                  \
    mode = va_arg(more, mode_t);            \
    va_end(more);                           \
  }

int open(const char *path, int flags, ...) { MODE_OF(flags) return open_noted(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return open_noted(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE_OF(flags) return open_noted(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE_OF(flags) return open_noted(folder, path, flags, mode); }

int close(int fd) {
  BEHIND(int, close, int);
  if (is_ours(fd)) {
    pthread_mutex_lock(&lock);
    open_files[fd].number = 0;
    pthread_mutex_unlock(&lock);
  }
  return behind_close(fd);
}

int fcntl(int fd, int command, ...) {
  BEHIND(int, fcntl, int, int, ...);
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  int result = behind_fcntl(fd, command, argument);
  int is_copy = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  if (is_copy && result >= 0 && result < MOST_FILES && is_ours(fd)) open_files[result] = open_files[fd];
  return result;
}

int fcntl64(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  return fcntl(fd, command, argument);
}

int dup(int fd) {
  BEHIND(int, dup, int);
  int result = behind_dup(fd);
  if (result >= 0 && result < MOST_FILES && is_ours(fd)) open_files[result] = open_files[fd];
  return result;
}

static void note_write(uint64_t begun, int fd, off64_t offset, const void *data, ssize_t size) {
  if (size <= 0) return;
  int error = errno;
  pthread_mutex_lock(&lock);
  note('W', begun, open_files[fd].number, (uint64_t)offset, (uint64_t)size, NULL, NULL, data, (size_t)size);
  pthread_mutex_unlock(&lock);
  errno = error;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  BEHIND(ssize_t, pwrite64, int, const void *, size_t, off64_t);
  uint64_t begun = now();
  ssize_t wrote = behind_pwrite64(fd, data, size, offset);
  if (is_ours(fd)) note_write(begun, fd, offset, data, wrote);
  return wrote;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

ssize_t write(int fd, const void *data, size_t size) {
  uint64_t begun = now();
  ssize_t wrote = write_behind(fd, data, size);
  if (wrote > 0 && is_ours(fd)) note_write(begun, fd, lseek64(fd, 0, SEEK_CUR) - wrote, data, wrote);
  return wrote;
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
  if (!is_ours(fd)) {
    BEHIND(ssize_t, writev, int, const struct iovec *, int);
    return behind_writev(fd, parts, number);
  }
  /* A short write is allowed, so the first part that is not empty will do. */
  for (int at = 0; at < number; at++)
    if (parts[at].iov_len) return write(fd, parts[at].iov_base, parts[at].iov_len);
  return 0;
}

/* The kernel copied into a file: what it holds now is read back. */
static void note_copied(uint64_t begun, int fd, ssize_t size) {
  if (size <= 0 || !is_ours(fd)) return;
  BEHIND(int, openat, int, const char *, int, ...);
  BEHIND(int, close, int);
  int error = errno;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  off64_t end = lseek64(fd, 0, SEEK_CUR);
  int reader = behind_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
  char *data = malloc((size_t)size);
  if (reader < 0 || !data) abort();
  for (ssize_t done = 0; done < size;) {
    ssize_t got = pread64(reader, data + done, (size_t)(size - done), end - size + done);
    if (got <= 0) abort();
    done += got;
  }
  behind_close(reader);
  note_write(begun, fd, end - size, data, size);
  free(data);
  errno = error;
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags) {
  BEHIND(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
  uint64_t begun = now();
  ssize_t copied = behind_copy_file_range(from, from_at, to, to_at, size, flags);
  note_copied(begun, to, copied);
  return copied;
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
  BEHIND(ssize_t, sendfile64, int, int, off64_t *, size_t);
  uint64_t begun = now();
  ssize_t copied = behind_sendfile64(to, from, at, size);
  note_copied(begun, to, copied);
  return copied;
}

int ftruncate64(int fd, off64_t length) {
  BEHIND(int, ftruncate64, int, off64_t);
  uint64_t begun = now();
  int result = behind_ftruncate64(fd, length), error = errno;
  if (!result && is_ours(fd)) {
    pthread_mutex_lock(&lock);
    note('T', begun, open_files[fd].number, 0, (uint64_t)length, NULL, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  errno = error;
  return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* What a folder holds; the caller holds the lock. */
static void note_listing(uint64_t begun, int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return;
  path[size] = 0;
  DIR *folder = opendir(path);
  if (!folder) return;
  char *list = NULL;
  size_t used = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    uint64_t number = number_of(entry->d_ino, 0);
    uint16_t length = (uint16_t)strlen(entry->d_name);
    list = realloc(list, used + sizeof number + sizeof length + length);
    if (!list) abort();
    memcpy(list + used, &number, sizeof number);
    memcpy(list + used + sizeof number, &length, sizeof length);
    memcpy(list + used + sizeof number + sizeof length, entry->d_name, length);
    used += sizeof number + sizeof length + length;
  }
  closedir(folder);
  note('L', begun, open_files[fd].number, 0, used, NULL, NULL, list, used);
  free(list);
}

static void note_sync(uint64_t begun, int fd) {
  int error = errno;
  pthread_mutex_lock(&lock);
  if (open_files[fd].is_folder) note_listing(begun, fd);
  else note('S', begun, open_files[fd].number, 0, 0, NULL, NULL, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
}

int fsync(int fd) {
  BEHIND(int, fsync, int);
  uint64_t begun = now();
  int result = behind_fsync(fd);
  if (!result && is_ours(fd)) note_sync(begun, fd);
  return result;
}

int fdatasync(int fd) {
  BEHIND(int, fdatasync, int);
  uint64_t begun = now();
  int result = behind_fdatasync(fd);
  if (!result && is_ours(fd)) note_sync(begun, fd);
  return result;
}

/* Does something to names under the lock, so that the order of records is that of the changes. */
#define NAMED(kind, call, first, second)                                              \
  pthread_mutex_lock(&lock);                                                          \
  uint64_t begun = now();                                                             \
  int result = call, error = errno;                                                   \
  if (!result) note(kind, begun, 0, 0, 0, first, second, NULL, 0);                    \
  pthread_mutex_unlock(&lock);                                                        \
  errno = error;                                                                      \
  return result

int mkdir(const char *path, mode_t mode) {
  BEHIND(int, mkdir, const char *, mode_t);
  char name[PATH_MAX];
  if (trace < 0 || !whole(AT_FDCWD, path, name)) return behind_mkdir(path, mode);
  pthread_mutex_lock(&lock);
  uint64_t begun = now();
  int result = behind_mkdir(path, mode), error = errno;
  struct stat stat;
  if (!result && !lstat(name, &stat)) note('D', begun, number_of(stat.st_ino, 1), 0, IS_FOLDER, name, NULL, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int rename(const char *from, const char *to) {
  BEHIND(int, rename, const char *, const char *);
  char old[PATH_MAX], new[PATH_MAX];
  if (trace < 0 || !whole(AT_FDCWD, from, old) || !whole(AT_FDCWD, to, new)) return behind_rename(from, to);
  NAMED('R', behind_rename(from, to), old, new);
}

int unlink(const char *path) {
  BEHIND(int, unlink, const char *);
  char name[PATH_MAX];
  if (trace < 0 || !whole(AT_FDCWD, path, name)) return behind_unlink(path);
  NAMED('U', behind_unlink(path), name, NULL);
}

int unlinkat(int folder, const char *path, int flags) {
  BEHIND(int, unlinkat, int, const char *, int);
  char name[PATH_MAX];
  if (trace < 0 || !whole(folder, path, name)) return behind_unlinkat(folder, path, flags);
  NAMED('U', behind_unlinkat(folder, path, flags), name, NULL);
}

int rmdir(const char *path) {
  BEHIND(int, rmdir, const char *);
  char name[PATH_MAX];
  if (trace < 0 || !whole(AT_FDCWD, path, name)) return behind_rmdir(path);
  NAMED('U', behind_rmdir(path), name, NULL);
}

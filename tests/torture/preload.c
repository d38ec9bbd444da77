/* Preloaded into our command and the gits that it starts: it counts their file system calls, does a deed at one of them,
   and writes down what they write. preloaded.py compiles it, gives it its orders, and has the same struct. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { READS = 1, NEEDS_ROOM = 2, CHANGES = 4 };
enum deed { KILL = -1, TEAR = -2 }; /* any other is an errno */

struct orders {
    int64_t at, always, deed, kinds; /* the number of the call, counted from 1; 0 is none */
    int64_t calls, done;             /* how many there were, and how often the deed was done */
    char below[1024], where[1024];   /* calls on files below this directory count; which call the deed was done at */
};

static struct orders *orders; /* shared by all processes of a command */
static int record = -1;

void torture_arm(void)
{
    const char *path = getenv("TORTURE_ORDERS");
    if (!path || orders)
        return;
    int file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if ((path = getenv("TORTURE_RECORD")))
        record = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (map == MAP_FAILED)
        abort();
    orders = map;
}

/* Our command is forked from a process that has the library already, and arms it itself; a git starts with it. */
__attribute__((constructor)) static void arm_at_start(void) { torture_arm(); }

static void link_target(const char *name, char *out)
{
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, name, out, PATH_MAX - 1);
    out[length > 0 ? length : 0] = 0;
}

static void path_of(int fd, char *out)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    link_target(name, out);
}

static void path_at(int directory, const char *path, char *out)
{
    char above[PATH_MAX] = "";
    if (path[0] != '/' && directory == AT_FDCWD)
        link_target("/proc/self/cwd", above);
    else if (path[0] != '/')
        path_of(directory, above);
    snprintf(out, PATH_MAX, "%s%s%s", above, *above ? "/" : "", path);
}

static bool counts(const char *path)
{
    size_t length = strlen(orders->below);
    return !strncmp(path, orders->below, length) && (path[length] == '/' || !path[length]);
}

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); }

/* Count a call. Returns 0 if it is to be made, -1 if it fails, and 1 if half of it is written before the process dies. */
static int strike(enum kind kind, const char *call, const char *path)
{
    if (!(orders->kinds & kind) || !counts(path))
        return 0;
    int64_t number = __atomic_add_fetch(&orders->calls, 1, __ATOMIC_SEQ_CST);
    if (!orders->at || number < orders->at || (number > orders->at && !orders->always))
        return 0;
    if (!orders->done++)
        snprintf(orders->where, sizeof orders->where, "%s %.900s", call, path);
    if (orders->deed == TEAR && strstr(call, "write"))
        return 1;
    if (orders->deed < 0)
        die();
    errno = orders->deed;
    return -1;
}

static void note(const char *change, const char *path, int64_t offset, const void *data, size_t length)
{
    if (record < 0 || !counts(path) || strstr(path, " (deleted)")) /* a file without a name is gone after any cut */
        return;
    char head[PATH_MAX + 64];
    int size = snprintf(head, sizeof head, "%s %lld %zu %s\n", change, (long long)offset, length, path);
    struct iovec parts[] = {{head, size}, {(void *)data, length}};
    syscall(SYS_writev, record, parts, data ? 2 : 1);
}

/* A call on a file: DO makes it, NOTE says what it did. `full` is the path of the file, "" without orders. */
#define ON(kind, call, FIND_PATH, NOTE, DO)     \
    char full[PATH_MAX];                        \
    full[0] = 0;                                \
    if (orders)                                 \
        FIND_PATH;                              \
    if (orders && strike(kind, call, full))     \
        return -1;                              \
    ssize_t result = DO;                        \
    if (orders && result >= 0)                  \
        NOTE;                                   \
    return result
#define ON_PATH(kind, call, directory, path, NOTE, DO) ON(kind, call, path_at(directory, path, full), NOTE, DO)
#define ON_FILE(kind, call, fd, NOTE, DO) ON(kind, call, path_of(fd, full), NOTE, DO)

static ssize_t put(int fd, const void *data, size_t size, int64_t offset, bool at_cursor)
{
    char full[PATH_MAX];
    full[0] = 0;
    int struck = 0;
    if (orders) {
        path_of(fd, full);
        if ((struck = strike(NEEDS_ROOM, "write", full)) < 0)
            return -1;
    }
    if (struck)
        size /= 2;
    ssize_t result = at_cursor ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, offset);
    if (struck)
        die();
    if (orders && record >= 0 && result > 0 && counts(full))
        note("write", full, at_cursor ? syscall(SYS_lseek, fd, 0, SEEK_CUR) - result : offset, data, result);
    return result;
}

ssize_t write(int fd, const void *data, size_t size) { return put(fd, data, size, 0, true); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return put(fd, data, size, offset, false); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return put(fd, data, size, offset, false); }

/* Write down a part of a file that was written without our seeing it. */
static void note_written(const char *path, int64_t offset, size_t size)
{
    void *data = record >= 0 && counts(path) ? malloc(size) : NULL;
    int again = data ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (again >= 0 && syscall(SYS_pread64, again, data, size, offset) == (ssize_t)size)
        note("write", path, offset, data, size);
    if (again >= 0)
        syscall(SYS_close, again);
    free(data);
}

ssize_t sendfile64(int fd, int from, off64_t *offset, size_t size)
{
    ON_FILE(NEEDS_ROOM, "sendfile", fd, note_written(full, syscall(SYS_lseek, fd, 0, SEEK_CUR) - result, result),
            syscall(SYS_sendfile, fd, from, offset, size));
}
ssize_t sendfile(int fd, int from, off_t *offset, size_t size) { return sendfile64(fd, from, offset, size); }

/* What is printed into a stream is written by libc itself, mostly when it is closed. */
int fclose(FILE *stream)
{
    int (*close_it)(FILE *) = (int (*)(FILE *))dlsym(RTLD_NEXT, "fclose");
    char full[PATH_MAX];
    full[0] = 0;
    if (!orders || !__fwritable(stream))
        return close_it(stream);
    path_of(fileno(stream), full);
    int struck = strike(NEEDS_ROOM, "fclose", full), error = errno;
    fflush(stream);
    struct stat now;
    if (!struck && !fstat(fileno(stream), &now) && S_ISREG(now.st_mode))
        note_written(full, 0, now.st_size);
    int result = close_it(stream);
    errno = struck ? error : errno;
    return struck ? EOF : result;
}

ssize_t read(int fd, void *data, size_t size)
{
    ON_FILE(READS, "read", fd, (void)0, syscall(SYS_read, fd, data, size));
}
ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    ON_FILE(READS, "read", fd, (void)0, syscall(SYS_pread64, fd, data, size, offset));
}
ssize_t pread64(int fd, void *data, size_t size, off64_t offset) { return pread(fd, data, size, offset); }

int fsync(int fd) { ON_FILE(CHANGES, "fsync", fd, note("sync", full, 0, NULL, 0), syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { ON_FILE(CHANGES, "fdatasync", fd, note("sync", full, 0, NULL, 0), syscall(SYS_fdatasync, fd)); }
int ftruncate(int fd, off_t size)
{
    ON_FILE(CHANGES, "ftruncate", fd, note("truncate", full, size, NULL, 0), syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    struct stat now = {0};
    fstat(fd, &now);
    int64_t end = offset + size > now.st_size ? offset + size : now.st_size;
    ON_FILE(NEEDS_ROOM, "fallocate", fd, end > now.st_size ? note("truncate", full, end, NULL, 0) : (void)0,
            syscall(SYS_fallocate, fd, mode, offset, size));
}
int fallocate64(int fd, int mode, off64_t offset, off64_t size) { return fallocate(fd, mode, offset, size); }
int posix_fallocate(int fd, off_t offset, off_t size) { return fallocate(fd, 0, offset, size) ? errno : 0; }
int posix_fallocate64(int fd, off64_t offset, off64_t size) { return posix_fallocate(fd, offset, size); }

static int open_at(int directory, const char *path, int flags, mode_t mode)
{
    if (!orders)
        return syscall(SYS_openat, directory, path, flags, mode);
    char full[PATH_MAX];
    path_at(directory, path, full);
    if (strike(flags & O_CREAT ? NEEDS_ROOM : flags & (O_WRONLY | O_RDWR) ? CHANGES : READS, "open", full))
        return -1;
    struct stat before;
    bool is_new = (flags & O_TRUNC) || ((flags & O_CREAT) && syscall(SYS_newfstatat, directory, path, &before, 0));
    int fd = syscall(SYS_openat, directory, path, flags, mode);
    if (fd >= 0 && is_new)
        note(flags & O_TRUNC ? "truncate" : "create", full, 0, NULL, 0);
    return fd;
}

#define MODE(flags)         \
    va_list more;           \
    va_start(more, flags);  \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more)

int open(const char *path, int flags, ...) { MODE(flags); return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags); return open_at(AT_FDCWD, path, flags, mode); }
int openat(int directory, const char *path, int flags, ...) { MODE(flags); return open_at(directory, path, flags, mode); }
int openat64(int directory, const char *path, int flags, ...) { MODE(flags); return open_at(directory, path, flags, mode); }

int unlinkat(int directory, const char *path, int flags)
{
    ON_PATH(CHANGES, "unlink", directory, path, note("remove", full, 0, NULL, 0),
            syscall(SYS_unlinkat, directory, path, flags));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int directory, const char *path, mode_t mode)
{
    ON_PATH(NEEDS_ROOM, "mkdir", directory, path, note("directory", full, 0, NULL, 0),
            syscall(SYS_mkdirat, directory, path, mode));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

static int rename_at(int from, const char *old, int to, const char *new)
{
    char target[PATH_MAX];
    path_at(to, new, target);
    ON_PATH(NEEDS_ROOM, "rename", from, old, note("rename", full, 0, target, strlen(target)),
            syscall(SYS_renameat2, from, old, to, new, 0));
}
int rename(const char *old, const char *new) { return rename_at(AT_FDCWD, old, AT_FDCWD, new); }
int renameat(int from, const char *old, int to, const char *new) { return rename_at(from, old, to, new); }

static int link_at(int from, const char *old, int to, const char *new, int flags)
{
    char target[PATH_MAX];
    path_at(to, new, target);
    ON_PATH(NEEDS_ROOM, "link", from, old, note("link", full, 0, target, strlen(target)),
            syscall(SYS_linkat, from, old, to, new, flags));
}
int link(const char *old, const char *new) { return link_at(AT_FDCWD, old, AT_FDCWD, new, 0); }
int linkat(int from, const char *old, int to, const char *new, int flags) { return link_at(from, old, to, new, flags); }

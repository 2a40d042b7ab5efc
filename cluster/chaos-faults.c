/* Faults of disk and clock inside of one process, for cluster/chaos: preloaded into a node, it does what a control file says at the moment.
 *
 * The control file (CALLSLIP_FAULTS names it) is mapped; its fields are little-endian, as below, and take effect at once:
 *   sync_errno      fsync and fdatasync fail with it
 *   write_errno     writing to files and making, renaming or cutting them fails with it (EROFS, EIO, ENOSPC)
 *   sync_delay_ms   each sync takes so much longer
 *   skew_ns         what the wall clock is off; the monotonic clock is never changed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int32_t sync_errno;
    volatile int32_t write_errno;
    volatile int32_t sync_delay_ms;
    volatile int32_t unused;
    volatile int64_t skew_ns;
};
static const struct control none;
static const struct control *control = &none;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CALLSLIP_FAULTS");
    if (!path) return;
    int descriptor = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    void *mapped = descriptor < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, descriptor, 0);
    /* A run whose faults do nothing would prove nothing. */
    if (mapped == MAP_FAILED) {
        perror(path);
        _exit(64);
    }
    close(descriptor);
    control = mapped;
}

static int failing_sync(void)
{
    int delay = control->sync_delay_ms;
    if (delay > 0) usleep((useconds_t)delay * 1000);
    int code = control->sync_errno;
    if (code) errno = code;
    return code;
}

static int failing_write(void)
{
    int code = control->write_errno;
    if (code) errno = code;
    return code;
}

static int is_file(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

int fsync(int descriptor) { return failing_sync() ? -1 : REAL(fsync)(descriptor); }
int fdatasync(int descriptor) { return failing_sync() ? -1 : REAL(fdatasync)(descriptor); }

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset)
{
    return failing_write() ? -1 : REAL(pwrite)(descriptor, bytes, count, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset)
{
    return failing_write() ? -1 : REAL(pwrite64)(descriptor, bytes, count, offset);
}
ssize_t write(int descriptor, const void *bytes, size_t count)
{
    /* The log of the program itself (descriptors 1 and 2) stays readable. */
    if (control->write_errno && descriptor > 2 && is_file(descriptor)) {
        errno = control->write_errno;
        return -1;
    }
    return REAL(write)(descriptor, bytes, count);
}

#define OPEN(call)                                                                  \
    {                                                                               \
        mode_t mode = 0;                                                            \
        if (flags & (O_CREAT | O_TMPFILE)) {                                        \
            va_list rest;                                                           \
            va_start(rest, flags);                                                  \
            mode = va_arg(rest, mode_t);                                            \
            va_end(rest);                                                           \
        }                                                                           \
        if ((flags & (O_CREAT | O_TRUNC)) && failing_write()) return -1;            \
        return call;                                                                \
    }
int open(const char *path, int flags, ...) OPEN(REAL(open)(path, flags, mode))
int open64(const char *path, int flags, ...) OPEN(REAL(open64)(path, flags, mode))
int openat(int folder, const char *path, int flags, ...) OPEN(REAL(openat)(folder, path, flags, mode))

int rename(const char *from, const char *to) { return failing_write() ? -1 : REAL(rename)(from, to); }
int unlink(const char *path) { return failing_write() ? -1 : REAL(unlink)(path); }
int ftruncate(int descriptor, off_t size) { return failing_write() ? -1 : REAL(ftruncate)(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { return failing_write() ? -1 : REAL(ftruncate64)(descriptor, size); }
int posix_fallocate(int descriptor, off_t from, off_t size)
{
    return control->write_errno ? control->write_errno : REAL(posix_fallocate)(descriptor, from, size);
}

static void skew(struct timespec *time)
{
    int64_t nanoseconds = (int64_t)time->tv_nsec + control->skew_ns;
    time->tv_sec += nanoseconds / 1000000000;
    nanoseconds %= 1000000000;
    if (nanoseconds < 0) {
        nanoseconds += 1000000000;
        time->tv_sec -= 1;
    }
    time->tv_nsec = nanoseconds;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static __typeof__(&clock_gettime) real;
    if (!real) real = REAL(clock_gettime);
    int code = real(clock, time);
    if (code == 0 && control->skew_ns && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) skew(time);
    return code;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    (void)zone;
    struct timespec now;
    int code = clock_gettime(CLOCK_REALTIME, &now);
    if (code == 0) {
        time->tv_sec = now.tv_sec;
        time->tv_usec = now.tv_nsec / 1000;
    }
    return code;
}
time_t time(time_t *out)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

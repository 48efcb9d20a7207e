/* Another time for the programs that load this: so many seconds ahead of the machine's, as a file
 * says. The file stays mapped, so that a program sees a change at once, also in a sandbox that opens
 * no files, as sshd's.
 *
 * The file has a record of 40 characters for each time the clock was set: by how many seconds, and
 * since when in nanoseconds of the machine's clock, each in decimal digits and padded to 20.
 *
 * libfaketime does more, and this not: it opens its file again and again, and needs shared memory
 * and semaphores, which a sandbox refuses and a killed process leaves behind.
 *
 * The time of a file is what the clock showed when it was written, and stays that when the clock is
 * set. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

/* A time that nobody waits for. */
#define END ((time_t)1 << 40)

static const volatile char *file;

__attribute__((constructor)) static void map_file(void)
{
    const char *name = secure_getenv("STAGEPASS_TEST_CLOCK");
    int saved = errno, fd = open(name ? name : "/etc/clock-shift", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED)
            file = at;
        close(fd);
    }
    errno = saved;
}

/* By hand: strtoll of a newer C library is not in an older one. */
static int64_t number(const volatile char *at)
{
    int64_t value = 0;
    int minus = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    while (*at >= '0' && *at <= '9')
        value = value * 10 + (*at++ - '0');
    return minus ? -value : value;
}

#define SHIFT(record) number(file + 40 * (record))
#define SINCE(record) number(file + 40 * (record) + 20)

/* How many there are; no more fit into what is mapped. */
static int records(void)
{
    int count = 0;
    while (file && count < 100 && file[40 * count])
        count++;
    return count;
}

/* By how much the clock is ahead now. */
static int64_t ahead(void)
{
    int last = records() - 1;
    return last < 0 ? 0 : SHIFT(last);
}

#define NANO INT64_C(1000000000)

/* What the clock showed at a moment of the machine's. */
static int64_t shown_at(int64_t seconds, int64_t nano)
{
    int last = records() - 1;
    while (last > 0 && SINCE(last) > seconds * NANO + nano)
        last--;
    return last < 0 ? seconds : seconds + SHIFT(last);
}

/* The moment of the machine's at which the clock showed this last; one that it never showed is
 * before it was set beyond it. */
static int64_t moment_of(int64_t seconds)
{
    int last = records() - 1;
    while (last > 0 && SINCE(last) / NANO + SHIFT(last) > seconds)
        last--;
    return last < 0 ? seconds : seconds - SHIFT(last);
}

static int is_of_day(clockid_t id)
{
    return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_REALTIME_ALARM || id == CLOCK_TAI;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, id, now);
    if (result == 0 && is_of_day(id))
        now->tv_sec += ahead();
    return result;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *at = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
    return 0;
}

int timespec_get(struct timespec *at, int base)
{
    if (base != TIME_UTC)
        return 0;
    clock_gettime(CLOCK_REALTIME, at);
    return base;
}

/* The machine's own clock is not a host's to set. */
int clock_settime(clockid_t id, const struct timespec *to)
{
    (void)id, (void)to;
    errno = EPERM;
    return -1;
}

int settimeofday(const struct timeval *to, const struct timezone *zone)
{
    (void)to, (void)zone;
    errno = EPERM;
    return -1;
}

/* ---- waiting until ---- */

int clock_nanosleep(clockid_t id, int flags, const struct timespec *until, struct timespec *rest)
{
    struct timespec real = *until;
    if ((flags & TIMER_ABSTIME) && is_of_day(id))
        real.tv_sec -= ahead();
    return syscall(SYS_clock_nanosleep, id, flags, &real, rest) == 0 ? 0 : errno;
}

static int keeps_time_of_day(int fd)
{
    char name[64], text[256], *found;
    ssize_t length;
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
    int info = open(name, O_RDONLY | O_CLOEXEC);
    if (info < 0)
        return 0;
    length = read(info, text, sizeof text - 1);
    close(info);
    text[length > 0 ? length : 0] = 0;
    for (found = text; *found; found++)
        if (!__builtin_strncmp(found, "clockid: ", 9))
            return is_of_day(found[9] - '0') && found[10] == '\n';
    return 0;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
    struct itimerspec real = *to;
    /* Neither "not at all" nor "at the end of time", which only waits for the clock to be set. */
    int set = (real.it_value.tv_sec || real.it_value.tv_nsec) && real.it_value.tv_sec < END;
    if ((flags & TFD_TIMER_ABSTIME) && set && keeps_time_of_day(fd)) {
        real.it_value.tv_sec -= ahead();
        if (real.it_value.tv_sec <= 0)
            real.it_value = (struct timespec){ 0, 1 };
    }
    return (int)syscall(SYS_timerfd_settime, fd, flags, &real, old);
}

/* ---- times of files ---- */

static int look(int folder, const char *path, void *into, int flags)
{
    /* The kernel's is the C library's, on every machine of 64 bits. */
    struct stat *at = into;
    int result = (int)syscall(SYS_newfstatat, folder, path, at, flags);
    if (result == 0) {
        at->st_atim.tv_sec = shown_at(at->st_atim.tv_sec, at->st_atim.tv_nsec);
        at->st_mtim.tv_sec = shown_at(at->st_mtim.tv_sec, at->st_mtim.tv_nsec);
        at->st_ctim.tv_sec = shown_at(at->st_ctim.tv_sec, at->st_ctim.tv_nsec);
    }
    return result;
}

#define NEW(by_path, by_fd, by_link, by_folder, type)                                              \
    int by_path(const char *restrict path, struct type *restrict at)                               \
    {                                                                                              \
        return look(AT_FDCWD, path, at, 0);                                                        \
    }                                                                                              \
    int by_link(const char *restrict path, struct type *restrict at)                               \
    {                                                                                              \
        return look(AT_FDCWD, path, at, AT_SYMLINK_NOFOLLOW);                                      \
    }                                                                                              \
    int by_fd(int fd, struct type *at)                                                             \
    {                                                                                              \
        return look(fd, "", at, AT_EMPTY_PATH);                                                    \
    }                                                                                              \
    int by_folder(int folder, const char *restrict path, struct type *restrict at, int flags)      \
    {                                                                                              \
        return look(folder, path, at, flags);                                                      \
    }
NEW(stat, fstat, lstat, fstatat, stat)
NEW(stat64, fstat64, lstat64, fstatat64, stat64)

/* By these names the programs of a C library before 2.33 ask. */
#define OLD(by_path, by_fd, by_link, by_folder)                                                    \
    int by_path(int version, const char *path, void *at)                                           \
    {                                                                                              \
        (void)version;                                                                             \
        return look(AT_FDCWD, path, at, 0);                                                        \
    }                                                                                              \
    int by_link(int version, const char *path, void *at)                                           \
    {                                                                                              \
        (void)version;                                                                             \
        return look(AT_FDCWD, path, at, AT_SYMLINK_NOFOLLOW);                                      \
    }                                                                                              \
    int by_fd(int version, int fd, void *at)                                                       \
    {                                                                                              \
        (void)version;                                                                             \
        return look(fd, "", at, AT_EMPTY_PATH);                                                    \
    }                                                                                              \
    int by_folder(int version, int folder, const char *path, void *at, int flags)                  \
    {                                                                                              \
        (void)version;                                                                             \
        return look(folder, path, at, flags);                                                      \
    }
OLD(__xstat, __fxstat, __lxstat, __fxstatat)
OLD(__xstat64, __fxstat64, __lxstat64, __fxstatat64)

int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict at)
{
    int result = (int)syscall(SYS_statx, folder, path, flags, mask, at);
    if (result == 0) {
        at->stx_atime.tv_sec = shown_at(at->stx_atime.tv_sec, at->stx_atime.tv_nsec);
        at->stx_btime.tv_sec = shown_at(at->stx_btime.tv_sec, at->stx_btime.tv_nsec);
        at->stx_ctime.tv_sec = shown_at(at->stx_ctime.tv_sec, at->stx_ctime.tv_nsec);
        at->stx_mtime.tv_sec = shown_at(at->stx_mtime.tv_sec, at->stx_mtime.tv_nsec);
    }
    return result;
}

static int touch(int folder, const char *path, const struct timespec at[2], int flags)
{
    struct timespec real[2];
    for (int i = 0; at && i < 2; i++) {
        real[i] = at[i];
        if (real[i].tv_nsec != UTIME_NOW && real[i].tv_nsec != UTIME_OMIT)
            real[i].tv_sec = moment_of(real[i].tv_sec);
    }
    return (int)syscall(SYS_utimensat, folder, path, at ? real : NULL, flags);
}

int utimensat(int folder, const char *path, const struct timespec at[2], int flags)
{
    return touch(folder, path, at, flags);
}

int futimens(int fd, const struct timespec at[2])
{
    return touch(fd, NULL, at, 0);
}

static int touch_coarse(int folder, const char *path, const struct timeval at[2], int flags)
{
    struct timespec fine[2];
    for (int i = 0; at && i < 2; i++)
        fine[i] = (struct timespec){ at[i].tv_sec, at[i].tv_usec * 1000 };
    return touch(folder, path, at ? fine : NULL, flags);
}

int utimes(const char *path, const struct timeval at[2])
{
    return touch_coarse(AT_FDCWD, path, at, 0);
}

int lutimes(const char *path, const struct timeval at[2])
{
    return touch_coarse(AT_FDCWD, path, at, AT_SYMLINK_NOFOLLOW);
}

int futimes(int fd, const struct timeval at[2])
{
    return touch_coarse(fd, NULL, at, 0);
}

int utime(const char *path, const struct utimbuf *at)
{
    struct timespec fine[2];
    if (at) {
        fine[0] = (struct timespec){ at->actime, 0 };
        fine[1] = (struct timespec){ at->modtime, 0 };
    }
    return touch(AT_FDCWD, path, at ? fine : NULL, 0);
}

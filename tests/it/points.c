/* Loaded into the unchanged program (LD_PRELOAD): counts every change of a file and every message to
 * and from a server, writes each down in the file that POINTS_LOG names, and kills the program at
 * the one that POINTS_KILL names: before a change or a message is made, after one is heard. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int count, kill_at, log_fd = -1;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POINTS_LOG"), *at = getenv("POINTS_KILL");
    if (path == NULL)
        return;
    log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    kill_at = at == NULL ? 0 : atoi(at);
    unsetenv("LD_PRELOAD"); /* what the program starts is another program */
}

static void point(const char *kind, const char *name) {
    char line[512];
    int number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    int length = snprintf(line, sizeof line, "%d %s %s\n", number, kind, name);
    if (log_fd < 0)
        return;
    syscall(SYS_write, log_fd, line, (size_t)length);
    if (number == kill_at)
        for (;;)
            syscall(SYS_kill, getpid(), SIGKILL);
}

static int is_network(int fd) {
    int domain = 0;
    socklen_t length = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
           (domain == AF_INET || domain == AF_INET6);
}

/* What goes out through this descriptor, if it is a file or a server. */
static void changes(const char *kind, int fd) {
    struct stat found;
    char link[64], path[400];
    ssize_t length;
    if (fstat(fd, &found) != 0)
        return;
    if (S_ISSOCK(found.st_mode) && is_network(fd)) {
        point("say", "server");
    } else if (S_ISREG(found.st_mode)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        length = readlink(link, path, sizeof path - 1);
        path[length < 0 ? 0 : length] = 0;
        point(kind, path);
    }
}

static void heard(int fd, ssize_t got) {
    if (got > 0 && is_network(fd))
        point("hear", "server");
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (real == NULL) \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *from, size_t size) {
    REAL(write);
    changes("write", fd);
    return real(fd, from, size);
}

ssize_t writev(int fd, const struct iovec *from, int parts) {
    REAL(writev);
    changes("write", fd);
    return real(fd, from, parts);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    REAL(pwrite64);
    changes("write", fd);
    return real(fd, from, size, at);
}

int fsync(int fd) {
    REAL(fsync);
    changes("sync", fd);
    return real(fd);
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    changes("truncate", fd);
    return real(fd, size);
}

int unlink(const char *path) {
    REAL(unlink);
    point("unlink", path);
    return real(path);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    point("rename", to);
    return real(from, to);
}

ssize_t send(int fd, const void *from, size_t size, int flags) {
    REAL(send);
    changes("say", fd);
    return real(fd, from, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    REAL(sendmsg);
    changes("say", fd);
    return real(fd, message, flags);
}

ssize_t recv(int fd, void *into, size_t size, int flags) {
    REAL(recv);
    ssize_t got = real(fd, into, size, flags);
    heard(fd, got);
    return got;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
    REAL(recvmsg);
    ssize_t got = real(fd, message, flags);
    heard(fd, got);
    return got;
}

ssize_t read(int fd, void *into, size_t size) {
    REAL(read);
    ssize_t got = real(fd, into, size);
    heard(fd, got);
    return got;
}

ssize_t readv(int fd, const struct iovec *into, int parts) {
    REAL(readv);
    ssize_t got = real(fd, into, parts);
    heard(fd, got);
    return got;
}

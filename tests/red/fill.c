/*
 * As the supporter: uses up every file and every byte that the disk has, takes at once what is given back, and has killed
 * whatever watches over the session. Nobody else can write anything down.
 *
 *     fill FILE FOLDER
 *
 * FILE is held locked for as long as it lives. `FOLDER/full` is there once there is no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char block[65536];

int main(int argc, char **argv) {
    int file = argc > 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || flock(file, LOCK_EX) != 0 || chdir(argv[2]) != 0) return 1;
    for (int i = 0; i < 3; i++) close(i);
    if (fork() != 0) return 0;
    setsid();
    kill(-1, SIGKILL);
    int big = open("big", O_CREAT | O_WRONLY, 0600);
    memset(block, 'x', sizeof block);
    for (unsigned long made = 0, full = 0;;) {
        char name[32];
        int one, some = 0;
        snprintf(name, sizeof name, "f%lu", made);
        while ((one = open(name, O_CREAT | O_WRONLY, 0600)) >= 0) {
            close(one);
            some = 1;
            snprintf(name, sizeof name, "f%lu", ++made);
        }
        for (size_t size = sizeof block; size > 0; size /= 2)
            while (write(big, block, size) == (ssize_t)size) some = 1;
        if (!some && !full++) rename("f0", "full");
        usleep(2000);
    }
}

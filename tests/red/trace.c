/* An attack: hold still, as a debugger does, whatever of this account has a word in its command line.
 *
 * The watcher of a connection runs as the account. A process that is traced and stopped does nothing at the
 * deadline. Says how many it holds, and keeps them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int held = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *one; argc > 1 && proc && (one = readdir(proc));) {
        char path[64], line[4096];
        pid_t pid = (pid_t)atoi(one->d_name);
        if (pid <= 1 || pid == getpid()) continue;
        snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
        int file = open(path, O_RDONLY);
        if (file < 0) continue;
        ssize_t length = read(file, line, sizeof line - 1);
        close(file);
        for (ssize_t i = 0; i < length; i++) if (!line[i]) line[i] = ' ';
        line[length > 0 ? length : 0] = 0;
        if (!strstr(line, argv[1]) || ptrace(PTRACE_ATTACH, pid, 0, 0)) continue;
        waitpid(pid, 0, __WALL);
        held++;
    }
    printf("%d\n", held);
    fflush(stdout);
    for (;;) pause();
}

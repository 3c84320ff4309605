/* Signals to all processes of the container, by its control group. */
#include "shim.h"
#include "sys.h"

#include <dirent.h>

#define DEPTH_MAX 16

static void kill_listed(int dir, int number)
{
    char part[1024];
    int64_t pid = 0;
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    for (ssize_t count; fd >= 0 && (count = read(fd, part, sizeof part)) > 0;) {
        for (ssize_t i = 0; i < count; i++) {
            if (part[i] != '\n') {
                pid = pid * 10 + (part[i] - '0');
                continue;
            }
            if (pid > 1) /* 0: outside our pid namespace */
                kill((pid_t)pid, number);
            pid = 0;
        }
    }
    if (fd >= 0)
        close(fd);
}

/* Takes over `dir`. */
static void kill_below(int dir, int number, int depth)
{
    DIR *entries = fdopendir(dir);
    if (!entries) {
        close(dir);
        return;
    }
    kill_listed(dir, number);
    for (struct dirent *entry; depth > 0 && (entry = readdir(entries));) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        int child = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0)
            kill_below(child, number, depth - 1);
    }
    closedir(entries);
}

void kill_container(int number)
{
    int dir = shim.cgroup ? open(shim.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir >= 0)
        kill_below(dir, number, DEPTH_MAX);
    if (!shim.init.exited && shim.init.pidfd >= 0 && dir < 0)
        sys_pidfd_send_signal(shim.init.pidfd, number);
}

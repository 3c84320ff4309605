/*
 * gantry-shim: makes one container from the operations it is sent and stays with it until it has ended. It is started
 * by the engine, with a socket as descriptor 3, and decides nothing by itself.
 */
#include "shim.h"
#include "sys.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define MESSAGE "gantry-shim is started by gantryd, with a socket as descriptor 3\n"

struct shim shim = {
    .run_dir = -1,
    .init = {.pidfd = -1,
             .sync.fd = -1,
             .input.fd = -1,
             .output = {{.watch.fd = -1}, {.watch.fd = -1}}},
    .listener.fd = -1,
};

void shim_exit(int code)
{
    if (shim.run_dir >= 0)
        unlinkat(shim.run_dir, "shim.sock", 0);
    _exit(code);
}

/* Nothing but SIGKILL ends the shim: a container outlives whatever befalls the engine's process group. */
static int block_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    return sigprocmask(SIG_SETMASK, &all, NULL);
}

/* Of what the engine has open nothing stays but the socket. Standard descriptors exist, or others would take their place. */
static int settle_descriptors(void)
{
    if (sys_close_range(4, ~0U, 0) < 0)
        return -1;
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return -1;
    return 0;
}

/* Not dumpable: what a container of the host's pid namespace could otherwise reach through /proc/PID. */
static int become_supervisor(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -1;
    prctl(PR_SET_NAME, "gantry-shim", 0, 0, 0);
    umask(0);
    setsid();
    return chdir("/");
}

static void after_event(void)
{
    clients_bury();
    maybe_leave();
}

int main(void)
{
    if (settle_descriptors() < 0 || block_signals() < 0 || become_supervisor() < 0 || loop_open() < 0 || children_open() < 0)
        return 1;
    if (control_open() < 0) {
        ssize_t ignored = write(2, MESSAGE, sizeof MESSAGE - 1);
        return ignored < 0 ? 1 : 2;
    }
    loop_run(after_event);
    return 0;
}

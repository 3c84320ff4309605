/*
 * The terminal comes from the container's own devpts. Its other end is opened with TIOCGPTPEER and never by path
 * (CVE-2025-52565), and what /dev/pts/ptmx is gets checked first.
 */
#include "child.h"
#include "sys.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define DEVPTS_MAGIC 0x1cd1
#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

static int open_master(const struct child *child)
{
    struct stat st;
    struct statfs fs;
    int fd = sys_openat2(child->root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return fail_errno("open /dev/pts/ptmx", NULL);
    if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != DEVPTS_MAGIC || !S_ISCHR(st.st_mode) ||
        st.st_rdev != makedev(5, 2)) {
        close(fd);
        return fail(ENODEV, "/dev/pts/ptmx is not the terminal multiplexer of a devpts", NULL);
    }
    return fd;
}

static int open_peer(int master, const struct op *op)
{
    int unlocked = 0;
    struct winsize size = {.ws_row = (unsigned short)op->field[0].number, .ws_col = (unsigned short)op->field[1].number};
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
        return fail_errno("unlock the terminal", NULL);
    if (ioctl(master, TIOCSWINSZ, &size) < 0)
        return fail_errno("set the terminal's size", NULL);
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return peer < 0 ? fail_errno("open the terminal", NULL) : peer;
}

static int bind_console(struct child *child, int peer)
{
    int mount = sys_open_tree(peer, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    if (mount < 0)
        return fail_errno("open_tree of the terminal", NULL);
    return place_mount(child, mount, "/dev/console", false);
}

int op_tty(struct child *child, const struct op *op)
{
    if (!child->tty || child->root < 0)
        return fail(EINVAL, child->tty ? "no root yet" : "a terminal was not announced", NULL);
    int master = open_master(child);
    if (master < 0)
        return -1;
    int peer = open_peer(master, op);
    if (peer < 0)
        return -1;
    child_report(child, REPORT_TERMINAL, master);
    close(master);
    if (op->field[2].number && bind_console(child, peer) < 0)
        return -1;
    if (dup2(peer, 0) < 0 || dup2(peer, 1) < 0 || dup2(peer, 2) < 0)
        return fail_errno("dup2 of the terminal", NULL);
    close(peer);
    return ioctl(0, TIOCSCTTY, 0) < 0 ? fail_errno("make it the controlling terminal", NULL) : 0;
}

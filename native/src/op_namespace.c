#include "child.h"
#include "sys.h"

#include <errno.h>
#include <grp.h>

int join_namespace(int type, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open ", path, NULL);
    int result = setns(fd, type);
    int error = errno;
    close(fd);
    return result < 0 ? fail(error, "setns ", path, NULL) : 0;
}

/* A process enters a user namespace with the overflow ids; this makes it root there. */
int become_root_of_user_namespace(void)
{
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return fail_errno("become root of the user namespace", NULL);
    return 0;
}

int op_join_namespace(struct child *child, const struct op *op)
{
    (void)child;
    int type = (int)op->field[0].number;
    if (type == CLONE_NEWUSER || type == CLONE_NEWPID)
        return 0; /* done before the process was cloned */
    return join_namespace(type, op->field[1].string);
}

int op_new_namespaces(struct child *child, const struct op *op)
{
    (void)child;
    if (unshare((int)op->field[0].number & ~CLONE_NEWPID) < 0)
        return fail_errno("unshare", NULL);
    return 0;
}

/*
 * Nothing that is mounted here may show up on the host, the container's root least of all. What is mounted in a shared
 * bind shall: its source is cloned while the mounts here are still the host's peers, before all of them become slaves.
 */
int op_propagation(struct child *child, const struct op *op)
{
    struct mount_change change = {.propagation = op->field[0].number};
    if (change.propagation == MS_SHARED) {
        if (clone_shared_sources(child) < 0)
            return -1;
        change.propagation = MS_SLAVE;
    }
    if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &change) < 0)
        return fail_errno("mount_setattr /", NULL);
    return 0;
}

/* Paths that a container shall not see or not change. */
#include "child.h"
#include "rooted.h"
#include "sys.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool is_null_device(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int open_null(int dir, const char *path, uint64_t flags)
{
    int fd = sys_openat2(dir, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    if (fd < 0 || is_null_device(fd))
        return fd;
    close(fd);
    errno = ENODEV;
    return -1;
}

/* The host's null device could be changed in mode or owner through an inherited descriptor; the container has its own. */
void adopt_null_device(const struct child *child)
{
    for (int fd = 0; fd < 3; fd++) {
        if (!is_null_device(fd))
            continue;
        int seen = open_null(child->root, "/dev/null", O_PATH); /* something else might not like to be opened */
        int own = seen < 0 ? -1 : open_null(child->root, "/dev/null", O_RDWR);
        if (seen >= 0)
            close(seen);
        if (own < 0)
            return;
        dup2(own, fd);
        close(own);
    }
}

/* Closes `mount`. */
static int cover(int mount, int target, const char *path)
{
    int result = sys_attach(mount, target);
    int error = errno;
    close(mount);
    return result < 0 ? fail(error, "move_mount to ", path, NULL) : 0;
}

static int mask_directory(struct child *child, int target, const char *path)
{
    if (child->mask_dir >= 0) {
        int copy = sys_open_tree(child->mask_dir, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
        return copy < 0 ? fail_errno("open_tree of a mask for ", path, NULL) : cover(copy, target, path);
    }
    int fs = sys_fsopen("tmpfs");
    if (fs < 0 || sys_fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1") < 0 ||
        sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "555") < 0 ||
        sys_fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL) < 0 ||
        sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return fail_errno("make a tmpfs for ", path, NULL);
    int mount = sys_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    close(fs);
    if (mount < 0 || sys_attach(mount, target) < 0)
        return fail_errno("mount tmpfs on ", path, NULL);
    child->mask_dir = mount;
    return 0;
}

/* Read-only, so that nobody changes the mode of the host's device through it. */
static int mask_file(struct child *child, int target, const char *path)
{
    struct mount_change change = {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
    if (child->null < 0)
        child->null = open_null(AT_FDCWD, "/dev/null", O_PATH);
    if (child->null < 0)
        return fail_errno("/dev/null is not the null device", NULL);
    int mount = sys_open_tree(child->null, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    if (mount < 0)
        return fail_errno("open_tree /dev/null", NULL);
    if (sys_mount_setattr(mount, "", AT_EMPTY_PATH, &change) < 0)
        return fail_errno("mount_setattr of the mask for ", path, NULL);
    return cover(mount, target, path);
}

/* Opens what shall be covered; 0 when there is nothing to cover. */
static int open_covered(const struct child *child, const char *path, int *fd)
{
    if (child->root < 0)
        return fail(EINVAL, "no root yet", NULL);
    *fd = rooted_open(child->root, path, O_PATH, 0);
    if (*fd >= 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : fail_errno("open ", path, " in the root", NULL);
}

int op_mask(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string;
    int fd;
    int result = open_covered(child, path, &fd);
    if (result <= 0)
        return result;
    struct stat st;
    if (fstat(fd, &st) < 0)
        result = fail_errno("fstat ", path, NULL);
    else
        result = S_ISDIR(st.st_mode) ? mask_directory(child, fd, path) : mask_file(child, fd, path);
    close(fd);
    return result;
}

int op_readonly_path(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string;
    struct mount_change change = {.set = MOUNT_ATTR_RDONLY};
    int fd;
    int result = open_covered(child, path, &fd);
    if (result <= 0)
        return result;
    int mount = sys_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
    if (mount < 0)
        result = fail_errno("open_tree ", path, NULL);
    else if (sys_mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &change) < 0)
        result = fail_errno("mount_setattr ", path, NULL);
    else
        result = cover(mount, fd, path);
    close(fd);
    return result;
}

/* Directories, files, device nodes and symlinks inside the root. */
#include "child.h"
#include "rooted.h"
#include "sys.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int need_root(const struct child *child)
{
    return child->root < 0 ? fail(EINVAL, "no root yet", NULL) : 0;
}

int op_mkdir(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string;
    bool made;
    if (need_root(child) < 0)
        return -1;
    int fd = rooted_make(child->root, path, NODE_DIR, (mode_t)op->field[1].number, false, &made);
    if (fd < 0)
        return fail_errno("mkdir ", path, NULL);
    int result = 0;
    uid_t uid = (uid_t)op->field[2].number;
    gid_t gid = (gid_t)op->field[3].number;
    if (made && (uid != 0 || gid != 0) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
        result = fail_errno("chown ", path, NULL);
    close(fd);
    return result;
}

int op_mkfile(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string;
    if (need_root(child) < 0)
        return -1;
    int fd = rooted_make(child->root, path, NODE_FILE, (mode_t)op->field[1].number, false, NULL);
    if (fd < 0)
        return fail_errno("make the file ", path, NULL);
    close(fd);
    return 0;
}

/* A node that an image or a volume brought along may serve, if it is the very device. */
static int accept_node(int dir, const char *name, const char *path, mode_t mode, dev_t device)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno("stat ", path, NULL);
    if ((st.st_mode & S_IFMT) != (mode & S_IFMT) || st.st_rdev != device)
        return fail(EEXIST, path, " is there already and something else", NULL);
    return 0;
}

/* Mode and owner by a descriptor of the node itself; fchmodat(2) would follow a symlink put in its place. */
static int dress_node(int dir, const char *name, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
    int fd = sys_openat2(dir, name, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0)
        return fail_errno("open ", path, NULL);
    struct stat st;
    int result = fstat(fd, &st);
    if (result == 0 && (st.st_uid != uid || st.st_gid != gid))
        result = fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
    int error = errno;
    bool wrong_mode = (st.st_mode & 07777) != (mode & 07777);
    close(fd);
    if (result < 0)
        return fail(error, "chown ", path, NULL);
    return wrong_mode ? fail(EEXIST, path, " is there already with another mode", NULL) : 0;
}

int op_mknod(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string, *name;
    mode_t mode = (mode_t)op->field[1].number;
    dev_t device = makedev((unsigned)op->field[2].number, (unsigned)op->field[3].number);
    if (need_root(child) < 0)
        return -1;
    int dir = rooted_parent(child->root, path, &name);
    if (dir < 0)
        return fail_errno("open the directory of ", path, NULL);
    int result = mknodat(dir, name, mode, device);
    if (result < 0)
        result = errno == EEXIST ? accept_node(dir, name, path, mode, device) : fail_errno("mknod ", path, NULL);
    if (result == 0)
        result = dress_node(dir, name, path, mode, (uid_t)op->field[4].number, (gid_t)op->field[5].number);
    close(dir);
    return result;
}

int op_symlink(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string, *target = op->field[1].string, *name;
    char found[PATH_MAX];
    if (need_root(child) < 0)
        return -1;
    int dir = rooted_parent(child->root, path, &name);
    if (dir < 0)
        return fail_errno("open the directory of ", path, NULL);
    int result = symlinkat(target, dir, name), error = errno;
    if (result < 0 && error == EEXIST) {
        ssize_t length = readlinkat(dir, name, found, sizeof found - 1);
        found[length > 0 ? length : 0] = 0;
        result = strcmp(found, target) == 0 ? 0 : -1;
    }
    close(dir);
    return result < 0 ? fail(error, "symlink ", path, NULL) : 0;
}

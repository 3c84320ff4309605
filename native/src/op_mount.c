/* Mounts are made detached, changed as they shall be, and attached last, on a descriptor inside the root. */
#include "child.h"
#include "rooted.h"
#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int need_root(const struct child *child)
{
    return child->root < 0 ? fail(EINVAL, "no root yet", NULL) : 0;
}

int place_mount(struct child *child, int mount, const char *target, bool strict)
{
    struct stat st;
    int result = -1;
    if (fstat(mount, &st) < 0) {
        result = fail_errno("fstat of the mount for ", target, NULL);
        close(mount);
        return result;
    }
    int fd = rooted_make(child->root, target, S_ISDIR(st.st_mode) ? NODE_DIR : NODE_FILE, 0755, strict, NULL);
    if (fd < 0)
        fail_errno("open ", target, strict ? " in the root, as a plain directory of it" : " in the root", NULL);
    else if (sys_attach(mount, fd) < 0)
        fail_errno("move_mount to ", target, NULL);
    else
        result = 0;
    if (fd >= 0)
        close(fd);
    close(mount);
    return result;
}

static int set_option(int fs, const char *option)
{
    char key[64];
    const char *equals = strchr(option, '=');
    size_t length = equals ? (size_t)(equals - option) : 0;
    if (!equals)
        return sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL);
    if (length >= sizeof key) {
        errno = EINVAL;
        return -1;
    }
    memcpy(key, option, length);
    key[length] = 0;
    return sys_fsconfig(fs, FSCONFIG_SET_STRING, key, equals + 1);
}

/* The kernel leaves its reason in the context's log: "e proc: Unknown parameter 'x'". */
static int fail_with_log(int fs, int error, const char *doing, const char *what)
{
    char log[256];
    ssize_t length = read(fs, log, sizeof log - 1);
    log[length > 0 ? length - 1 : 0] = 0; /* without its newline */
    close(fs);
    return fail(error, doing, " ", what, length > 2 ? ": " : "", length > 2 ? log + 2 : "", NULL);
}

static int make_filesystem(const struct op *op)
{
    const char *fstype = op->field[0].string, *option = op->field[3].list.first;
    int fs = sys_fsopen(fstype);
    if (fs < 0)
        return fail_errno("fsopen ", fstype, NULL);
    if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", op->field[1].string) < 0)
        return fail_with_log(fs, errno, "source of", fstype);
    for (uint32_t i = 0; i < op->field[3].list.count; i++, option = list_next(option))
        if (set_option(fs, option) < 0)
            return fail_with_log(fs, errno, "option", option);
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
        return fail_with_log(fs, errno, "create", fstype);
    int mount = sys_fsmount(fs, (unsigned)op->field[4].number);
    if (mount < 0)
        return fail_with_log(fs, errno, "fsmount", fstype);
    close(fs);
    return mount;
}

static int set_propagation(int mount, uint64_t propagation, bool recursive, const char *target)
{
    struct mount_change change = {.propagation = propagation};
    if (propagation == 0)
        return 0;
    if (sys_mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &change) == 0)
        return 0;
    return fail_errno("propagation of ", target, NULL);
}

int op_mount(struct child *child, const struct op *op)
{
    const char *fstype = op->field[0].string, *target = op->field[2].string;
    bool strict = strcmp(fstype, "proc") == 0 || strcmp(fstype, "sysfs") == 0;
    if (need_root(child) < 0)
        return -1;
    int mount = make_filesystem(op);
    if (mount < 0)
        return -1;
    if (set_propagation(mount, op->field[5].number, false, target) < 0)
        return -1;
    return place_mount(child, mount, target, strict);
}

static int open_source(const char *source, const char *subpath, unsigned flags)
{
    if (*subpath == 0)
        return sys_open_tree(AT_FDCWD, source, flags);
    int dir = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -1;
    int fd = rooted_open(dir, subpath, O_PATH, 0);
    int error = errno;
    close(dir);
    if (fd < 0) {
        errno = error;
        return -1;
    }
    int mount = sys_open_tree(fd, "", flags | AT_EMPTY_PATH);
    error = errno;
    close(fd);
    errno = error;
    return mount;
}

static int clone_source(const struct op *op)
{
    unsigned recursive = op->field[3].number & BIND_RECURSIVE ? AT_RECURSIVE : 0;
    return open_source(op->field[0].string, op->field[1].string, OPEN_TREE_CLONE | recursive);
}

/* A source that cannot be cloned now fails when its turn comes, under its own name. */
int clone_shared_sources(struct child *child)
{
    struct cursor cursor = program_begin(child->program);
    struct op op;
    child->shared = calloc(child->program->count, sizeof *child->shared);
    if (!child->shared)
        return fail_errno("calloc", NULL);
    while (program_next(&cursor, &op))
        if (op.code == OP_BIND && op.field[6].number == MS_SHARED)
            child->shared[op.index] = clone_source(&op) + 1;
    return 0;
}

int op_bind(struct child *child, const struct op *op)
{
    const char *source = op->field[0].string, *subpath = op->field[1].string, *target = op->field[2].string;
    uint64_t flags = op->field[3].number;
    struct mount_change change = {.set = op->field[4].number, .clear = op->field[5].number};
    if (need_root(child) < 0)
        return -1;
    int mount = child->shared && child->shared[op->index] ? child->shared[op->index] - 1 : clone_source(op);
    if (mount < 0)
        return fail_errno("open_tree ", source, *subpath ? "/" : "", subpath, NULL);
    unsigned how = AT_EMPTY_PATH | (flags & BIND_RECURSIVE_ATTRS ? AT_RECURSIVE : 0);
    if ((change.set | change.clear) && sys_mount_setattr(mount, "", how, &change) < 0)
        return fail_errno("mount_setattr ", source, NULL);
    if (set_propagation(mount, op->field[6].number, flags & BIND_RECURSIVE_PROPAGATION, target) < 0)
        return -1;
    return place_mount(child, mount, target, false);
}

int op_mount_attributes(struct child *child, const struct op *op)
{
    const char *target = op->field[0].string;
    struct mount_change change = {op->field[2].number, op->field[3].number, op->field[4].number, 0};
    if (need_root(child) < 0)
        return -1;
    int fd = rooted_open(child->root, target, O_PATH, 0);
    if (fd < 0)
        return fail_errno("open ", target, " in the root", NULL);
    int result = sys_mount_setattr(fd, "", AT_EMPTY_PATH | (op->field[1].number ? AT_RECURSIVE : 0), &change);
    int error = errno;
    close(fd);
    return result < 0 ? fail(error, "mount_setattr ", target, NULL) : 0;
}

#include "child.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int open_dir(const char *path)
{
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int need_no_root(const struct child *child)
{
    return child->root >= 0 ? fail(EINVAL, "a second root", NULL) : 0;
}

static int use_root(struct child *child, const char *at)
{
    child->root = open_dir(at);
    return child->root < 0 ? fail_errno("open ", at, NULL) : 0;
}

/* A comma or colon would start another option or directory; the daemon's own names hold none. */
static bool plain_path(const char *path)
{
    return path[strcspn(path, ",:\\")] == 0;
}

static size_t add_plain(char *page, size_t size, size_t at, const char *text)
{
    for (; *text && at + 1 < size; text++)
        page[at++] = *text;
    return at + (*text ? size : 0);
}

static size_t add_path(char *page, size_t size, size_t at, const char *separator, const char *path)
{
    if (at >= size || !plain_path(path))
        return size;
    at = add_plain(page, size, at, separator);
    return at < size ? add_plain(page, size, at, path) : size;
}

/* One page is what mount(2) copies; false when the options are longer or a path cannot be one. */
static bool overlay_options(const struct op *op, char *page, size_t size)
{
    const char *lower = op->field[1].list.first, *option = op->field[4].list.first;
    size_t at = 0;
    for (uint32_t i = 0; i < op->field[1].list.count; i++, lower = list_next(lower))
        at = add_path(page, size, at, i == 0 ? "lowerdir=" : ":", lower);
    if (*op->field[2].string) {
        at = add_path(page, size, at, ",upperdir=", op->field[2].string);
        at = add_path(page, size, at, ",workdir=", op->field[3].string);
    }
    for (uint32_t i = 0; i < op->field[4].list.count && at < size; i++, option = list_next(option)) {
        at = add_plain(page, size, at, ",");
        at = at < size ? add_plain(page, size, at, option) : at;
    }
    if (at >= size)
        return false;
    page[at] = 0;
    return true;
}

/* With mount(2): one option of fsconfig(2) holds 256 bytes, and `lowerdir+` needs Linux 6.7. */
int op_root_overlay(struct child *child, const struct op *op)
{
    char page[4096];
    const char *dir = op->field[0].string, *at = op->field[5].string;
    if (need_no_root(child) < 0)
        return -1;
    if (!overlay_options(op, page, sizeof page))
        return fail(E2BIG, "the overlay's options exceed a page, or a path holds one of , : \\", NULL);
    if (chdir(dir) < 0)
        return fail_errno("chdir ", dir, NULL);
    if (sys_mount("overlay", at, "overlay", *op->field[2].string ? 0 : MS_RDONLY, page) < 0)
        return fail_errno("mount overlay ", page, NULL);
    if (chdir("/") < 0)
        return fail_errno("chdir /", NULL);
    return use_root(child, at);
}

int op_root_bind(struct child *child, const struct op *op)
{
    const char *source = op->field[0].string, *at = op->field[1].string;
    int mount = sys_open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | AT_RECURSIVE);
    if (mount < 0)
        return fail_errno("open_tree ", source, NULL);
    if (need_no_root(child) < 0)
        return -1;
    int place = open_dir(at);
    if (place < 0 || sys_attach(mount, place) < 0)
        return fail_errno("move_mount ", source, " to ", at, NULL);
    close(place);
    close(mount);
    return use_root(child, at);
}

/* The old root is stacked below the new one at "." and let go; its mounts are slaves of the host's, which do not hear of it. */
int op_pivot_root(struct child *child, const struct op *op)
{
    (void)op;
    int old = open_dir("/");
    if (old < 0 || child->root < 0)
        return fail(child->root < 0 ? EINVAL : errno, "pivotRoot without a root", NULL);
    if (fchdir(child->root) < 0 || sys_pivot_root(".", ".") < 0)
        return fail_errno("pivot_root", NULL);
    if (fchdir(old) < 0)
        return fail_errno("fchdir to the old root", NULL);
    if (sys_umount(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail_errno("let go of the old root", NULL);
    close(old);
    close(child->root);
    child->root = open_dir("/");
    child->pivoted = true;
    return child->root < 0 ? fail_errno("open /", NULL) : 0;
}

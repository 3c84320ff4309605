#include "rooted.h"

#include "sys.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 40

static int open_in(int root, const char *path, uint64_t flags, uint64_t resolve)
{
    /* EAGAIN: something was renamed during the walk, so the kernel could not tell that it stayed inside. */
    for (int attempt = 0;; attempt++) {
        int fd = sys_openat2(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve);
        if (fd >= 0 || errno != EAGAIN || attempt == 100)
            return fd;
    }
}

int rooted_open(int root, const char *path, uint64_t flags, uint64_t resolve)
{
    return open_in(root, *path ? path : "/", flags, resolve);
}

/* A walk from the root to a path that need not exist. */
struct walk {
    int root;
    int dir;             /* what `done` refers to */
    char done[PATH_MAX]; /* resolved so far, without symlinks; starts with / */
    char todo[PATH_MAX]; /* still to be resolved */
    int links;
    bool strict;
};

static int walk_move(struct walk *walk, int dir)
{
    if (walk->dir >= 0)
        close(walk->dir);
    walk->dir = dir;
    return dir;
}

/* Cuts the first component off `todo`; false when none is left. */
static bool walk_component(struct walk *walk, char *name)
{
    const char *from = walk->todo + strspn(walk->todo, "/");
    size_t length = strcspn(from, "/");
    if (length == 0)
        return false;
    if (length > NAME_MAX) {
        length = NAME_MAX + 1; /* mkdirat or openat2 will say ENAMETOOLONG */
    }
    memcpy(name, from, length);
    name[length] = 0;
    from += strcspn(from, "/");
    memmove(walk->todo, from, strlen(from) + 1);
    return true;
}

static bool walk_is_last(const struct walk *walk)
{
    return walk->todo[strspn(walk->todo, "/")] == 0;
}

static int walk_up(struct walk *walk)
{
    char *slash = strrchr(walk->done, '/');
    slash[slash == walk->done] = 0;
    return walk_move(walk, open_in(walk->root, walk->done, O_PATH | O_DIRECTORY, 0));
}

/* Puts the symlink `link` in place of what it stands for. */
static int walk_follow(struct walk *walk, int link)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0)
        return -1;
    target[length] = 0;
    if (walk->strict || ++walk->links > LINKS_MAX) {
        errno = ELOOP;
        return -1;
    }
    size_t rest = strlen(walk->todo);
    if ((size_t)length + 1 + rest >= sizeof walk->todo) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memmove(walk->todo + length + 1, walk->todo, rest + 1);
    memcpy(walk->todo, target, (size_t)length);
    walk->todo[length] = '/';
    if (target[0] != '/')
        return 0;
    strcpy(walk->done, "/");
    return walk_move(walk, open_in(walk->root, "/", O_PATH | O_DIRECTORY, 0));
}

static int make_node(int dir, const char *name, enum node_kind kind, mode_t mode)
{
    if (kind == NODE_DIR)
        return mkdirat(dir, name, mode);
    return mknodat(dir, name, S_IFREG | mode, 0);
}

/* Opens `name` in the walk's directory without following it, making it when it is missing. */
static int walk_open(struct walk *walk, const char *name, enum node_kind kind, mode_t mode, bool *made)
{
    size_t length = strlen(walk->done);
    if (length + 1 + strlen(name) >= sizeof walk->done) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (length > 1)
        walk->done[length++] = '/';
    strcpy(walk->done + length, name);
    uint64_t resolve = walk->strict ? RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS : 0;
    int fd = open_in(walk->root, walk->done, O_PATH | O_NOFOLLOW, resolve);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (make_node(walk->dir, name, kind, mode) == 0)
        *made = true;
    else if (errno != EEXIST)
        return -1;
    return open_in(walk->root, walk->done, O_PATH | O_NOFOLLOW, resolve);
}

static int walk_step(struct walk *walk, const char *name, enum node_kind kind, mode_t mode, bool *made)
{
    if (strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0)
        return walk_up(walk) < 0 ? -1 : 0;
    bool last = walk_is_last(walk);
    size_t before = strlen(walk->done);
    int fd = walk_open(walk, name, last ? kind : NODE_DIR, last ? mode : 0755, made);
    struct stat st;
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0) {
        close(fd);
        return -1;
    }
    if (S_ISLNK(st.st_mode)) {
        walk->done[before] = 0;
        *made = false;
        int result = walk_follow(walk, fd);
        close(fd);
        return result < 0 ? -1 : 0;
    }
    if (!last && !S_ISDIR(st.st_mode)) {
        close(fd);
        errno = ENOTDIR;
        return -1;
    }
    walk_move(walk, fd);
    return 0;
}

static int walk_begin(struct walk *walk, int root, const char *path, size_t length, bool strict)
{
    walk->root = root;
    walk->links = 0;
    walk->strict = strict;
    strcpy(walk->done, "/");
    if (length >= sizeof walk->todo) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(walk->todo, path, length);
    walk->todo[length] = 0;
    walk->dir = -1;
    return walk_move(walk, open_in(root, "/", O_PATH | O_DIRECTORY, 0));
}

static int walk_to_end(struct walk *walk, enum node_kind kind, mode_t mode, bool *made)
{
    char name[NAME_MAX + 2];
    while (walk_component(walk, name)) {
        *made = false;
        if (walk_step(walk, name, kind, mode, made) == 0)
            continue;
        int error = errno;
        walk_move(walk, -1);
        errno = error;
        return -1;
    }
    return walk->dir;
}

int rooted_make(int root, const char *path, enum node_kind kind, mode_t mode, bool strict, bool *made)
{
    struct walk walk;
    bool ignored;
    if (!made)
        made = &ignored;
    *made = false;
    int fd = rooted_open(root, path, O_PATH, strict ? RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV : 0);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (walk_begin(&walk, root, path, strlen(path), strict) < 0)
        return -1;
    return walk_to_end(&walk, kind, mode, made);
}

int rooted_parent(int root, const char *path, const char **name)
{
    struct walk walk;
    bool made;
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (**name == 0 || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        errno = EINVAL;
        return -1;
    }
    if (walk_begin(&walk, root, path, slash ? (size_t)(slash - path) : 0, false) < 0)
        return -1;
    return walk_to_end(&walk, NODE_DIR, 0755, &made);
}

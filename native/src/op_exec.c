#include "child.h"
#include "rooted.h"
#include "sys.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Without magic links no directory of the host can be reached, whatever descriptors are open (CVE-2024-21626). */
static int enter(const struct child *child, const char *path)
{
    int fd = rooted_open(child->root, path, O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return -1;
    int result = fchdir(fd), error = errno;
    close(fd);
    errno = error;
    return result;
}

int op_cwd(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string;
    if (enter(child, path) == 0)
        return 0;
    if (errno != EACCES)
        return fail_errno("chdir ", path, NULL);
    child->late_cwd = path;
    return 0;
}

/* The system call says "(unreachable)/…" of a directory outside the root; libc's getcwd hides what it was. */
static int check_cwd(struct child *child)
{
    char cwd[PATH_MAX];
    if (child->late_cwd && enter(child, child->late_cwd) < 0)
        return fail_errno("chdir ", child->late_cwd, NULL);
    if (syscall(SYS_getcwd, cwd, sizeof cwd) < 0)
        return fail_errno("getcwd", NULL);
    return cwd[0] == '/' ? 0 : fail(EPERM, "the working directory lies outside the root", NULL);
}

static char **make_array(struct list list)
{
    char **array = calloc(list.count + 1, sizeof *array);
    const char *string = list.first;
    for (uint32_t i = 0; array && i < list.count; i++, string = list_next(string))
        array[i] = (char *)string;
    return array;
}

static const char *find_path(char **env)
{
    for (; *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0)
            return *env + 5;
    return "";
}

/* execve of each place in PATH. What was found but not allowed is the better answer than "not found". */
static void search(const char *name, char **argv, char **env)
{
    char path[PATH_MAX];
    int error = ENOENT;
    size_t length = strlen(name);
    for (const char *dir = find_path(env); *dir; dir += *dir == ':') {
        size_t size = strcspn(dir, ":");
        if (size > 0 && size + length + 2 <= sizeof path) {
            memcpy(path, dir, size);
            path[size] = '/';
            memcpy(path + size + 1, name, length + 1);
            execve(path, argv, env);
            if (errno == EACCES)
                error = EACCES;
            else if (errno != ENOENT && errno != ENOTDIR)
                return;
        }
        dir += size;
    }
    errno = error;
}

int op_exec(struct child *child, const struct op *op)
{
    char **argv = make_array(op->field[0].list), **env = make_array(op->field[1].list);
    if (!argv || !env)
        return fail_errno("calloc", NULL);
    if (check_cwd(child) < 0)
        return -1;
    if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC_FLAG) < 0)
        return fail_errno("close_range", NULL);
    if (strchr(argv[0], '/') || argv[0][0] == 0)
        execve(argv[0], argv, env);
    else
        search(argv[0], argv, env);
    return fail_errno("exec ", argv[0], NULL);
}

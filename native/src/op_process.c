/* Limits and attributes of the process itself. */
#include "child.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Pipes and terminals of stdio; some file systems and user namespaces do not let go of an owner. */
int op_stdio_owner(struct child *child, const struct op *op)
{
    (void)child;
    for (int fd = 0; fd < 3; fd++) {
        struct stat st;
        if (fstat(fd, &st) < 0)
            return fail_errno("fstat of stdio", NULL);
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
            continue;
        if (fchown(fd, (uid_t)op->field[0].number, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM && errno != EROFS)
            return fail_errno("chown of stdio", NULL);
    }
    return 0;
}

int op_rlimit(struct child *child, const struct op *op)
{
    (void)child;
    uint64_t limit[2] = {op->field[1].number, op->field[2].number};
    if (syscall(SYS_prlimit64, 0, (int)op->field[0].number, limit, NULL) < 0)
        return fail_errno("prlimit", NULL);
    return 0;
}

static int write_proc(const struct child *child, const char *path, const char *value)
{
    int fd = sys_openat2(child->proc, path, O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, value, strlen(value));
    int error = errno;
    close(fd);
    errno = error;
    return written < 0 ? -1 : 0;
}

void put_score(struct text *text, const struct op *op)
{
    int32_t score = (int32_t)op->field[0].number;
    text_add(text, score < 0 ? "-" : "");
    text_number(text, (uint64_t)(score < 0 ? -(int64_t)score : score));
}

int op_oom_score_adj(struct child *child, const struct op *op)
{
    char value[16];
    struct text text = TEXT(value);
    if (child->scored)
        return 0;
    put_score(&text, op);
    if (write_proc(child, "self/oom_score_adj", value) < 0)
        return fail_errno("write ", value, " to oom_score_adj", NULL);
    return 0;
}

int op_keyring(struct child *child, const struct op *op)
{
    (void)child;
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, op->field[0].string) < 0 && errno != ENOSYS)
        return fail_errno("join a session keyring", NULL);
    return 0;
}

/* The file of its own exists since Linux 5.8; the older one belongs to whichever module has it. */
int op_apparmor(struct child *child, const struct op *op)
{
    char value[256];
    struct text text = TEXT(value);
    const char *profile = op->field[0].string;
    if (strlen(profile) > sizeof value - 6)
        return fail(ENAMETOOLONG, "AppArmor profile ", profile, NULL);
    text_add(&text, "exec ");
    text_add(&text, profile);
    int result = write_proc(child, "thread-self/attr/apparmor/exec", value);
    if (result < 0 && errno == ENOENT)
        result = write_proc(child, "thread-self/attr/exec", value);
    return result < 0 ? fail_errno("change to the AppArmor profile ", profile, NULL) : 0;
}

int op_personality(struct child *child, const struct op *op)
{
    (void)child;
    return syscall(SYS_personality, op->field[0].number) < 0 ? fail_errno("personality", NULL) : 0;
}

int op_umask(struct child *child, const struct op *op)
{
    (void)child;
    umask((mode_t)op->field[0].number);
    return 0;
}

int op_no_new_privileges(struct child *child, const struct op *op)
{
    (void)child, (void)op;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail_errno("no_new_privs", NULL) : 0;
}

int op_seccomp(struct child *child, const struct op *op)
{
    (void)child;
    const unsigned known = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    struct bytes bytes = op->field[1].bytes;
    if (op->field[0].number & ~(uint64_t)known)
        return fail(EINVAL, "unknown seccomp flags", NULL);
    struct sock_filter *filter = malloc(bytes.length + 1); /* aligned, unlike the program */
    if (!filter)
        return fail_errno("malloc", NULL);
    memcpy(filter, bytes.at, bytes.length);
    struct sock_fprog program = {.len = (unsigned short)(bytes.length / sizeof *filter), .filter = filter};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned)op->field[0].number, &program) < 0)
        return fail_errno("install the seccomp filter", NULL);
    free(filter);
    return 0;
}

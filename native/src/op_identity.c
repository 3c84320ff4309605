/* User, groups and capabilities (capabilities(7)). Raw system calls: there is one thread, whatever libc thinks. */
#include "child.h"
#include "sys.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

struct cap_sets {
    uint64_t effective, permitted, inheritable;
};

static int capabilities(long call, struct cap_sets *sets)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        data[i].effective = (uint32_t)(sets->effective >> (32 * i));
        data[i].permitted = (uint32_t)(sets->permitted >> (32 * i));
        data[i].inheritable = (uint32_t)(sets->inheritable >> (32 * i));
    }
    if (syscall(call, &header, data) < 0)
        return -1;
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}

/* Leaving user 0 clears the effective set; the operations to come still need it. */
static int raise_permitted(void)
{
    struct cap_sets sets = {0};
    if (capabilities(SYS_capget, &sets) < 0)
        return -1;
    sets.effective = sets.permitted;
    return capabilities(SYS_capset, &sets);
}

static int set_groups(struct bytes numbers)
{
    gid_t *groups = calloc(numbers.length + 1, sizeof *groups);
    if (!groups)
        return -1;
    for (uint32_t i = 0; i < numbers.length; i++)
        groups[i] = numbers_get(numbers, i);
    long result = syscall(SYS_setgroups, (int)numbers.length, groups);
    free(groups);
    return (int)result;
}

int op_identity(struct child *child, const struct op *op)
{
    (void)child;
    uint32_t uid = (uint32_t)op->field[0].number, gid = (uint32_t)op->field[1].number;
    if (uid == UINT32_MAX || gid == UINT32_MAX) /* "leave it as it is" to the kernel: stay root */
        return fail(EINVAL, "uid or gid 4294967295", NULL);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return fail_errno("keep capabilities", NULL);
    if (set_groups(op->field[2].bytes) < 0)
        return fail_errno("setgroups", NULL);
    if (syscall(SYS_setresgid, gid, gid, gid) < 0)
        return fail_errno("setresgid", NULL);
    if (syscall(SYS_setresuid, uid, uid, uid) < 0)
        return fail_errno("setresuid", NULL);
    return raise_permitted() < 0 ? fail_errno("keep capabilities", NULL) : 0;
}

static int drop_bounding(uint64_t kept)
{
    for (int cap = 0; cap < 64; cap++) {
        if (kept >> cap & 1)
            continue;
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return errno == EINVAL ? 0 : -1; /* past the last one of this kernel */
    }
    return 0;
}

static int raise_ambient(uint64_t raised)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -1;
    for (int cap = 0; cap < 64; cap++)
        if ((raised >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            return -1;
    return 0;
}

int op_capabilities(struct child *child, const struct op *op)
{
    (void)child;
    struct cap_sets sets = {op->field[1].number, op->field[2].number, op->field[3].number};
    if (drop_bounding(op->field[0].number) < 0)
        return fail_errno("drop from the bounding set", NULL);
    if (capabilities(SYS_capset, &sets) < 0)
        return fail_errno("capset", NULL);
    return raise_ambient(op->field[4].number) < 0 ? fail_errno("raise ambient capabilities", NULL) : 0;
}

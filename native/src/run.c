/* The interpreter. */
#include "child.h"

#include <errno.h>
#include <stddef.h>

/* What the shim does itself, before or after. */
static int op_done_by_shim(struct child *child, const struct op *op)
{
    (void)child, (void)op;
    return 0;
}

static op_function *function_of(enum op_code code)
{
    switch (code) {
    case OP_USER_NAMESPACE:
    case OP_CGROUP:
        return op_done_by_shim;
    case OP_JOIN_NAMESPACE: return op_join_namespace;
    case OP_NEW_NAMESPACES: return op_new_namespaces;
    case OP_PROPAGATION: return op_propagation;
    case OP_ROOT_OVERLAY: return op_root_overlay;
    case OP_ROOT_BIND: return op_root_bind;
    case OP_MOUNT: return op_mount;
    case OP_BIND: return op_bind;
    case OP_MOUNT_ATTRIBUTES: return op_mount_attributes;
    case OP_MASK: return op_mask;
    case OP_READONLY_PATH: return op_readonly_path;
    case OP_MKDIR: return op_mkdir;
    case OP_MKFILE: return op_mkfile;
    case OP_MKNOD: return op_mknod;
    case OP_SYMLINK: return op_symlink;
    case OP_SYSCTL: return op_sysctl;
    case OP_PIVOT_ROOT: return op_pivot_root;
    case OP_HOSTNAME: return op_hostname;
    case OP_DOMAINNAME: return op_domainname;
    case OP_LOOPBACK: return op_loopback;
    case OP_TTY: return op_tty;
    case OP_HOOK: return op_hook;
    case OP_STDIO_OWNER: return op_stdio_owner;
    case OP_RLIMIT: return op_rlimit;
    case OP_OOM_SCORE_ADJ: return op_oom_score_adj;
    case OP_KEYRING: return op_keyring;
    case OP_APPARMOR: return op_apparmor;
    case OP_PERSONALITY: return op_personality;
    case OP_UMASK: return op_umask;
    case OP_CWD: return op_cwd;
    case OP_IDENTITY: return op_identity;
    case OP_NO_NEW_PRIVILEGES: return op_no_new_privileges;
    case OP_SECCOMP: return op_seccomp;
    case OP_CAPABILITIES: return op_capabilities;
    case OP_EXEC: return op_exec;
    }
    return NULL;
}

int run_program(struct child *child, const struct program *program)
{
    struct cursor cursor = program_begin(program);
    child->program = program;
    while (program_next(&cursor, &child->op)) {
        op_function *function = function_of(child->op.code);
        if (!function)
            return fail(ENOSYS, "unknown operation", NULL);
        if (function(child, &child->op) < 0)
            return -1;
    }
    return 0;
}

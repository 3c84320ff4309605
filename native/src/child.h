/*
 * The side of the shim that becomes the container's process: it carries out programs and reports over its sync socket.
 *
 *     shim                                child
 *       │── clone3 ───────────────────────▶
 *       │◀─ PID ───────────────────────────  where it had to clone once more to get into its namespaces
 *       │── GO ───────────────────────────▶  answers PID: id maps are written
 *       │◀─ HOOK index ────────────────────  createRuntime; answered by GO, or by death
 *       │◀─ TERMINAL + descriptor ─────────
 *       │◀─ READY ─────────────────────────  end of the create program
 *       │── length, process program ──────▶
 *       │◀─ end of file: execve │ FAILED ──
 */
#ifndef CHILD_H
#define CHILD_H

#include "program.h"

#include <stdbool.h>
#include <sys/types.h>

enum report_kind { REPORT_FAILED = 1, REPORT_PID, REPORT_HOOK, REPORT_TERMINAL, REPORT_READY };

/* What a child tells the shim: always this size, in one message. */
struct report {
    uint32_t kind;
    uint32_t index; /* of the operation */
    uint32_t code;
    uint32_t value; /* errno of FAILED, pid of PID */
    char detail[480];
};

/* What the child is to do; filled by the shim before clone3. */
struct launch {
    const struct program *program;
    int stdio[3];        /* -1: the null device */
    int sync;
    int init;             /* pidfd of the container's init for an exec, otherwise -1 */
    int join;             /* CLONE_NEW flags to take over from `init` */
    bool tty;
    bool relay;           /* enters a user namespace or one of another process: clones once more */
    bool enters_user_namespace;
    uint64_t clone_flags; /* CLONE_NEWPID and CLONE_NEWUSER of the process itself */
    struct list legacy_cgroups;
};

/* State of the process that runs a program. Descriptors are -1 while closed. */
struct child {
    const struct program *program; /* the one being carried out */
    int sync;
    int root;         /* the container's root, once there is one */
    int proc;         /* procfs of the host, checked to be one */
    int null;         /* /dev/null, checked to be one; opened by the first mask */
    int mask_dir;     /* an attached empty read-only tmpfs to clone */
    bool tty;
    bool pivoted;
    bool scored;      /* oom_score_adj was inherited, or is the shim's to set */
    int *shared;      /* by operation: one more than the descriptor of a shared bind's source, cloned ahead */
    const char *late_cwd;
    struct op op;     /* the one being carried out */
};

/* Body of the cloned process. */
_Noreturn void child_main(const struct launch *launch);

/* Carries out a program; -1 after fail(). Does not return from OP_EXEC when it succeeds. */
int run_program(struct child *child, const struct program *program);

/* Clones the sources of the program's shared binds ahead of their turn. */
int clone_shared_sources(struct child *child);

/* Why the operation failed: an errno and strings up to a null. Returns -1. */
int fail(int error, ...);
/* The same with errno. */
#define fail_errno(...) fail(errno, __VA_ARGS__)

/* The value of OOM_SCORE_ADJ as /proc takes it. */
struct text;
void put_score(struct text *text, const struct op *op);

/* What the last fail() said. */
const struct report *failure_report(void);

void child_report(struct child *child, enum report_kind kind, int descriptor);
/* Waits for one byte of the shim. */
int child_await(struct child *child);

/* Operations, by file; each takes the fields its line in ops.h lists. */
typedef int op_function(struct child *child, const struct op *op);

op_function op_join_namespace, op_new_namespaces, op_propagation;                              /* op_namespace.c */
op_function op_hostname, op_domainname, op_loopback, op_sysctl;                                /* op_kernel.c */
op_function op_root_overlay, op_root_bind, op_pivot_root;                                      /* op_root.c */
op_function op_mount, op_bind, op_mount_attributes, op_mask, op_readonly_path;                 /* op_mount.c, op_mask.c */
op_function op_mkdir, op_mkfile, op_mknod, op_symlink;                                         /* op_node.c */
op_function op_tty;                                                                            /* op_tty.c */
op_function op_hook;                                                                           /* hook.c */
op_function op_stdio_owner, op_rlimit, op_oom_score_adj, op_keyring, op_apparmor, op_personality, op_umask,
    op_no_new_privileges, op_seccomp;                                                          /* op_process.c */
op_function op_identity, op_capabilities;                                                      /* op_identity.c */
op_function op_cwd, op_exec;                                                                   /* op_exec.c */

/* Attaches the detached `mount`, and closes it, on `target`, which is made as what the mount's root is. */
int place_mount(struct child *child, int mount, const char *target, bool strict);
int join_namespace(int type, const char *path);
int become_root_of_user_namespace(void);

/* Opens `path` and checks that it is the null device (char 1:3). Null descriptors of stdio are replaced by the container's. */
int open_null(int dir, const char *path, uint64_t flags);
void adopt_null_device(const struct child *child);

#endif

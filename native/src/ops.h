/*
 * The protocol between the engine and gantry-shim. src/kernel/shim-protocol.ts says the same in TypeScript and draws
 * the conversations; a test compares the two.
 *
 * A frame is a header of 8 bytes and a payload, all numbers little endian:
 *
 *     u8 type   u8 stream (of OUTPUT: 1 stdout, 2 stderr; otherwise 0)   u16 zero   u32 payload length
 *
 * The payload is a sequence of fields as the third column says:
 *
 *     u  u32
 *     q  u64
 *     s  string        u32 length, bytes, NUL (the length counts neither)
 *     l  strings       u32 count, u32 length of all that follows, each string with its NUL
 *     n  numbers       u32 count, u32 each
 *     b  bytes         u32 length, bytes
 *     *  raw payload, no fields
 *
 * A program is bytes: u32 count, then per operation u16 code, u16 zero, u32 length, and the fields.
 */
#ifndef OPS_H
#define OPS_H

#define MESSAGES(X)                                                                                          \
    /* fd 3: engine to shim */                                                                               \
    X(CREATE, 1, "susqussqb") /* run dir, stdio flags, log path, max size, max files, attrs, spill dir, limit, program */ \
    X(START, 2, "b")          /* process program */                                                          \
    /* fd 3: shim to engine; the last two also answer EXEC */                                                \
    X(CREATED, 3, "u")     /* pid */                                                                         \
    X(STARTED, 4, "u")     /* pid */                                                                         \
    X(FAILED, 5, "uuuus")  /* phase, index of the operation, its code (0: none), errno, detail */            \
    /* shim.sock: client to shim */                                                                          \
    X(STATE, 16, "")                                                                                         \
    X(ATTACH, 17, "u")       /* flags */                                                                     \
    X(EXEC, 18, "suslb")     /* id, flags, cgroup v2 dir, cgroup v1 dirs, process program */                 \
    X(RESIZE, 19, "suu")     /* exec id or empty, rows, columns */                                           \
    X(SIGNAL, 20, "suu")     /* exec id or empty, signal, 1: to all processes of the container */            \
    X(WAIT, 21, "s")         /* exec id or empty */                                                          \
    X(CLOSE_STDIN, 22, "s")  /* exec id or empty */                                                          \
    X(STDIN, 23, "*")                                                                                        \
    X(STDIN_EOF, 24, "")                                                                                     \
    /* shim.sock: shim to client */                                                                          \
    X(OK, 32, "")                                                                                            \
    X(ERROR, 33, "us")       /* errno, detail */                                                             \
    X(STATUS, 34, "uuq")     /* state, pid of init, log lines lost */                                        \
    X(ATTACHED, 35, "qq")    /* inode and size of the log file where the live output goes on */              \
    X(OUTPUT, 36, "*")                                                                                       \
    X(EXIT, 37, "*")         /* the exit record */

/* Fourth column: the programs an operation may occur in. */
#define IN_CREATE 1
#define IN_PROCESS 2

#define OPS(X)                                                                                               \
    X(USER_NAMESPACE, 1, "nn", IN_CREATE)      /* uid map, gid map: container, host, size each */            \
    X(CGROUP, 2, "sl", IN_CREATE)              /* cgroup v2 dir or empty, cgroup v1 dirs */                  \
    X(JOIN_NAMESPACE, 3, "us", IN_CREATE)      /* CLONE_NEW flag, path */                                    \
    X(NEW_NAMESPACES, 4, "u", IN_CREATE)       /* CLONE_NEW flags */                                         \
    X(PROPAGATION, 5, "u", IN_CREATE)          /* MS_ flag */                                                \
    X(ROOT_OVERLAY, 6, "slssls", IN_CREATE)    /* dir, lower, upper, work, options, at */                    \
    X(ROOT_BIND, 7, "ss", IN_CREATE)           /* source, at */                                              \
    X(MOUNT, 8, "sssluu", IN_CREATE)           /* fstype, source, target, options, attrs, propagation */     \
    X(BIND, 9, "sssuuuu", IN_CREATE)           /* source, subpath, target, BIND_ flags, set, clear, propagation */ \
    X(MOUNT_ATTRIBUTES, 10, "suuuu", IN_CREATE) /* target, recursive, set, clear, propagation */             \
    X(MASK, 11, "s", IN_CREATE)                                                                              \
    X(READONLY_PATH, 12, "s", IN_CREATE)                                                                     \
    X(MKDIR, 13, "suuu", IN_CREATE)            /* path, mode, uid, gid */                                    \
    X(MKFILE, 14, "su", IN_CREATE)             /* path, mode */                                              \
    X(MKNOD, 15, "suuuuu", IN_CREATE)          /* path, mode with type, major, minor, uid, gid */            \
    X(SYMLINK, 16, "ss", IN_CREATE)            /* path, target */                                            \
    X(SYSCTL, 17, "ss", IN_CREATE)             /* path below /proc/sys, value */                             \
    X(PIVOT_ROOT, 18, "", IN_CREATE)                                                                         \
    X(HOSTNAME, 19, "s", IN_CREATE)                                                                          \
    X(DOMAINNAME, 20, "s", IN_CREATE)                                                                        \
    X(LOOPBACK, 21, "", IN_CREATE)                                                                           \
    X(TTY, 22, "uuu", IN_CREATE | IN_PROCESS)  /* rows, columns, 1: bind to /dev/console */                  \
    X(HOOK, 23, "uslluss", IN_CREATE | IN_PROCESS) /* when, path, argv, env, timeout ms, state before and after the pid */ \
    X(STDIO_OWNER, 32, "u", IN_PROCESS)                                                                      \
    X(RLIMIT, 33, "uqq", IN_PROCESS)           /* resource, soft, hard */                                    \
    X(OOM_SCORE_ADJ, 34, "u", IN_PROCESS)      /* two's complement */                                        \
    X(KEYRING, 35, "s", IN_PROCESS)                                                                          \
    X(APPARMOR, 36, "s", IN_PROCESS)                                                                         \
    X(PERSONALITY, 37, "u", IN_PROCESS)                                                                      \
    X(UMASK, 38, "u", IN_PROCESS)                                                                            \
    X(CWD, 39, "s", IN_PROCESS)                                                                              \
    X(IDENTITY, 40, "uun", IN_PROCESS)         /* uid, gid, supplementary groups */                          \
    X(NO_NEW_PRIVILEGES, 41, "", IN_PROCESS)                                                                 \
    X(SECCOMP, 42, "ub", IN_PROCESS)           /* SECCOMP_FILTER_FLAG_ flags, struct sock_filter[] */        \
    X(CAPABILITIES, 43, "qqqqq", IN_PROCESS)   /* bounding, effective, permitted, inheritable, ambient */    \
    X(EXEC, 44, "ll", IN_PROCESS)              /* argv, env */

#define MESSAGE_NUMBER(name, number, fields) MSG_##name = number,
enum message { MESSAGES(MESSAGE_NUMBER) };
#undef MESSAGE_NUMBER

#define OP_NUMBER(name, number, fields, programs) OP_##name = number,
enum op_code { OPS(OP_NUMBER) };
#undef OP_NUMBER

#define FRAME_HEADER 8
#define FRAME_MAX 4194304  /* CREATE, START and EXEC: argv and environment are the bulk */
#define CHUNK_MAX 65536    /* every other frame */
#define EXEC_ID_MAX 128

/* Stdio flags of CREATE and EXEC. */
#define STDIO_TTY 1
#define STDIO_STDIN 2
#define STDIO_STDIN_ONCE 4 /* CREATE: standard input ends with the first client that was attached to it */
#define STDIO_OUTPUT 8     /* EXEC: output goes to the client; otherwise all three streams are the null device */

/* Flags of ATTACH. */
#define ATTACH_STDIN 1
#define ATTACH_STDOUT 2
#define ATTACH_STDERR 4
#define ATTACH_PENDING 8 /* send the unfinished lines first, which the log does not have yet */

#define BIND_RECURSIVE 1
#define BIND_RECURSIVE_ATTRS 2
#define BIND_RECURSIVE_PROPAGATION 4

#define HOOK_CREATE_RUNTIME 1
#define HOOK_CREATE_CONTAINER 2
#define HOOK_START_CONTAINER 3
#define HOOK_POSTSTART 4
#define HOOK_POSTSTOP 5

#define STATUS_CREATING 1
#define STATUS_CREATED 2
#define STATUS_RUNNING 3
#define STATUS_STOPPED 4

/* Phase of FAILED. */
#define PHASE_CREATE 1
#define PHASE_START 2

#define NO_OP 4294967295 /* index of FAILED: no operation in particular */

#define LOG_CHUNK 16384         /* a longer line is logged in pieces, as Docker does */
#define CLIENT_MEMORY 65536     /* output held in memory for a slow client; more goes to a spill file */

#endif

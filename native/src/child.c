#include "child.h"
#include "hook.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#define SYNC_FD 3
#define INIT_FD 4
#define PROC_MAGIC 0x9fa0

static struct report failure;

int fail(int error, ...)
{
    struct text detail = TEXT(failure.detail);
    va_list strings;
    failure.value = (uint32_t)(error ? error : EIO);
    failure.detail[0] = 0;
    va_start(strings, error);
    for (const char *string; (string = va_arg(strings, const char *));)
        text_add(&detail, string);
    va_end(strings);
    return -1;
}

const struct report *failure_report(void)
{
    return &failure;
}

static void send_report(int sync, const struct report *report, int descriptor)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {(void *)report, sizeof *report};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    }
    if (sendmsg(sync, &message, MSG_NOSIGNAL) != (ssize_t)sizeof *report)
        _exit(1); /* the shim is gone */
}

void child_report(struct child *child, enum report_kind kind, int descriptor)
{
    struct report report = {.kind = kind, .index = child->op.index, .code = child->op.code};
    send_report(child->sync, &report, descriptor);
}

static _Noreturn void report_failure(int sync, uint32_t index, uint32_t code)
{
    failure.kind = REPORT_FAILED;
    failure.index = index;
    failure.code = code;
    send_report(sync, &failure, -1);
    _exit(1);
}

static _Noreturn void give_up(const struct child *child)
{
    report_failure(child->sync, NO_OP, 0);
}

static int read_exactly(int fd, void *out, size_t length)
{
    for (size_t got = 0; got < length;) {
        ssize_t count = read(fd, (char *)out + got, length - got);
        if (count <= 0 && !(count < 0 && errno == EINTR))
            return -1;
        got += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

int child_await(struct child *child)
{
    char go;
    return read_exactly(child->sync, &go, 1) < 0 ? fail(EPIPE, "the shim is gone", NULL) : 0;
}

/* Of all descriptors only stdio, the sync socket and the pidfd of init stay: nothing of the host can leak further. */
static void keep_descriptors(const struct launch *launch)
{
    int sync = fcntl(launch->sync, F_DUPFD_CLOEXEC, 16);
    int init = launch->init < 0 ? -1 : fcntl(launch->init, F_DUPFD_CLOEXEC, 16);
    for (int i = 0; i < 3; i++)
        if (launch->stdio[i] >= 0)
            dup2(launch->stdio[i], i);
    dup3(sync, SYNC_FD, O_CLOEXEC);
    if (init >= 0)
        dup3(init, INIT_FD, O_CLOEXEC);
    sys_close_range(init >= 0 ? INIT_FD + 1 : INIT_FD, ~0U, 0);
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < 65; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int open_proc(void)
{
    struct statfs fs;
    int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open /proc", NULL);
    if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_MAGIC)
        return fail(ENODEV, "/proc is not a procfs", NULL);
    return fd;
}

/*
 * cgroup v1 has no CLONE_INTO_CGROUP. "0" stands for the writer, which has one thread only; through `tasks` rather than
 * `cgroup.procs`, because moving a thread group makes the kernel (5.5) wait 10 ms for all CPUs first.
 */
static int join_cgroups(struct list dirs)
{
    const char *dir = dirs.first;
    for (uint32_t i = 0; i < dirs.count; i++, dir = list_next(dir)) {
        int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = at < 0 ? -1 : openat(at, "tasks", O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) < 0)
            return fail_errno("join the cgroup ", dir, NULL);
        close(fd);
        close(at);
    }
    return 0;
}

static int join_init(const struct launch *launch)
{
    if (setns(INIT_FD, launch->join) < 0)
        return fail_errno("join the container's namespaces", NULL);
    close(INIT_FD);
    return 0;
}

/* The namespaces that only processes born later are in. */
static void join_before_birth(struct child *child, const struct launch *launch)
{
    struct cursor cursor = program_begin(launch->program);
    while (program_next(&cursor, &child->op)) {
        int type = (int)child->op.field[0].number;
        if (child->op.code != OP_JOIN_NAMESPACE || (type != CLONE_NEWUSER && type != CLONE_NEWPID))
            continue;
        if (join_namespace(type, child->op.field[1].string) < 0)
            report_failure(child->sync, child->op.index, child->op.code);
    }
}

/* /proc/self/oom_score_adj cannot be written from inside a user namespace; a child inherits the value. */
static void set_score_before_birth(struct child *child, const struct launch *launch)
{
    if (program_find(launch->program, OP_OOM_SCORE_ADJ, &child->op) && op_oom_score_adj(child, &child->op) < 0)
        report_failure(child->sync, child->op.index, child->op.code);
    child->scored = true;
}

/* Clones the process proper as the shim's child, inside what this one has joined. Returns in the new process only. */
static void be_born_again(struct child *child, const struct launch *launch)
{
    struct clone_request request = {.flags = launch->clone_flags | CLONE_PARENT};
    pid_t pid = sys_clone3(&request);
    if (pid < 0) {
        fail_errno("clone", NULL);
        give_up(child);
    }
    if (pid == 0) {
        if (child_await(child) < 0)
            give_up(child);
        return;
    }
    struct report report = {.kind = REPORT_PID, .value = (uint32_t)pid};
    send_report(child->sync, &report, -1);
    _exit(0);
}

static void relay(struct child *child, const struct launch *launch)
{
    if (launch->init >= 0) {
        set_score_before_birth(child, launch);
        if (join_init(launch) < 0)
            give_up(child);
    } else {
        child->scored = launch->enters_user_namespace;
        join_before_birth(child, launch);
    }
    be_born_again(child, launch);
    if (launch->enters_user_namespace && become_root_of_user_namespace() < 0)
        give_up(child);
}

static void run_or_report(struct child *child, const struct program *program)
{
    if (run_program(child, program) < 0)
        report_failure(child->sync, child->op.index, child->op.code);
}

/* The process program comes when the container is started, which may be never. */
static void await_program(struct child *child, struct program *program)
{
    struct bytes bytes;
    if (read_exactly(child->sync, &bytes.length, sizeof bytes.length) < 0)
        _exit(1);
    uint8_t *at = malloc(bytes.length);
    if (!at || read_exactly(child->sync, at, bytes.length) < 0)
        _exit(1);
    bytes.at = at;
    if (!program_open(program, bytes, IN_PROCESS)) {
        fail(EINVAL, "malformed program", NULL);
        give_up(child);
    }
}

void child_main(const struct launch *launch)
{
    struct child child = {.sync = SYNC_FD, .root = -1, .null = -1, .mask_dir = -1, .tty = launch->tty};
    struct program process = *launch->program;
    keep_descriptors(launch);
    reset_signals();
    child.proc = open_proc();
    if (child.proc < 0 || join_cgroups(launch->legacy_cgroups) < 0)
        give_up(&child);
    if (launch->relay)
        relay(&child, launch);
    setsid();
    if (launch->init < 0) {
        run_or_report(&child, launch->program);
        child_report(&child, REPORT_READY, -1);
        await_program(&child, &process);
    }
    if (child.root < 0 || launch->init >= 0)
        child.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    adopt_null_device(&child);
    run_or_report(&child, &process);
    _exit(1); /* not reached: a process program ends with exec */
}

#include "shim.h"
#include "hook.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void close_all(int *fds, int count)
{
    for (int i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* [0] reading, [1] writing; the shim's end does not block. */
static int open_pipe(int ends[2], int mine)
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    return fcntl(ends[mine], F_SETFL, O_NONBLOCK);
}

static int open_pipes(struct proc *proc, int pipes[3][2])
{
    bool output = proc == &shim.init || (proc->stdio & STDIO_OUTPUT);
    if (proc->stdio & STDIO_TTY)
        return 0;
    if ((proc->stdio & STDIO_STDIN) && open_pipe(pipes[0], 1) < 0)
        return -1;
    if (output && (open_pipe(pipes[1], 0) < 0 || open_pipe(pipes[2], 0) < 0))
        return -1;
    return 0;
}

static int adopt_pipes(struct proc *proc, int pipes[3][2])
{
    if (pipes[0][1] >= 0)
        input_open(proc, pipes[0][1]);
    for (int i = 0; i < 2; i++)
        if (pipes[i + 1][0] >= 0)
            output_open(proc, i, pipes[i + 1][0]);
    close_all((int[]){pipes[0][0], pipes[1][1], pipes[2][1]}, 3);
    return 0;
}

/* What the operations of a create program ask of clone3. */
static void plan_birth(struct launch *launch, const struct program *program)
{
    struct cursor cursor = program_begin(program);
    struct op op;
    while (program_next(&cursor, &op)) {
        if (op.code == OP_NEW_NAMESPACES)
            launch->clone_flags |= op.field[0].number & CLONE_NEWPID;
        if (op.code == OP_USER_NAMESPACE)
            launch->clone_flags |= CLONE_NEWUSER;
        if (op.code != OP_JOIN_NAMESPACE)
            continue;
        launch->enters_user_namespace |= op.field[0].number == CLONE_NEWUSER;
        launch->relay |= op.field[0].number == CLONE_NEWUSER || op.field[0].number == CLONE_NEWPID;
    }
    if (launch->clone_flags & CLONE_NEWUSER)
        launch->relay = launch->enters_user_namespace = true;
}

static void plan_join(struct launch *launch)
{
    launch->relay = true;
    launch->join = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP;
    launch->enters_user_namespace = shim.user_namespace;
    if (shim.user_namespace)
        launch->join |= CLONE_NEWUSER;
}

static pid_t clone_child(struct proc *proc, const struct launch *launch, const char *unified)
{
    struct clone_request request = {
        .flags = CLONE_PIDFD_FLAG, .pidfd = (uint64_t)(uintptr_t)&proc->pidfd, .exit_signal = SIGCHLD};
    int cgroup = -1;
    if (!launch->relay)
        request.flags |= launch->clone_flags;
    if (*unified) {
        cgroup = open(unified, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (cgroup < 0)
            return fail_errno("open the cgroup ", unified, NULL);
        request.flags |= CLONE_INTO_CGROUP_FLAG;
        request.cgroup = (uint64_t)cgroup;
    }
    pid_t pid = sys_clone3(&request);
    if (pid == 0)
        child_main(launch);
    int error = errno;
    if (cgroup >= 0)
        close(cgroup);
    return pid < 0 ? fail(error, "clone3", NULL) : pid;
}

static void sync_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    proc_hear(container_of(watch, struct proc, sync));
}

int proc_spawn(struct proc *proc, const struct spawn *spawn)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}}, sync[2];
    struct launch launch = {.program = spawn->program,
                            .tty = proc->stdio & STDIO_TTY,
                            .init = spawn->init,
                            .legacy_cgroups = spawn->legacy};
    if (spawn->init < 0)
        plan_birth(&launch, spawn->program);
    else
        plan_join(&launch);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync) < 0)
        return fail_errno("socketpair", NULL);
    int result = open_pipes(proc, pipes) < 0 ? fail_errno("pipe", NULL) : 0;
    if (result == 0) {
        memcpy(launch.stdio, (int[]){pipes[0][0], pipes[1][1], pipes[2][1]}, sizeof launch.stdio);
        launch.sync = sync[1];
        proc->pid = result = clone_child(proc, &launch, spawn->unified);
    }
    close(sync[1]);
    if (result < 0) {
        close(sync[0]);
        close_all(&pipes[0][0], 6);
        return -1;
    }
    proc->state = launch.relay ? PROC_CLONING : PROC_CREATING;
    watch_start(&proc->sync, sync[0], EPOLLIN, sync_ready);
    return adopt_pipes(proc, pipes);
}

int write_proc_of(pid_t pid, const char *file, const struct text *content)
{
    char path[64];
    struct text name = TEXT(path);
    text_add(&name, "/proc/");
    text_number(&name, (uint64_t)pid);
    text_add(&name, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd < 0 ? -1 : write(fd, content->at, content->length);
    int error = errno;
    if (fd >= 0)
        close(fd);
    return written < 0 ? fail(error, "write ", path, NULL) : 0;
}

static int write_map(pid_t pid, const char *file, struct bytes numbers)
{
    char map[4000];
    struct text text = TEXT(map);
    for (uint32_t i = 0; i < numbers.length; i++) {
        text_number(&text, numbers_get(numbers, i));
        text_add(&text, i % 3 == 2 ? "\n" : " ");
    }
    return write_proc_of(pid, file, &text);
}

static int write_maps(pid_t pid)
{
    struct op op;
    if (!program_find(&shim.program, OP_USER_NAMESPACE, &op))
        return 0;
    return write_map(pid, "/uid_map", op.field[0].bytes) < 0 ? -1 : write_map(pid, "/gid_map", op.field[1].bytes);
}

static void proc_failed(struct proc *proc, const struct report *report)
{
    bool known = proc->state == PROC_FAILED;
    proc->state = PROC_FAILED;
    if (!proc->exited)
        kill(proc->pid, SIGKILL); /* not reaped yet, so the pid is still its own */
    if (known)
        return;
    if (proc == &shim.init) {
        control_failed(report);
        return;
    }
    if (proc->owner) {
        struct payload payload = {0};
        put_failure(&payload, PHASE_START, report);
        client_send_payload(proc->owner, MSG_FAILED, &payload);
        proc->owner->role = CLIENT_IDLE;
        proc->owner->target = NULL;
        proc->owner = NULL;
    }
}

static void proc_failed_here(struct proc *proc, const struct report *at)
{
    struct report report = *failure_report();
    report.index = at ? at->index : NO_OP;
    report.code = at ? at->code : 0;
    proc_failed(proc, &report);
}

static void go(struct proc *proc)
{
    if (send(proc->sync.fd, "", 1, MSG_NOSIGNAL) < 0)
        return; /* it died; end of file will tell */
}

/* The process proper exists now; until here `pid` was that of the one that cloned it. */
static void hear_pid(struct proc *proc, const struct report *report)
{
    close(proc->pidfd);
    proc->pid = (pid_t)report->value;
    proc->pidfd = sys_pidfd_open(proc->pid);
    proc->state = proc == &shim.init ? PROC_CREATING : PROC_STARTING;
    if (proc->pidfd < 0)
        fail_errno("pidfd_open", NULL);
    if (proc->pidfd < 0 || (proc == &shim.init && (record_pids() < 0 || write_maps(proc->pid) < 0)))
        proc_failed_here(proc, NULL);
    else
        go(proc);
}

static void hear_hook(struct proc *proc, const struct report *report)
{
    struct cursor cursor = program_begin(&shim.program);
    struct op op;
    while (program_next(&cursor, &op) && op.index != report->index)
        ;
    if (hook_run(&op, proc->pid, 3) < 0)
        proc_failed_here(proc, report);
    else
        go(proc);
}

static void hear_terminal(struct proc *proc, int master)
{
    int copy = master < 0 ? -1 : fcntl(master, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) {
        fail(EBADMSG, "no terminal came", NULL);
        proc_failed_here(proc, NULL);
        return;
    }
    output_open(proc, 0, master);
    if (proc->stdio & STDIO_STDIN)
        input_open(proc, copy);
    else
        close(copy);
}

/* End of file: the socket was closed by execve, or by death. */
void proc_silent(struct proc *proc)
{
    watch_close(&proc->sync);
    if (proc->state == PROC_STARTING) {
        proc->state = PROC_RUNNING;
        if (proc == &shim.init) {
            control_started();
        } else if (proc->owner) {
            struct payload payload = {0};
            put_u32(&payload, (uint32_t)proc->pid);
            client_send_payload(proc->owner, MSG_STARTED, &payload);
        }
        output_resume(proc);
    } else if (proc->state != PROC_FAILED) {
        fail(ECHILD, "the process died before it was started", NULL);
        proc_failed_here(proc, NULL);
    }
    proc_settle(proc);
}

static void hear(struct proc *proc, const struct report *report, int descriptor)
{
    switch (report->kind) {
    case REPORT_FAILED:
        proc_failed(proc, report);
        break;
    case REPORT_PID:
        hear_pid(proc, report);
        break;
    case REPORT_HOOK:
        hear_hook(proc, report);
        break;
    case REPORT_TERMINAL:
        hear_terminal(proc, descriptor);
        return;
    case REPORT_READY:
        proc->state = PROC_CREATED;
        control_created();
        break;
    }
    if (descriptor >= 0)
        close(descriptor);
}

bool proc_hear(struct proc *proc)
{
    struct report report;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec data = {&report, sizeof report};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (proc->sync.fd < 0)
        return false;
    ssize_t count = recvmsg(proc->sync.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count != (ssize_t)sizeof report) {
        proc_silent(proc);
        return false;
    }
    int descriptor = -1;
    struct cmsghdr *first = CMSG_FIRSTHDR(&message);
    if (first && first->cmsg_type == SCM_RIGHTS)
        memcpy(&descriptor, CMSG_DATA(first), sizeof descriptor);
    hear(proc, &report, descriptor);
    return true;
}

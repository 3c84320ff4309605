/*
 * The end of a process. Init: reaped ⇒ its output read to the end ⇒ log complete ⇒ exit record renamed into place ⇒
 * clients told ⇒ clients have taken everything, or make no progress ⇒ poststop hooks ⇒ the shim exits.
 */
#include "shim.h"
#include "hook.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define DRAIN_MS 10000      /* the pid namespace is gone, nobody writes any more: the pipes end by themselves */
#define DRAIN_SHARED_MS 100 /* others may keep the pipes open for as long as they like */
#define FAREWELL_MS 1000

static struct watch children;
static struct timer farewell;
static int farewells;

struct proc *proc_find(const char *id)
{
    if (*id == 0)
        return &shim.init;
    for (struct proc *proc = shim.execs; proc; proc = proc->next)
        if (strcmp(proc->id, id) == 0)
            return proc;
    return NULL;
}

static struct proc *find_pid(pid_t pid)
{
    for (struct proc *proc = shim.execs; proc; proc = proc->next)
        if (proc->pid == pid && !proc->exited)
            return proc;
    return shim.init.pid == pid && !shim.init.exited ? &shim.init : NULL;
}

void proc_close(struct proc *proc)
{
    timer_stop(&proc->drain);
    watch_close(&proc->sync);
    watch_close(&proc->input);
    watch_close(&proc->output[0].watch);
    watch_close(&proc->output[1].watch);
    if (proc->pidfd >= 0)
        close(proc->pidfd);
    proc->pidfd = -1;
}

static void exec_remove(struct proc *proc)
{
    struct proc **link = &shim.execs;
    while (*link != proc)
        link = &(*link)->next;
    *link = proc->next;
    for (struct client *client = shim.clients; client; client = client->next)
        if (client->target == proc)
            client_leave(client);
    proc_close(proc);
    free(proc);
}

static void tell(struct client *client, const struct proc *proc)
{
    char record[512];
    struct text text = TEXT(record);
    record_format(proc, &text);
    client_send(client, MSG_EXIT, 0, record, (uint32_t)text.length);
}

static void tell_waiting(const struct proc *proc)
{
    for (struct client *client = shim.clients; client; client = client->next) {
        if (client->role != CLIENT_WAITING || client->target != proc)
            continue;
        client->role = CLIENT_IDLE;
        client->target = NULL;
        tell(client, proc);
    }
}

static void farewell_due(struct timer *timer)
{
    farewells++;
    clients_farewell();
    timer_start(timer, FAREWELL_MS, farewell_due);
}

static void run_hooks_of(uint64_t when)
{
    struct cursor cursor = program_begin(&shim.program);
    struct op op;
    while (shim.create && program_next(&cursor, &op))
        if (op.code == OP_HOOK && op.field[0].number == when && hook_run(&op, shim.init.pid, -1) < 0)
            shim.failed_hooks++;
}

/* After five rounds a process that does not even die of SIGKILL is left to itself. */
void maybe_leave(void)
{
    if (!shim.finished || shim.clients || shim.hooks > 0 || (shim.execs && farewells < 5))
        return;
    run_hooks_of(HOOK_POSTSTOP);
    shim_exit(0);
}

static void finish_init(struct proc *proc)
{
    proc->settled = shim.finished = true;
    record_write(proc);
    tell_waiting(proc);
    for (struct client *client = shim.clients; client; client = client->next) {
        client->progress = loop_now();
        if (client->role == CLIENT_ATTACHED)
            tell(client, proc);
        if (client->role != CLIENT_EXEC)
            client_leave(client);
    }
    watch_close(&shim.listener);
    unlinkat(shim.run_dir, "shim.sock", 0);
    for (struct proc *exec = shim.execs; exec; exec = exec->next)
        if (!exec->exited && exec->pidfd >= 0)
            sys_pidfd_send_signal(exec->pidfd, SIGKILL);
    if (!shim.own_pids)
        kill_container(SIGKILL);
    timer_start(&farewell, FAREWELL_MS, farewell_due);
}

static void drain_due(struct timer *timer)
{
    struct proc *proc = container_of(timer, struct proc, drain);
    bool blocked = proc->owner && !queue_is_empty(&proc->owner->queue);
    if (blocked) {
        timer_start(timer, DRAIN_SHARED_MS, drain_due);
        return;
    }
    for (int i = 0; i < 2; i++)
        output_drain(&proc->output[i]);
    proc_settle(proc);
}

static void settle_exec(struct proc *proc)
{
    if (!proc->settled) {
        proc->settled = true;
        record_write(proc);
        tell_waiting(proc);
    }
    if (!outputs_closed(proc)) {
        if (!proc->drain.armed)
            timer_start(&proc->drain, DRAIN_SHARED_MS, drain_due);
        return;
    }
    if (proc->owner)
        tell(proc->owner, proc);
    exec_remove(proc);
}

static void settle_init(struct proc *proc)
{
    if (shim.hooks > 0)
        return; /* the engine has to hear of the start first */
    if (!outputs_closed(proc)) {
        if (!proc->drain.armed && !shim.own_pids)
            kill_container(SIGKILL);
        if (!proc->drain.armed)
            timer_start(&proc->drain, shim.own_pids ? DRAIN_MS : DRAIN_SHARED_MS, drain_due);
        return;
    }
    if (!proc->settled)
        finish_init(proc);
}

/* Goes as far as can be gone now; `proc` of an exec may be gone afterwards. */
void proc_settle(struct proc *proc)
{
    if (!proc->exited || proc->sync.fd >= 0)
        return;
    if (proc == &shim.init) {
        if (proc->state == PROC_FAILED)
            abandon_container();
        settle_init(proc);
    } else if (proc->state == PROC_FAILED) {
        exec_remove(proc);
    } else {
        settle_exec(proc);
    }
}

static void reaped(pid_t pid, int status)
{
    if (pid == shim.hooks) {
        shim.hooks = 0;
        shim.failed_hooks += (uint32_t)WEXITSTATUS(status);
        control_started();
        proc_settle(&shim.init);
        return;
    }
    struct proc *proc = find_pid(pid);
    if (!proc)
        return; /* an orphan, or a process that has cloned the one meant */
    while (proc_hear(proc)) /* what it said before it died, such as the pid of the one that matters */
        ;
    if (proc->pid != pid)
        return;
    proc->exited = true;
    proc->status = status;
    clock_gettime(CLOCK_REALTIME, &proc->ended);
    if (proc->state == PROC_CLONING) /* the one it may have cloned hears of the end and gives up */
        proc_silent(proc);
    else
        proc_settle(proc);
}

static void children_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct signalfd_siginfo info;
    int status;
    pid_t pid;
    if (read(watch->fd, &info, sizeof info) < 0 && errno == EINTR)
        return;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        reaped(pid, status);
}

int children_open(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -1 : watch_start(&children, fd, EPOLLIN, children_ready);
}

/* True when hooks are run now, by a process of their own, so that output goes on meanwhile. */
bool poststart_hooks_run(void)
{
    struct cursor cursor = program_begin(&shim.program);
    struct op op;
    while (shim.create && program_next(&cursor, &op)) {
        if (op.code != OP_HOOK || op.field[0].number != HOOK_POSTSTART)
            continue;
        struct clone_request request = {.exit_signal = SIGCHLD};
        shim.hooks = sys_clone3(&request);
        if (shim.hooks != 0)
            return shim.hooks > 0;
        shim.failed_hooks = 0;
        sys_close_range(3, ~0U, 0); /* or its copies would keep connections open */
        run_hooks_of(HOOK_POSTSTART);
        _exit((int)shim.failed_hooks);
    }
    return false;
}

/* What clients ask for, apart from standard input. */
#include "shim.h"
#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static void done(struct client *client)
{
    client_send(client, MSG_OK, 0, NULL, 0);
}

/* The process called `id`, running; or null, and the client has been told. */
static struct proc *running(struct client *client, const char *id)
{
    struct proc *proc = proc_find(id);
    if (proc && !proc->exited && proc->pidfd >= 0)
        return proc;
    client_fail(client, ESRCH, *id ? "no such exec" : "the container does not run");
    return NULL;
}

static uint32_t status(void)
{
    if (shim.init.exited)
        return STATUS_STOPPED;
    switch (shim.init.state) {
    case PROC_RUNNING:
        return STATUS_RUNNING;
    case PROC_CREATED:
    case PROC_STARTING:
        return STATUS_CREATED;
    default:
        return STATUS_CREATING;
    }
}

static void request_state(struct client *client)
{
    struct payload payload = {0};
    put_u32(&payload, status());
    put_u32(&payload, (uint32_t)shim.init.pid);
    put_u64(&payload, log_lost());
    client_send_payload(client, MSG_STATUS, &payload);
}

/* The log ends where the live output goes on; unfinished lines are in neither, so they come first when asked for. */
static void request_attach(struct client *client, uint32_t flags)
{
    struct payload payload = {0};
    uint64_t inode, size;
    log_position(&inode, &size);
    put_u64(&payload, inode);
    put_u64(&payload, size);
    client_send_payload(client, MSG_ATTACHED, &payload);
    const uint32_t wanted[2] = {ATTACH_STDOUT, ATTACH_STDERR};
    for (int i = 0; i < 2 && (flags & ATTACH_PENDING); i++)
        if ((flags & wanted[i]) && log_streams[i].length > 0)
            client_send(client, MSG_OUTPUT, (uint8_t)(i + 1), log_streams[i].buffer, (uint32_t)log_streams[i].length);
    client->role = CLIENT_ATTACHED;
    client->flags = flags;
    client->target = &shim.init;
}

static bool is_exec_id(const char *id)
{
    size_t length = strlen(id);
    return length > 0 && length <= EXEC_ID_MAX &&
           length == strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
}

static void exec_failed(struct client *client, struct proc *proc)
{
    struct report report = *failure_report();
    struct payload payload = {0};
    report.index = NO_OP;
    report.code = 0;
    put_failure(&payload, PHASE_START, &report);
    client_send_payload(client, MSG_FAILED, &payload);
    proc_close(proc);
    free(proc);
}

static struct proc *exec_make(const char *id, uint32_t stdio, struct client *owner)
{
    struct proc *proc = calloc(1, sizeof *proc);
    if (!proc)
        abort();
    strcpy(proc->id, id);
    proc->stdio = stdio;
    proc->pidfd = proc->sync.fd = proc->input.fd = -1;
    proc->output[0].watch.fd = proc->output[1].watch.fd = -1;
    proc->owner = owner;
    return proc;
}

static void request_exec(struct client *client, union field *fields)
{
    const char *id = fields[0].string;
    struct program program;
    if (client->role != CLIENT_IDLE) {
        client_fail(client, EBUSY, "the connection serves something else already");
        return;
    }
    if (!is_exec_id(id) || proc_find(id)) {
        client_fail(client, is_exec_id(id) ? EEXIST : EINVAL, "exec id");
        return;
    }
    if (!program_open(&program, fields[4].bytes, IN_PROCESS)) {
        client_fail(client, EBADMSG, "malformed process program");
        return;
    }
    if (shim.init.state != PROC_RUNNING || shim.init.exited) {
        client_fail(client, ESRCH, "the container does not run");
        return;
    }
    struct spawn spawn = {&program, fields[2].string, fields[3].list, shim.init.pidfd};
    struct proc *proc = exec_make(id, (uint32_t)fields[1].number, client);
    if (proc_spawn(proc, &spawn) < 0) {
        exec_failed(client, proc);
        return;
    }
    proc->next = shim.execs;
    shim.execs = proc;
    client->role = CLIENT_EXEC;
    client->target = proc;
}

static void request_resize(struct client *client, union field *fields)
{
    struct proc *proc = running(client, fields[0].string);
    struct winsize size = {.ws_row = (unsigned short)fields[1].number, .ws_col = (unsigned short)fields[2].number};
    if (!proc)
        return;
    if (!(proc->stdio & STDIO_TTY) || proc->output[0].watch.fd < 0)
        client_fail(client, ENOTTY, "no terminal");
    else if (ioctl(proc->output[0].watch.fd, TIOCSWINSZ, &size) < 0)
        client_fail(client, errno, "TIOCSWINSZ");
    else
        done(client);
}

static void request_signal(struct client *client, union field *fields)
{
    struct proc *proc = running(client, fields[0].string);
    int number = (int)fields[1].number;
    if (!proc)
        return;
    if (fields[2].number)
        kill_container(number);
    else if (sys_pidfd_send_signal(proc->pidfd, number) < 0) {
        client_fail(client, errno, "signal");
        return;
    }
    done(client);
}

static void request_wait(struct client *client, const char *id)
{
    char record[512];
    struct proc *proc = proc_find(id);
    if (proc && !proc->settled && client->role == CLIENT_IDLE) {
        client->role = CLIENT_WAITING;
        client->target = proc;
        return;
    }
    ssize_t length = *id == 0 || is_exec_id(id) ? record_read(id, record, sizeof record) : -1;
    if (length > 0)
        client_send(client, MSG_EXIT, 0, record, (uint32_t)length);
    else
        client_fail(client, ESRCH, "no such exec");
}

static void request_close_stdin(struct client *client, const char *id)
{
    struct proc *proc = running(client, id);
    if (!proc)
        return;
    input_end(proc);
    done(client);
}

void request_handle(struct client *client)
{
    union field fields[FIELDS_MAX];
    uint8_t type = client->inbox.header[0];
    const char *signature = message_signature(type);
    if (!signature || !decode_fields(signature, client->inbox.body, client->inbox.length, fields)) {
        client_drop(client);
        return;
    }
    switch (type) {
    case MSG_STATE:
        request_state(client);
        break;
    case MSG_ATTACH:
        if (client->role == CLIENT_IDLE)
            request_attach(client, (uint32_t)fields[0].number);
        else
            client_fail(client, EBUSY, "the connection serves something else already");
        break;
    case MSG_EXEC:
        request_exec(client, fields);
        break;
    case MSG_RESIZE:
        request_resize(client, fields);
        break;
    case MSG_SIGNAL:
        request_signal(client, fields);
        break;
    case MSG_WAIT:
        request_wait(client, fields[0].string);
        break;
    case MSG_CLOSE_STDIN:
        request_close_stdin(client, fields[0].string);
        break;
    default:
        client_drop(client);
    }
}

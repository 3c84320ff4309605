/*
 * fd 3, until the container runs. End of file before STARTED was sent means that the engine has died or has given up:
 * nobody will ever know of the container, so it goes.
 */
#include "shim.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CONTROL_FD 3

static struct watch control = {.fd = -1};
static struct inbox inbox;

void control_send(enum message type, const struct payload *payload)
{
    uint8_t header[FRAME_HEADER];
    frame_header(header, type, 0, payload->length);
    struct iovec parts[2] = {{header, sizeof header}, {(void *)payload->at, payload->length}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (control.fd >= 0)
        sendmsg(control.fd, &message, MSG_NOSIGNAL);
}

static void send_pid(enum message type)
{
    struct payload payload = {0};
    put_u32(&payload, (uint32_t)shim.init.pid);
    control_send(type, &payload);
}

void put_failure(struct payload *payload, uint32_t phase, const struct report *report)
{
    put_u32(payload, phase);
    put_u32(payload, report->index);
    put_u32(payload, report->code);
    put_u32(payload, report->value);
    put_string(payload, report->detail);
}

void control_failed(const struct report *report)
{
    struct payload payload = {0};
    put_failure(&payload, shim.started ? PHASE_START : PHASE_CREATE, report);
    control_send(MSG_FAILED, &payload);
}

void control_created(void)
{
    send_pid(MSG_CREATED);
}

/* After exec, and again when the poststart hooks have run. */
void control_started(void)
{
    if (shim.hooks == 0 && !shim.poststart_done) {
        shim.poststart_done = true;
        if (poststart_hooks_run())
            return;
    }
    send_pid(MSG_STARTED);
    watch_close(&control);
}

static void refuse(int error, const char *detail)
{
    struct report report = {.index = NO_OP, .value = (uint32_t)error};
    strncpy(report.detail, detail, sizeof report.detail - 1);
    control_failed(&report);
    abandon_container();
}

static void handle(void)
{
    union field fields[FIELDS_MAX];
    uint8_t type = inbox.header[0];
    const char *signature = type == MSG_CREATE || type == MSG_START ? message_signature(type) : NULL;
    if (!signature || !decode_fields(signature, inbox.body, inbox.length, fields))
        refuse(EBADMSG, "malformed message");
    int result;
    if (type == MSG_CREATE) {
        result = create_container(inbox.body, fields);
        inbox.body = NULL; /* kept there */
    } else {
        shim.started = true;
        result = start_container(fields[0].bytes);
    }
    if (result < 0) {
        struct report report = *failure_report();
        report.index = NO_OP;
        report.code = 0;
        control_failed(&report);
        abandon_container();
    }
}

static void control_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    switch (inbox_read(&inbox, watch->fd)) {
    case INBOX_WAIT:
        return;
    case INBOX_END:
    case INBOX_BROKEN:
        abandon_container();
    case INBOX_FRAME:
        handle();
        inbox_clear(&inbox);
    }
}

int control_open(void)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -1;
    if (fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return watch_start(&control, CONTROL_FD, EPOLLIN, control_ready);
}

#include "shim.h"

#include <errno.h>
#include <sys/epoll.h>

struct log_stream log_streams[2];

static uint8_t scratch[16384]; /* output of execs: goes to their client and nowhere else */

bool outputs_closed(const struct proc *proc)
{
    return proc->output[0].watch.fd < 0 && proc->output[1].watch.fd < 0;
}

static void output_close(struct output *output)
{
    if (output->proc == &shim.init)
        log_finish(&log_streams[output->stream - 1]);
    watch_close(&output->watch);
}

static void forward_init(const struct output *output, const uint8_t *at, uint32_t length)
{
    uint32_t wanted = output->stream == 1 ? ATTACH_STDOUT : ATTACH_STDERR;
    for (struct client *client = shim.clients; client; client = client->next)
        if (client->role == CLIENT_ATTACHED && (client->flags & wanted) && !client->leaving)
            client_send(client, MSG_OUTPUT, output->stream, at, length);
}

/* An exec has one reader: when that one is slow, the process waits as it would for any pipe. */
static void forward_exec(struct output *output, uint32_t length)
{
    struct client *owner = output->proc->owner;
    if (!owner)
        return;
    client_send(owner, MSG_OUTPUT, output->stream, scratch, length);
    if (!owner->dead && !queue_is_empty(&owner->queue)) {
        watch_change(&output->proc->output[0].watch, 0);
        watch_change(&output->proc->output[1].watch, 0);
    }
}

void output_resume(struct proc *proc)
{
    watch_change(&proc->output[0].watch, EPOLLIN);
    watch_change(&proc->output[1].watch, EPOLLIN);
}

/* Reads once; false when nothing is there. A terminal without a user reads as EIO. */
static bool output_read(struct output *output)
{
    bool init = output->proc == &shim.init;
    struct log_stream *stream = &log_streams[output->stream - 1];
    uint8_t *into = init ? stream->buffer + stream->length : scratch;
    size_t room = init ? sizeof stream->buffer - stream->length : sizeof scratch;
    ssize_t count = read(output->watch.fd, into, room);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (count <= 0) {
        output_close(output);
        return false;
    }
    if (init) {
        forward_init(output, into, (uint32_t)count);
        log_advance(stream, (size_t)count);
    } else {
        forward_exec(output, (uint32_t)count);
    }
    return true;
}

static void output_ready(struct watch *watch, uint32_t events)
{
    struct output *output = container_of(watch, struct output, watch);
    (void)events;
    if (output->proc->state != PROC_RUNNING && output->proc != &shim.init)
        return; /* hung up; the news that it was started comes first */
    output_read(output);
    if (output->watch.fd < 0)
        proc_settle(output->proc);
}

void output_open(struct proc *proc, int index, int fd)
{
    struct output *output = &proc->output[index];
    output->proc = proc;
    output->stream = (uint8_t)(index + 1);
    if (proc == &shim.init)
        log_streams[index].name = index == 0 ? "stdout" : "stderr";
    /* An exec's client hears STARTED before anything else. */
    watch_start(&output->watch, fd, proc == &shim.init ? EPOLLIN : 0, output_ready);
}

/* What is there now is the last that counts. Bounded: somebody may go on writing. */
void output_drain(struct output *output)
{
    for (int i = 0; i < 64 && output->watch.fd >= 0 && output_read(output); i++)
        ;
    if (output->watch.fd >= 0)
        output_close(output);
}

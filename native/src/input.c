#include "shim.h"

#include <errno.h>
#include <sys/epoll.h>

static bool anybody_waits(const struct proc *proc)
{
    for (struct client *client = shim.clients; client; client = client->next)
        if (client->blocked && client->target == proc && !client->dead)
            return true;
    return false;
}

static void close_if_ended(struct proc *proc)
{
    if (proc->input_ends && !anybody_waits(proc))
        watch_close(&proc->input);
}

/* The first client with data goes on; with the loop's next round it is the others' turn. */
static void input_ready(struct watch *watch, uint32_t events)
{
    struct proc *proc = container_of(watch, struct proc, input);
    if (events & (EPOLLERR | EPOLLHUP))
        watch_close(watch); /* nobody reads any more: what comes is thrown away */
    for (struct client *client = shim.clients; client; client = client->next)
        if (client->blocked && client->target == proc && !client->dead)
            client_read(client);
    if (!anybody_waits(proc))
        watch_change(watch, 0);
    close_if_ended(proc);
}

void input_open(struct proc *proc, int fd)
{
    watch_start(&proc->input, fd, 0, input_ready);
}

bool input_write(struct client *client)
{
    struct proc *proc = client->target;
    struct inbox *inbox = &client->inbox;
    while (proc && proc->input.fd >= 0 && client->input_done < inbox->length) {
        ssize_t count = write(proc->input.fd, inbox->body + client->input_done, inbox->length - client->input_done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN) {
            watch_change(&proc->input, EPOLLOUT);
            client->blocked = true;
            return false;
        }
        if (count < 0) {
            watch_close(&proc->input);
            break;
        }
        client->input_done += (uint32_t)count;
    }
    client->input_done = 0;
    client->blocked = false;
    return true;
}

/* A terminal has no end of input: closing this side would hang it up. */
void input_end(struct proc *proc)
{
    if (proc->stdio & STDIO_TTY)
        return;
    proc->input_ends = true;
    close_if_ended(proc);
}

/*
 * Connections to shim.sock. A client that is attached or has executed something sends STDIN frames; while the process
 * does not take them, its connection is not read, which is felt at the other end.
 */
#include "shim.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define ACCEPT_PAUSE_MS 100
#define PATIENCE_MS 30000 /* after init's end, for a client that does not read */

static uint32_t wanted_events(const struct client *client)
{
    bool reading = !client->blocked && !client->ended && !client->leaving;
    return (reading ? EPOLLIN : 0U) | (queue_is_empty(&client->queue) ? 0U : EPOLLOUT);
}

static void client_watch(struct client *client)
{
    if (!client->orphaned)
        watch_change(&client->watch, wanted_events(client));
}

/* Its memory is freed when the event at hand is done with. */
void client_drop(struct client *client)
{
    struct proc *target = client->target;
    if (client->dead)
        return;
    client->dead = true;
    if (client->role == CLIENT_EXEC && target) {
        target->owner = NULL;
        input_end(target);
        output_resume(target);
    } else if (client->role == CLIENT_ATTACHED && (client->flags & ATTACH_STDIN) &&
               (target->stdio & STDIO_STDIN_ONCE)) {
        input_end(target);
    }
    if (client->orphaned)
        close(client->watch.fd);
    else
        watch_close(&client->watch);
}

void clients_bury(void)
{
    for (struct client **link = &shim.clients; *link;) {
        struct client *client = *link;
        if (!client->dead) {
            link = &client->next;
            continue;
        }
        *link = client->next;
        inbox_clear(&client->inbox);
        queue_close(&client->queue);
        free(client);
    }
}

void client_leave(struct client *client)
{
    client->leaving = true;
    client->role = CLIENT_IDLE;
    client->target = NULL;
    client->blocked = false;
    client->progress = loop_now();
    if (queue_is_empty(&client->queue))
        client_drop(client);
    else if (!client->dead)
        client_watch(client);
}

void clients_farewell(void)
{
    for (struct client *client = shim.clients; client; client = client->next)
        if (loop_now() - client->progress > PATIENCE_MS)
            client_drop(client);
}

bool client_send(struct client *client, enum message type, uint8_t stream, const void *at, uint32_t length)
{
    uint8_t header[FRAME_HEADER];
    struct iovec parts[2] = {{header, sizeof header}, {(void *)at, length}};
    if (client->dead)
        return false;
    frame_header(header, type, stream, length);
    if (!queue_send(&client->queue, client->watch.fd, parts, 2)) {
        client_drop(client);
        return false;
    }
    if (!queue_is_empty(&client->queue))
        client_watch(client);
    return true;
}

void client_send_payload(struct client *client, enum message type, const struct payload *payload)
{
    client_send(client, type, 0, payload->at, payload->length);
}

void client_fail(struct client *client, int error, const char *detail)
{
    struct payload payload = {0};
    put_u32(&payload, (uint32_t)error);
    put_string(&payload, detail);
    client_send_payload(client, MSG_ERROR, &payload);
}

static void client_write(struct client *client)
{
    if (!queue_flush(&client->queue, client->watch.fd)) {
        client_drop(client);
        return;
    }
    client->progress = loop_now();
    if (!queue_is_empty(&client->queue))
        return;
    if (client->role == CLIENT_EXEC && client->target)
        output_resume(client->target);
    if (client->leaving)
        client_drop(client);
}

/* True when the frame is dealt with; false while its data waits for the process. */
static bool client_handle(struct client *client)
{
    bool streams = client->role == CLIENT_ATTACHED || client->role == CLIENT_EXEC;
    bool input = client->role == CLIENT_EXEC || (client->flags & ATTACH_STDIN);
    switch (client->inbox.header[0]) {
    case MSG_STDIN:
        return !streams || !input || input_write(client);
    case MSG_STDIN_EOF:
        if (streams && input)
            input_end(client->target);
        return true;
    default:
        request_handle(client);
        return true;
    }
}

void client_read(struct client *client)
{
    for (;;) {
        enum inbox_state state = inbox_read(&client->inbox, client->watch.fd);
        client->ended |= state == INBOX_END;
        if (state == INBOX_BROKEN) {
            client_drop(client);
            return;
        }
        if (state != INBOX_FRAME || !client_handle(client))
            break;
        if (client->dead)
            return;
        inbox_clear(&client->inbox);
    }
    if (client->ended && client->orphaned)
        client_drop(client);
    else
        client_watch(client);
}

static void client_hung_up(struct client *client)
{
    if (!client->blocked) {
        client_drop(client);
        return;
    }
    client->watch.fd = watch_release(&client->watch);
    client->orphaned = true;
}

static void client_ready(struct watch *watch, uint32_t events)
{
    struct client *client = container_of(watch, struct client, watch);
    if (events & EPOLLOUT)
        client_write(client);
    if (!client->dead && (events & EPOLLIN))
        client_read(client);
    if (!client->dead && (events & (EPOLLHUP | EPOLLERR)))
        client_hung_up(client);
}

static bool is_same_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static void accept_again(struct timer *timer)
{
    (void)timer;
    watch_change(&shim.listener, EPOLLIN);
}

static void accept_ready(struct watch *watch, uint32_t events)
{
    static struct timer pause;
    (void)events;
    int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
        watch_change(watch, 0); /* whoever asks waits until others have left */
        timer_start(&pause, ACCEPT_PAUSE_MS, accept_again);
    }
    struct client *client = fd >= 0 && is_same_user(fd) ? calloc(1, sizeof *client) : NULL;
    if (!client) {
        if (fd >= 0)
            close(fd);
        return;
    }
    client->queue = (struct queue)QUEUE_EMPTY;
    client->next = shim.clients;
    shim.clients = client;
    watch_start(&client->watch, fd, EPOLLIN, client_ready);
}

/* By way of /proc/self/fd the path of the run directory may be longer than a socket address. */
int clients_open(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct text path = {address.sun_path, sizeof address.sun_path, 0};
    text_add(&path, "/proc/self/fd/");
    text_number(&path, (uint64_t)shim.run_dir);
    text_add(&path, "/shim.sock");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    mode_t before = umask(0177);
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(before);
    if (result < 0 || listen(fd, 64) < 0) {
        close(fd);
        return -1;
    }
    return watch_start(&shim.listener, fd, EPOLLIN, accept_ready);
}

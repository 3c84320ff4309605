#include "queue.h"
#include "ops.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUNCH_STEP (1U << 20) /* give the disk back a mebibyte at a time */

static const char *spill_directory;
static uint64_t spill_limit;

void queue_configure(const char *directory, uint64_t limit)
{
    spill_directory = directory;
    spill_limit = limit;
}

bool queue_is_empty(const struct queue *queue)
{
    return queue->from == queue->to && queue->read == queue->written;
}

static bool need_memory(struct queue *queue)
{
    if (queue->memory)
        return true;
    void *memory = mmap(NULL, CLIENT_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    queue->memory = memory == MAP_FAILED ? NULL : memory;
    return queue->memory;
}

static void drop_memory(struct queue *queue)
{
    if (queue->memory)
        munmap(queue->memory, CLIENT_MEMORY);
    queue->memory = NULL;
    queue->from = queue->to = 0;
}

static bool spill(struct queue *queue, const uint8_t *at, size_t length)
{
    if (queue->spill < 0)
        queue->spill = open(spill_directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (queue->spill < 0 || queue->written - queue->read + length > spill_limit)
        return false;
    while (length > 0) {
        ssize_t count = pwrite(queue->spill, at, length, (off_t)queue->written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        at += count;
        length -= (size_t)count;
        queue->written += (uint64_t)count;
    }
    return true;
}

static bool keep(struct queue *queue, const uint8_t *at, size_t length)
{
    if (!need_memory(queue))
        return false;
    size_t room = queue->read == queue->written ? CLIENT_MEMORY - queue->to : 0;
    size_t first = length < room ? length : room;
    memcpy(queue->memory + queue->to, at, first);
    queue->to += (uint32_t)first;
    return first == length || spill(queue, at + first, length - first);
}

bool queue_send(struct queue *queue, int socket, struct iovec *parts, int count)
{
    size_t sent = 0;
    if (queue_is_empty(queue)) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
        ssize_t result = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (result < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        sent = result > 0 ? (size_t)result : 0;
    }
    for (int i = 0; i < count; i++) {
        size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
        sent -= skip;
        if (skip < parts[i].iov_len &&
            !keep(queue, (const uint8_t *)parts[i].iov_base + skip, parts[i].iov_len - skip))
            return false;
    }
    return true;
}

static void punch(struct queue *queue)
{
    if (queue->read == queue->written) {
        queue->read = queue->written = queue->punched = 0;
        if (ftruncate(queue->spill, 0) < 0)
            return; /* costs disk until the client leaves, nothing else */
    } else if (queue->read - queue->punched >= PUNCH_STEP) {
        fallocate(queue->spill, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)queue->punched,
                  (off_t)(queue->read - queue->punched));
        queue->punched = queue->read;
    }
}

/* Fills the empty memory from the spill file. */
static bool refill(struct queue *queue)
{
    queue->from = queue->to = 0;
    if (queue->read == queue->written)
        return true;
    uint64_t left = queue->written - queue->read;
    ssize_t count = pread(queue->spill, queue->memory, left < CLIENT_MEMORY ? left : CLIENT_MEMORY, (off_t)queue->read);
    if (count <= 0)
        return count < 0 && errno == EINTR;
    queue->to = (uint32_t)count;
    queue->read += (uint64_t)count;
    punch(queue);
    return true;
}

bool queue_flush(struct queue *queue, int socket)
{
    while (!queue_is_empty(queue)) {
        if (queue->from == queue->to && !refill(queue))
            return false;
        ssize_t count =
            send(socket, queue->memory + queue->from, queue->to - queue->from, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        queue->from += (uint32_t)count;
    }
    drop_memory(queue);
    return true;
}

void queue_close(struct queue *queue)
{
    drop_memory(queue);
    if (queue->spill >= 0)
        close(queue->spill);
    *queue = (struct queue)QUEUE_EMPTY;
}

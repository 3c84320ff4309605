/*
 * Output on its way to a client: in memory as long as it is little, then in an unlinked file, so that a client that does
 * not read costs neither memory nor the container's time.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct queue {
    uint8_t *memory; /* CLIENT_MEMORY bytes while something waits */
    uint32_t from, to;
    int spill;       /* -1: none */
    uint64_t read, written, punched;
};

#define QUEUE_EMPTY {.spill = -1}

/* Sends at once what the socket takes and keeps the rest; false when the client has to be dropped. */
bool queue_send(struct queue *queue, int socket, struct iovec *parts, int count);
/* Goes on sending; false when the client has to be dropped. */
bool queue_flush(struct queue *queue, int socket);
bool queue_is_empty(const struct queue *queue);
void queue_close(struct queue *queue);

/* Directory of the spill files and the most one client may use of it. */
void queue_configure(const char *directory, uint64_t limit);

#endif

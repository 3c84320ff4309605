#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool length_allowed(uint8_t type, uint32_t length)
{
    bool large = type == MSG_CREATE || type == MSG_START || type == MSG_EXEC;
    return length <= (large ? FRAME_MAX : CHUNK_MAX);
}

/* Allocates the body once the header is there; false when it is no header. */
static bool open_body(struct inbox *inbox)
{
    memcpy(&inbox->length, inbox->header + 4, sizeof inbox->length);
    if (inbox->header[1] != 0 || inbox->header[2] != 0 || inbox->header[3] != 0 ||
        !length_allowed(inbox->header[0], inbox->length))
        return false;
    inbox->body = malloc(inbox->length + 1);
    return inbox->body;
}

enum inbox_state inbox_read(struct inbox *inbox, int fd)
{
    for (;;) {
        if (inbox->have == FRAME_HEADER && !inbox->body && !open_body(inbox))
            return INBOX_BROKEN;
        if (inbox->body && inbox->have == FRAME_HEADER + inbox->length)
            return INBOX_FRAME;
        uint8_t *into = inbox->body ? inbox->body + inbox->have - FRAME_HEADER : inbox->header + inbox->have;
        uint32_t wanted = (inbox->body ? inbox->length : 0) + FRAME_HEADER - inbox->have;
        ssize_t count = recv(fd, into, wanted, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            return INBOX_WAIT;
        if (count <= 0)
            return count == 0 && inbox->have == 0 ? INBOX_END : INBOX_BROKEN;
        inbox->have += (uint32_t)count;
    }
}

void inbox_clear(struct inbox *inbox)
{
    free(inbox->body);
    *inbox = (struct inbox){0};
}

static void put(struct payload *payload, const void *bytes, uint32_t length)
{
    if (length > sizeof payload->at - payload->length)
        abort(); /* every string put is bounded far below */
    memcpy(payload->at + payload->length, bytes, length);
    payload->length += length;
}

void put_u32(struct payload *payload, uint32_t number)
{
    put(payload, &number, sizeof number);
}

void put_u64(struct payload *payload, uint64_t number)
{
    put(payload, &number, sizeof number);
}

void put_string(struct payload *payload, const char *string)
{
    uint32_t length = (uint32_t)strlen(string);
    put_u32(payload, length);
    put(payload, string, length + 1);
}

void frame_header(uint8_t *header, enum message type, uint8_t stream, uint32_t length)
{
    header[0] = (uint8_t)type;
    header[1] = stream;
    header[2] = header[3] = 0;
    memcpy(header + 4, &length, sizeof length);
}

/* Frames on stream sockets; the format is drawn in ops.h. */
#ifndef FRAME_H
#define FRAME_H

#include "ops.h"
#include "program.h"

#include <stdbool.h>
#include <stdint.h>

/* A frame as it comes in. */
struct inbox {
    uint8_t header[FRAME_HEADER];
    uint32_t have;   /* of header and body together */
    uint32_t length; /* of the body */
    uint8_t *body;
};

enum inbox_state { INBOX_WAIT, INBOX_FRAME, INBOX_END, INBOX_BROKEN };

/* Reads without blocking until a frame is whole. INBOX_BROKEN: an error, or something that is no frame. */
enum inbox_state inbox_read(struct inbox *inbox, int fd);
/* Makes room for the next frame; the body is freed. */
void inbox_clear(struct inbox *inbox);

/* A small payload being put together. */
struct payload {
    uint32_t length;
    uint8_t at[1024];
};

void put_u32(struct payload *payload, uint32_t number);
void put_u64(struct payload *payload, uint64_t number);
void put_string(struct payload *payload, const char *string);

void frame_header(uint8_t *header, enum message type, uint8_t stream, uint32_t length);

#endif

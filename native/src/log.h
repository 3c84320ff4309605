/*
 * The log file, in Docker's json-file format: one line of JSON per line of output, rotated by size. A line longer than
 * LOG_CHUNK becomes several entries of which only the last ends in a newline. Nothing that goes wrong with the file
 * holds up the container: lines that cannot be written are counted and lost.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Output of one stream that is not logged yet. Its free part is what the stream is read into. */
struct log_stream {
    const char *name; /* stdout, stderr */
    size_t length;
    bool partial;     /* the entry to come continues a line */
    struct timespec since; /* the time of a line's first piece is that of all */
    uint8_t buffer[16384];
};

/*
 * Opens or continues the file; an empty path means no log. `max_size` 0: never rotated; `attrs` a JSON object or empty.
 * The strings must stay. -1 with errno when the file cannot be opened.
 */
int log_open(const char *path, uint64_t max_size, uint32_t max_files, const char *attrs);

/* `added` more bytes lie in the stream's buffer: logs what is complete. */
void log_advance(struct log_stream *stream, size_t added);
/* End of the stream: logs what is left. */
void log_finish(struct log_stream *stream);

uint64_t log_lost(void);
/* Inode and size of the file as of now; zeros without one. */
void log_position(uint64_t *inode, uint64_t *size);

#endif

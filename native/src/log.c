#include "log.h"
#include "ops.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof((struct log_stream *)0)->buffer == LOG_CHUNK, "the buffer is a chunk");

#define ENTRY_FRAME 128 /* what surrounds the text of an entry without attributes */

static struct {
    const char *path, *attrs;
    uint64_t max_size, lost;
    uint32_t max_files;
    int fd;            /* -1: could not be opened again */
    uint64_t in_file;  /* bytes written */
    uint64_t whole;    /* of these, up to the end of an entry */
    uint32_t pending;  /* entries begun since `whole` */
    bool failed;       /* the entry at hand is lost */
    size_t waiting;    /* in `out` */
    uint8_t out[16384];
} logger; /* all zeros to begin with: it costs no page of the file */

static int open_file(int flags)
{
    struct stat st;
    logger.fd = open(logger.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0640);
    if (logger.fd < 0 || fstat(logger.fd, &st) < 0)
        return -1;
    logger.in_file = logger.whole = (uint64_t)st.st_size;
    return 0;
}

int log_open(const char *path, uint64_t max_size, uint32_t max_files, const char *attrs)
{
    logger.path = path;
    logger.attrs = attrs;
    logger.max_size = max_size;
    logger.max_files = max_files;
    logger.fd = -1;
    return *path ? open_file(0) : 0;
}

uint64_t log_lost(void)
{
    return logger.lost;
}

void log_position(uint64_t *inode, uint64_t *size)
{
    struct stat st = {0};
    if (logger.fd >= 0)
        fstat(logger.fd, &st);
    *inode = st.st_ino;
    *size = (uint64_t)st.st_size;
}

/* What a full disk took of the entries is cut off again, so that the file stays readable line by line. */
static void lose_pending(void)
{
    logger.lost += logger.pending;
    logger.pending = 0;
    logger.failed = true;
    if (logger.in_file > logger.whole && ftruncate(logger.fd, (off_t)logger.whole) == 0)
        logger.in_file = logger.whole;
}

static void write_out(void)
{
    size_t done = 0;
    while (done < logger.waiting) {
        ssize_t count = write(logger.fd, logger.out + done, logger.waiting - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        done += (size_t)count;
        logger.in_file += (uint64_t)count;
    }
    if (done < logger.waiting)
        lose_pending();
    logger.waiting = 0;
}

static void put(const char *at, size_t length)
{
    while (length > 0 && !logger.failed) {
        size_t room = sizeof logger.out - logger.waiting;
        size_t part = length < room ? length : room;
        memcpy(logger.out + logger.waiting, at, part);
        logger.waiting += part;
        at += part;
        length -= part;
        if (logger.waiting == sizeof logger.out)
            write_out();
    }
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

static void rotated_name(char name[PATH_MAX], uint32_t number)
{
    struct text text = {name, PATH_MAX, 0};
    text_add(&text, logger.path);
    text_add(&text, ".");
    text_number(&text, number);
}

/* Between entries. */
static void flush(void)
{
    if (logger.waiting > 0)
        write_out();
    logger.whole = logger.in_file;
    logger.pending = 0;
}

/* FILE becomes FILE.1, that FILE.2, and so on; with a single file it starts afresh. */
static void rotate(void)
{
    static char from[PATH_MAX], to[PATH_MAX];
    flush();
    close(logger.fd);
    for (uint32_t i = logger.max_files - 1; logger.max_files > 1 && i > 0; i--) {
        rotated_name(to, i);
        rotated_name(from, i - 1);
        rename(i == 1 ? logger.path : from, to);
    }
    if (open_file(O_TRUNC) < 0)
        logger.fd = -1;
}

/* Length of the UTF-8 sequence at `at`, 0 when it is none (Unicode, table 3-7). */
static size_t sequence(const uint8_t *at, size_t left)
{
    static const struct { uint8_t from, to, length, low, high; } rows[] = {
        {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
        {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
        {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (*at < rows[i].from || *at > rows[i].to)
            continue;
        if (left < rows[i].length || at[1] < rows[i].low || at[1] > rows[i].high)
            return 0;
        for (size_t j = 2; j < rows[i].length; j++)
            if ((at[j] & 0xc0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

static void put_control(uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    char escape[] = "\\u0000";
    switch (byte) {
    case '"':
    case '\\':
        put((char[]){'\\', (char)byte}, 2);
        break;
    case '\n':
        put("\\n", 2);
        break;
    case '\r':
        put("\\r", 2);
        break;
    default:
        escape[4] = hex[byte >> 4];
        escape[5] = hex[byte & 15];
        put(escape, 6);
    }
}

static bool plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' && byte != '&';
}

/* As Go's encoding/json writes strings: HTML characters and the two line separators escaped, no byte that is not UTF-8. */
static void put_escaped(const uint8_t *at, size_t length)
{
    for (size_t i = 0, start = 0; i < length; start = i) {
        while (i < length && plain(at[i]))
            i++;
        put((const char *)at + start, i - start);
        if (i == length)
            return;
        size_t size = at[i] < 0x80 ? 1 : sequence(at + i, length - i);
        if (at[i] < 0x80)
            put_control(at[i]);
        else if (size == 0)
            put_text("\\ufffd");
        else if (size == 3 && at[i] == 0xe2 && at[i + 1] == 0x80 && (at[i + 2] & 0xfe) == 0xa8)
            put_text(at[i + 2] == 0xa8 ? "\\u2028" : "\\u2029");
        else
            put((const char *)at + i, size);
        i += size == 0 ? 1 : size;
    }
}

static void put_entry(const struct log_stream *stream, const uint8_t *at, size_t length, bool newline)
{
    char time[40];
    struct text text = TEXT(time);
    text_time(&text, &stream->since);
    put_text("{\"log\":\"");
    put_escaped(at, length);
    put_text(newline ? "\\n\",\"stream\":\"" : "\",\"stream\":\"");
    put_text(stream->name);
    if (*logger.attrs) {
        put_text("\",\"attrs\":");
        put_text(logger.attrs);
        put_text(",\"time\":\"");
    } else {
        put_text("\",\"time\":\"");
    }
    put_text(time);
    put_text("\"}\n");
}

static void entry(struct log_stream *stream, const uint8_t *at, size_t length, bool newline)
{
    if (!*logger.path)
        return;
    if (!stream->partial)
        clock_gettime(CLOCK_REALTIME, &stream->since);
    stream->partial = !newline;
    if (logger.fd >= 0 && logger.max_size > 0 && logger.in_file + logger.waiting >= logger.max_size)
        rotate();
    if (logger.fd < 0 && open_file(0) < 0) {
        logger.lost++;
        return;
    }
    if (logger.waiting == 0 || logger.waiting + length + ENTRY_FRAME > sizeof logger.out)
        flush(); /* readers see whole entries, but for those with much to escape */
    logger.failed = false;
    logger.pending++;
    put_entry(stream, at, length, newline);
}

void log_advance(struct log_stream *stream, size_t added)
{
    size_t from = 0, scan = stream->length;
    stream->length += added;
    while (scan < stream->length) {
        const uint8_t *newline = memchr(stream->buffer + scan, '\n', stream->length - scan);
        if (!newline)
            break;
        size_t end = (size_t)(newline - stream->buffer);
        entry(stream, stream->buffer + from, end - from, true);
        from = scan = end + 1;
    }
    if (from == 0 && stream->length == sizeof stream->buffer) {
        entry(stream, stream->buffer, stream->length, false);
        from = stream->length;
    }
    stream->length -= from;
    if (from > 0 && stream->length > 0)
        memmove(stream->buffer, stream->buffer + from, stream->length);
    flush();
}

void log_finish(struct log_stream *stream)
{
    if (stream->length > 0)
        entry(stream, stream->buffer, stream->length, false);
    stream->length = 0;
    flush();
}

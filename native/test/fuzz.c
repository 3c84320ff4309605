/*
 * libFuzzer target for everything that comes from outside: message payloads and programs, frames on a socket, and
 * output on its way to the log. The first byte says which. `make fuzz`.
 */
#include "frame.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size);

static volatile uint64_t sink;

static void use_list(struct list list)
{
    const char *string = list.first;
    for (uint32_t i = 0; i < list.count; i++, string = list_next(string))
        sink += strlen(string);
}

/* Touches every byte that a field says it has. */
static void use_fields(const char *signature, union field *fields)
{
    for (; *signature; signature++, fields++) {
        switch (*signature) {
        case 's':
            sink += strlen(fields->string);
            break;
        case 'l':
            use_list(fields->list);
            break;
        case 'n':
            for (uint32_t i = 0; i < fields->bytes.length; i++)
                sink += numbers_get(fields->bytes, i);
            break;
        case 'b':
            for (uint32_t i = 0; i < fields->bytes.length; i++)
                sink += fields->bytes.at[i];
            break;
        default:
            sink += fields->number;
        }
    }
}

static const char *signature_of(enum op_code code)
{
    switch (code) {
#define SIGNATURE(name, number, fields, programs)                                                            \
    case number:                                                                                             \
        return fields;
        OPS(SIGNATURE)
    }
    abort(); /* program_open let an unknown operation pass */
}

static void fuzz_program(const uint8_t *at, size_t size, int where)
{
    struct program program;
    struct op op;
    uint32_t count = 0;
    if (!program_open(&program, (struct bytes){(uint32_t)size, at}, where))
        return;
    struct cursor cursor = program_begin(&program);
    for (; program_next(&cursor, &op); count++)
        use_fields(signature_of(op.code), op.field);
    if (count != program.count)
        abort();
}

static void fuzz_message(const uint8_t *at, size_t size)
{
    union field fields[FIELDS_MAX];
    const char *signature = size > 0 ? message_signature(at[0]) : NULL;
    if (signature && decode_fields(signature, at + 1, (uint32_t)size - 1, fields))
        use_fields(signature, fields);
}

static void fuzz_frames(const uint8_t *at, size_t size)
{
    struct inbox inbox = {0};
    int ends[2];
    if (size > 100000 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return;
    if (send(ends[0], at, size, MSG_DONTWAIT) >= 0) {
        close(ends[0]);
        while (inbox_read(&inbox, ends[1]) == INBOX_FRAME) {
            fuzz_message(inbox.header, 1);
            for (uint32_t i = 0; i < inbox.length; i++)
                sink += inbox.body[i];
            inbox_clear(&inbox);
        }
    } else {
        close(ends[0]);
    }
    inbox_clear(&inbox);
    close(ends[1]);
}

static void fuzz_log(const uint8_t *at, size_t size)
{
    static struct log_stream stream = {.name = "stdout"};
    static int opened;
    if (!opened)
        opened = log_open("/dev/null", 1 << 20, 1, "") == 0;
    while (size > 0) {
        size_t room = sizeof stream.buffer - stream.length;
        size_t part = size < room ? size : room;
        memcpy(stream.buffer + stream.length, at, part);
        log_advance(&stream, part);
        at += part;
        size -= part;
    }
    log_finish(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    if (size == 0)
        return 0;
    switch (at[0] % 5) {
    case 0:
        fuzz_program(at + 1, size - 1, IN_CREATE);
        break;
    case 1:
        fuzz_program(at + 1, size - 1, IN_PROCESS);
        break;
    case 2:
        fuzz_message(at + 1, size - 1);
        break;
    case 3:
        fuzz_frames(at + 1, size - 1);
        break;
    case 4:
        fuzz_log(at + 1, size - 1);
        break;
    }
    return 0;
}

#include "program.h"

#include <stddef.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire format is read in place");

struct input {
    const uint8_t *at, *end;
};

static uint32_t left(const struct input *input)
{
    return (uint32_t)(input->end - input->at);
}

static bool take(struct input *input, uint32_t length, const uint8_t **out)
{
    if (left(input) < length)
        return false;
    *out = input->at;
    input->at += length;
    return true;
}

static bool take_u32(struct input *input, uint32_t *out)
{
    const uint8_t *at;
    if (!take(input, 4, &at))
        return false;
    memcpy(out, at, 4);
    return true;
}

static bool take_u64(struct input *input, uint64_t *out)
{
    const uint8_t *at;
    if (!take(input, 8, &at))
        return false;
    memcpy(out, at, 8);
    return true;
}

static bool take_bytes(struct input *input, struct bytes *out)
{
    return take_u32(input, &out->length) && take(input, out->length, &out->at);
}

/* A string holds no NUL but the one that ends it. */
static bool take_string(struct input *input, const char **out)
{
    uint32_t length;
    const uint8_t *at;
    if (!take_u32(input, &length) || length == UINT32_MAX || !take(input, length + 1, &at))
        return false;
    *out = (const char *)at;
    return memchr(at, 0, length + 1) == at + length;
}

static bool take_list(struct input *input, struct list *out)
{
    struct bytes bytes;
    if (!take_u32(input, &out->count) || !take_bytes(input, &bytes))
        return false;
    out->first = (const char *)bytes.at;
    uint32_t found = 0;
    for (uint32_t i = 0; i < bytes.length; i++)
        found += bytes.at[i] == 0;
    return found == out->count && (bytes.length == 0 || bytes.at[bytes.length - 1] == 0);
}

static bool take_numbers(struct input *input, struct bytes *out)
{
    return take_u32(input, &out->length) && out->length <= FRAME_MAX / 4 && take(input, 4 * out->length, &out->at);
}

static bool take_field(char kind, struct input *input, union field *out)
{
    uint32_t number;
    switch (kind) {
    case 'u':
        if (!take_u32(input, &number))
            return false;
        out->number = number;
        return true;
    case 'q':
        return take_u64(input, &out->number);
    case 's':
        return take_string(input, &out->string);
    case 'l':
        return take_list(input, &out->list);
    case 'n':
        return take_numbers(input, &out->bytes);
    case 'b':
        return take_bytes(input, &out->bytes);
    default:
        return false;
    }
}

bool decode_fields(const char *signature, const uint8_t *at, uint32_t length, union field *fields)
{
    struct input input = {at, at + length};
    for (; *signature; signature++, fields++)
        if (!take_field(*signature, &input, fields))
            return false;
    return left(&input) == 0;
}

const char *message_signature(uint8_t type)
{
    switch (type) {
#define MESSAGE_SIGNATURE(name, number, fields)                                                              \
    case number:                                                                                             \
        return fields;
        MESSAGES(MESSAGE_SIGNATURE)
    default:
        return NULL;
    }
}

static const char *op_signature(uint16_t code, int *where)
{
    switch (code) {
#define OP_SIGNATURE(name, number, fields, programs)                                                         \
    case number:                                                                                             \
        *where = (programs);                                                                                 \
        return fields;
        OPS(OP_SIGNATURE)
    default:
        return NULL;
    }
}

static bool take_op(struct input *input, struct op *op, int where)
{
    uint32_t code, length;
    const uint8_t *at;
    int programs = 0;
    if (!take_u32(input, &code) || code > UINT16_MAX || !take_u32(input, &length) || !take(input, length, &at))
        return false;
    const char *signature = op_signature((uint16_t)code, &programs);
    op->code = (enum op_code)code;
    return signature && (programs & where) && decode_fields(signature, at, length, op->field);
}

/* What a signature cannot say: lists that come in threes, hooks at their place, `exec` last and only there. */
static bool op_fits(const struct op *op, int where, bool last)
{
    if (where == IN_PROCESS && last != (op->code == OP_EXEC))
        return false;
    switch (op->code) {
    case OP_USER_NAMESPACE:
        return op->index == 0 && op->field[0].bytes.length % 3 == 0 && op->field[1].bytes.length % 3 == 0;
    case OP_HOOK:
        return op->field[0].number >= HOOK_CREATE_RUNTIME && op->field[0].number <= HOOK_POSTSTOP &&
               (op->field[0].number == HOOK_START_CONTAINER) == (where == IN_PROCESS);
    case OP_SECCOMP:
        return op->field[1].bytes.length % 8 == 0 && op->field[1].bytes.length / 8 <= UINT16_MAX;
    case OP_EXEC:
        return op->field[0].list.count > 0;
    default:
        return true;
    }
}

bool program_open(struct program *program, struct bytes bytes, int where)
{
    struct input input = {bytes.at, bytes.at + bytes.length};
    struct op op;
    program->bytes = bytes;
    if (!take_u32(&input, &program->count) || (where == IN_PROCESS && program->count == 0))
        return false;
    for (uint32_t i = 0; i < program->count; i++) {
        op.index = i;
        if (!take_op(&input, &op, where) || !op_fits(&op, where, i + 1 == program->count))
            return false;
    }
    return left(&input) == 0;
}

struct cursor program_begin(const struct program *program)
{
    const uint8_t *at = program->bytes.at;
    return (struct cursor){at + 4, at + program->bytes.length, 0, program->count};
}

bool program_next(struct cursor *cursor, struct op *op)
{
    struct input input = {cursor->at, cursor->end};
    if (cursor->index == cursor->count || !take_op(&input, op, IN_CREATE | IN_PROCESS))
        return false;
    op->index = cursor->index++;
    cursor->at = input.at;
    return true;
}

bool program_find(const struct program *program, enum op_code code, struct op *op)
{
    struct cursor cursor = program_begin(program);
    while (program_next(&cursor, op))
        if (op->code == code)
            return true;
    return false;
}

const char *list_next(const char *string)
{
    return string + strlen(string) + 1;
}

uint32_t numbers_get(struct bytes numbers, uint32_t index)
{
    uint32_t number;
    memcpy(&number, numbers.at + 4 * (size_t)index, 4);
    return number;
}

/* Decoder of message payloads and programs. Everything it hands out has been checked to lie inside its input. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "ops.h"

#include <stdbool.h>
#include <stdint.h>

#define FIELDS_MAX 10

struct list {
    uint32_t count;
    const char *first; /* the strings lie behind one another, each with its NUL */
};

struct bytes {
    uint32_t length;
    const uint8_t *at;
};

union field {
    uint64_t number;
    const char *string;
    struct list list;
    struct bytes bytes; /* of numbers: `length` counts them, unaligned */
};

/* One operation of a program. */
struct op {
    enum op_code code;
    uint32_t index;
    union field field[FIELDS_MAX];
};

struct program {
    struct bytes bytes;
    uint32_t count;
};

/* Walks over a program. */
struct cursor {
    const uint8_t *at, *end;
    uint32_t index, count;
};

/* Decodes exactly `length` bytes as `signature` says. */
bool decode_fields(const char *signature, const uint8_t *at, uint32_t length, union field *fields);
/* The field signature of a message, or null for an unknown one. */
const char *message_signature(uint8_t type);

/* Checks a whole program for use as `where` (IN_CREATE, IN_PROCESS). */
bool program_open(struct program *program, struct bytes bytes, int where);
struct cursor program_begin(const struct program *program);
/* The next operation; false at the end. */
bool program_next(struct cursor *cursor, struct op *op);
/* The first operation of kind `code`; false when there is none. */
bool program_find(const struct program *program, enum op_code code, struct op *op);

const char *list_next(const char *string);
uint32_t numbers_get(struct bytes numbers, uint32_t index);

#endif

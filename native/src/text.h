/* Small strings without stdio: bounded, always terminated. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct text {
    char *at;
    size_t size, length;
};

#define TEXT(array) {(array), sizeof(array), 0}

void text_add(struct text *text, const char *string);
void text_number(struct text *text, uint64_t number);
/* UTC as Go's RFC3339Nano: trailing zeros of the fraction are dropped. */
void text_time(struct text *text, const struct timespec *when);

/* Parses decimal digits; -1 when there are none or they overflow. */
int64_t parse_number(const char *digits);

#endif

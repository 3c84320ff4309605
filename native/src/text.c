#include "text.h"

#include <string.h>

void text_add(struct text *text, const char *string)
{
    size_t room = text->size - text->length - 1;
    size_t length = strnlen(string, room);
    memcpy(text->at + text->length, string, length);
    text->length += length;
    text->at[text->length] = 0;
}

void text_number(struct text *text, uint64_t number)
{
    char digits[21];
    char *first = digits + sizeof digits - 1;
    *first = 0;
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_add(text, first);
}

static void padded(struct text *text, unsigned number, unsigned width)
{
    char digits[10] = {0};
    for (unsigned i = width; i-- > 0; number /= 10)
        digits[i] = (char)('0' + number % 10);
    text_add(text, digits);
}

static void fraction(struct text *text, long nanoseconds)
{
    if (nanoseconds == 0)
        return;
    text_add(text, ".");
    padded(text, (unsigned)nanoseconds, 9);
    while (text->length > 0 && text->at[text->length - 1] == '0')
        text->at[--text->length] = 0;
}

/* Civil date of a day number, by the 400-year cycle of the Gregorian calendar, counted from 1 March of year 0. */
static void date(struct text *text, int64_t days)
{
    days += 719468;
    int64_t era = days / 146097;
    unsigned day = (unsigned)(days % 146097);
    unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    unsigned month = (5 * day + 2) / 153;
    padded(text, (unsigned)(era * 400) + year + (month >= 10), 4);
    text_add(text, "-");
    padded(text, month < 10 ? month + 3 : month - 9, 2);
    text_add(text, "-");
    padded(text, day - (153 * month + 2) / 5 + 1, 2);
}

void text_time(struct text *text, const struct timespec *when)
{
    unsigned second = (unsigned)(when->tv_sec % 86400);
    date(text, when->tv_sec / 86400);
    text_add(text, "T");
    padded(text, second / 3600, 2);
    text_add(text, ":");
    padded(text, second / 60 % 60, 2);
    text_add(text, ":");
    padded(text, second % 60, 2);
    fraction(text, when->tv_nsec);
    text_add(text, "Z");
}

int64_t parse_number(const char *digits)
{
    int64_t number = 0;
    if (*digits < '0' || *digits > '9')
        return -1;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        if (number > (INT64_MAX - 9) / 10)
            return -1;
        number = number * 10 + (*digits - '0');
    }
    return number;
}

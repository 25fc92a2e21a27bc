/* SPDX-License-Identifier: MIT */
/* text.c -- building short texts in a fixed buffer. */
#include "base/text.h"

void mni_text_init(struct mni_text *text, char *buffer, size_t size)
{
    text->start = buffer;
    text->size = size;
    text->used = 0;
    buffer[0] = '\0';
}

void mni_text_put(struct mni_text *text, const char *string)
{
    while (*string != '\0' && text->used + 1 < text->size)
        text->start[text->used++] = *string++;
    text->start[text->used] = '\0';
}

/* number / 10 by shifts: a division of 64 bits is a large function where the
 * processor has none. The sum of the shifts is at most one too small. */
static uint64_t text_tenth(uint64_t number)
{
    uint64_t tenth = (number >> 1) + (number >> 2);

    tenth += tenth >> 4;
    tenth += tenth >> 8;
    tenth += tenth >> 16;
    tenth += tenth >> 32;
    tenth >>= 3;
    return tenth + (number - tenth * 10 > 9);
}

void mni_text_put_count(struct mni_text *text, uint64_t number)
{
    char digits[21]; /* 2^64 has 20 digits */
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        uint64_t tenth = text_tenth(number);
        *--first = (char)('0' + (unsigned)(number - tenth * 10));
        number = tenth;
    } while (number != 0);
    mni_text_put(text, first);
}

void mni_text_put_address(struct mni_text *text, const void *address)
{
    char digits[2 * sizeof(uintptr_t) + 1];
    char *first = digits + sizeof digits - 1;
    uintptr_t number = (uintptr_t)address;

    *first = '\0';
    do {
        *--first = "0123456789abcdef"[number & 15];
        number >>= 4;
    } while (number != 0);
    mni_text_put(text, "0x");
    mni_text_put(text, first);
}

bool mni_text_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

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

static void text_put_number(struct mni_text *text, uint64_t number,
                            unsigned radix)
{
    char digits[21]; /* 2^64 has 20 digits */
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        *--first = "0123456789abcdef"[number % radix];
        number /= radix;
    } while (number != 0);
    mni_text_put(text, first);
}

void mni_text_put_count(struct mni_text *text, uint64_t number)
{
    text_put_number(text, number, 10);
}

void mni_text_put_address(struct mni_text *text, const void *address)
{
    mni_text_put(text, "0x");
    text_put_number(text, (uintptr_t)address, 16);
}

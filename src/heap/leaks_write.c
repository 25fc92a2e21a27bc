/* SPDX-License-Identifier: MIT */
/* leaks_write.c -- what is told of lost blocks: a line for each size. */
#include "base/text.h"
#include "heap/leaks.h"

enum { LEAKS_LINE = 192 };

static void leaks_put_blocks(struct mni_text *text, size_t count)
{
    mni_text_put_count(text, count);
    mni_text_put(text, count == 1 ? " block" : " blocks");
}

static void leaks_put_group(struct mni_text *text,
                            const struct mni_leaks_group *group)
{
    mni_text_put(text, "lost: ");
    leaks_put_blocks(text, group->count);
    mni_text_put(text, " of ");
    mni_text_put_count(text, group->size);
    mni_text_put(text, " bytes, ");
    mni_text_put_count(text, group->size * group->count);
    mni_text_put(text, " in all, ");
    if (group->is_led_to)
        mni_text_put(text, "led to by lost ones, ");
    mni_text_put(text, group->count == 1 ? "at " : "the first at ");
    mni_text_put_address(text, group->first);
}

static void leaks_put_sum(struct mni_text *text, const struct mni_leaks *leaks)
{
    mni_text_put(text, "at exit ");
    if (leaks->lost == 0)
        mni_text_put(text, "no block");
    else
        leaks_put_blocks(text, leaks->lost);
    mni_text_put(text, leaks->lost > 1 ? " are lost, " : " is lost, ");
    if (leaks->lost != 0) {
        mni_text_put_count(text, leaks->lost_bytes);
        mni_text_put(text, " bytes, ");
    }
    mni_text_put(text, "of ");
    mni_text_put_count(text, leaks->blocks);
    mni_text_put(text, " that are out");
}

static void leaks_write_line(const char *before, struct mni_text *text,
                             mn_write_fn write, void *context)
{
    size_t size = 0;

    while (before[size] != 0)
        size++;
    write(before, size, context);
    mni_text_put(text, "\n");
    write(text->start, text->used, context);
}

void mni_leaks_write(const struct mni_leaks *leaks, const char *before,
                     mn_write_fn write, void *context)
{
    char line[LEAKS_LINE];
    struct mni_text text;

    for (size_t i = 0; i < leaks->group_count; i++) {
        mni_text_init(&text, line, sizeof line);
        leaks_put_group(&text, &leaks->groups[i]);
        leaks_write_line(before, &text, write, context);
    }
    mni_text_init(&text, line, sizeof line);
    leaks_put_sum(&text, leaks);
    leaks_write_line(before, &text, write, context);
}

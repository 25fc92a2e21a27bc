/* SPDX-License-Identifier: MIT */
/* stop.c -- the one way in which a program is stopped.
 *
 * The line is built on the stack: whatever is broken, no allocator is called.
 * In a file of its own, so that firmware which has no room for words can bring
 * its own mni_stop and mni_stop_at.
 */
#include "base/assert.h"
#include "base/text.h"

enum { STOP_LINE_SIZE = 256 };

static _Noreturn void stop_end(struct mni_text *text)
{
    if (text->used + 1 == text->size)
        text->used--; /* cut off: the end of the line is worth more */
    mni_text_put(text, "\n");
    mni_os_stop(text->start, text->used);
}

void mni_stop(const char *what)
{
    char line[STOP_LINE_SIZE];
    struct mni_text text;

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "mneme: ");
    mni_text_put(&text, what);
    stop_end(&text);
}

void mni_stop_at(const char *operation, const void *address, const char *what,
                 const struct mn_block *block)
{
    char line[STOP_LINE_SIZE];
    struct mni_text text;

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "mneme: ");
    mni_text_put(&text, operation);
    mni_text_put(&text, " of ");
    mni_text_put_address(&text, address);
    mni_text_put(&text, ": ");
    mni_text_put(&text, what);
    if (block != NULL) {
        mni_text_put(&text, "; it lies in block ");
        mni_text_put_address(&text, block->start);
        mni_text_put(&text, " of ");
        mni_text_put_count(&text, block->size);
        mni_text_put(&text, " bytes, ");
        mni_text_put(&text, mn_state_name(block->state));
    } else {
        mni_text_put(&text, "; it lies in no block");
    }
    stop_end(&text);
}

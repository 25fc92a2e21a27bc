/* SPDX-License-Identifier: MIT */
/* base.c -- names of states, and the one way in which a program is stopped.
 *
 * The line is built on the stack: whatever is broken, no allocator is called.
 */
#include "base/assert.h"
#include "base/text.h"

enum { BASE_LINE_SIZE = 256 };

const char *mn_status_name(enum mn_status status)
{
    switch (status) {
    case MN_OK:
        return "ok";
    case MN_ERR_NOMEM:
        return "out of memory";
    case MN_ERR_INVALID:
        return "invalid argument";
    case MN_ERR_UNSUPPORTED:
        return "not supported here";
    case MN_ERR_OS:
        return "refused by the system";
    case MN_ERR_SIZE:
        return "bad size";
    case MN_ERR_ALIGN:
        return "bad alignment";
    case MN_ERR_ADDRESS:
        return "invalid address";
    case MN_ERR_DOUBLE_FREE:
        return "double free";
    case MN_ERR_CORRUPTED:
        return "corrupted";
    }
    return "unknown status";
}

const char *mn_state_name(enum mn_state state)
{
    switch (state) {
    case MN_FREE:
        return "free";
    case MN_ALLOCATED:
        return "allocated";
    case MN_RESERVED:
        return "reserved";
    }
    return "unknown state";
}

static _Noreturn void base_stop(struct mni_text *text)
{
    if (text->used + 1 == text->size)
        text->used--; /* cut off: the end of the line is worth more */
    mni_text_put(text, "\n");
    mni_os_stop(text->start, text->used);
}

void mni_stop(const char *what)
{
    char line[BASE_LINE_SIZE];
    struct mni_text text;

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "mneme: ");
    mni_text_put(&text, what);
    base_stop(&text);
}

void mni_stop_at(const char *operation, const void *address, const char *what,
                 const struct mn_block *block)
{
    char line[BASE_LINE_SIZE];
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
    base_stop(&text);
}

/* SPDX-License-Identifier: MIT */
/* glib.c -- the patterns of measure.h with GLib's rc boxes. */
#include <glib.h>

#include "measure.h"

struct item {
    long value;
    struct item *next;
};

static void item_end(gpointer object)
{
    struct item *item = object;

    if (item->next != NULL)
        g_rc_box_release_full(item->next, item_end);
}

int main(void)
{
    struct item *object = g_rc_box_new0(struct item);

    measure_begin();
    for (long i = 0; i < MEASURE_PAIRS; i++) {
        struct item *other = g_rc_box_acquire(object);
        MEASURE_HIDE(other);
        g_rc_box_release(other);
    }
    measure_end("pair", MEASURE_PAIRS);
    g_rc_box_release_full(object, item_end);
    measure_begin();
    for (long i = 0; i < MEASURE_NEW; i++) {
        object = g_rc_box_new0(struct item);
        MEASURE_HIDE(object);
        g_rc_box_release_full(object, item_end);
    }
    measure_end("new", MEASURE_NEW);
    return 0; /* its list of a million ends by recursion, and so not at all */
}

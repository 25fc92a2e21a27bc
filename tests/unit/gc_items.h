/* SPDX-License-Identifier: MIT */
/* gc_items.h -- what tests of threads and markers have in a collector: items in
 * lists, and rows of slots for them. */
#ifndef GC_ITEMS_H
#define GC_ITEMS_H

#include <mn/root.h>

#include "test.h"

MN_TYPE_DECLARE(item);
struct item {
    struct item *next;
    struct item *other;
    struct item *weak;
    size_t number;
};
MN_TYPE(item, MN_REFERENCES(MN_MEMBER_IS(GC, item, next, item),
                            MN_MEMBER_IS(GC, item, other, item),
                            MN_MEMBER_IS(GC_WEAK, item, weak, item)));
MN_TYPE_DECLARE(slot);
struct slot {
    struct item *item;
};
MN_TYPE(slot, MN_REFERENCES(MN_MEMBER_IS(GC, slot, item, item)));

static struct mn_gc *created(struct mn_gc_options options)
{
    struct mn_gc *gc = mn_gc_create(&options);

    EXPECT(gc != NULL && mn_gc_check(gc));
    return gc;
}

/* The list with one more item. */
static inline struct item *linked(struct mn_gc *gc, struct item *list)
{
    MN_GC_FRAME(gc, my, struct item * list;);

    my.list = list;
    struct item *item = mn_gc_new(gc, &item_type);
    EXPECT(item != NULL);
    item->next = my.list;
    return item;
}

#endif

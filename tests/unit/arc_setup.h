/* SPDX-License-Identifier: MIT */
/* arc_setup.h -- objects for the tests of shared references, and the order in
 * which they ended. */
#ifndef ARC_SETUP_H
#define ARC_SETUP_H

#include <mn/arc.h>
#include <mn/stats.h>

#include "test.h"

static size_t ended;
static int order[64];

MN_TYPE_DECLARE(item);
MN_ARCS(item);
MN_ARC_FUNCTIONS(item)
struct item {
    int value;
    struct item_arc next;
    struct item_arc other;
    struct item_arc_weak parent;
};

static void item_end(struct item *item)
{
    if (ended < sizeof order / sizeof *order)
        order[ended] = item->value;
    ended++;
}

MN_DROP(item, item_end)
MN_TYPE(item, .drop = item_drop,
        MN_REFERENCES(MN_MEMBER_IS(ARC, item, next, item),
                      MN_MEMBER_IS(ARC, item, other, item),
                      MN_MEMBER_IS(ARC_WEAK, item, parent, item)));

MN_TYPE_DECLARE(plain);
MN_ARCS(plain);
MN_ARC_FUNCTIONS(plain)
struct plain {
    struct plain_arc next;
};
MN_TYPE(plain, MN_REFERENCES(MN_MEMBER_IS(ARC, plain, next, plain)));

static size_t blocks(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.block_count;
}

static struct item_arc item(int value)
{
    struct item_arc arc = item_arc_new();

    EXPECT(arc.at != NULL);
    arc.at->value = value;
    return arc;
}

#endif

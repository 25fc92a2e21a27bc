/* SPDX-License-Identifier: MIT */
/* gc_ephemeron_setup.h -- a collector, nodes and pairs, for tests of
 * ephemerons.
 */
#ifndef GC_EPHEMERON_SETUP_H
#define GC_EPHEMERON_SETUP_H

#include <mn/ephemeron.h>
#include <mn/root.h>

#include "test.h"

MN_TYPE_DECLARE(node);
struct node {
    struct node *ref[2];
    struct mn_gc_ephemeron *pair;
    size_t id;
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(GC, node, ref, node),
                            MN_MEMBER_IS(GC, node, pair, mn_gc_ephemeron)));

static struct mn_gc *gc;

static void begin(struct mn_gc_options options)
{
    options.verify = options.generational;
    gc = mn_gc_create(&options);
    EXPECT(gc != NULL);
}

static struct node *made(size_t id)
{
    struct node *node = mn_gc_new(gc, &node_type);

    EXPECT(node != NULL);
    node->id = id;
    return node;
}

static struct mn_gc_ephemeron *paired(void *key, void *value)
{
    struct mn_gc_ephemeron *pair = mn_gc_ephemeron_new(gc, key, value);

    EXPECT(pair != NULL);
    EXPECT(mn_gc_ephemeron_key(pair) == key);
    EXPECT(mn_gc_ephemeron_value(pair) == value);
    return pair;
}

static uint64_t living(void)
{
    struct mn_gc_stats stats;

    EXPECT(mn_gc_check(gc));
    mn_gc_read_stats(gc, &stats);
    return stats.object_count;
}

static uint64_t left(bool full)
{
    mn_gc_collect(gc, full);
    return living();
}

static bool is_clear(const struct mn_gc_ephemeron *pair)
{
    return mn_gc_ephemeron_key(pair) == NULL
           && mn_gc_ephemeron_value(pair) == NULL;
}

#endif

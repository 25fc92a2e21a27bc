/* SPDX-License-Identifier: MIT */
/* Tests of several markers: they find what one finds. */
#include <pthread.h>

#include "gc_items.h"

MN_TYPE_DECLARE(leafy);
struct leafy {
    struct leafy *low, *high;
    struct slot *row; /* items, some of them others' too */
    struct item *list;
};
MN_TYPE(leafy, MN_REFERENCES(MN_MEMBER_IS(GC, leafy, low, leafy),
                             MN_MEMBER_IS(GC, leafy, high, leafy),
                             MN_MEMBER_IS(GC, leafy, row, slot),
                             MN_MEMBER_IS(GC, leafy, list, item)));

/* Of a tree's node: itself, its row, and the items that are not common. */
enum {
    THREADS = 3,
    ROW = 700,
    DEPTH = 7,
    LONG = 3000,
    ROW_OBJECTS = 2 + 100 - 34
};

static uint64_t expected;

static struct leafy *made_tree(struct mn_gc *gc, int depth, struct item *common)
{
    MN_GC_FRAME(gc, my, struct leafy * tree; struct item * common;);

    my.common = common;
    my.tree = mn_gc_new(gc, &leafy_type);
    my.tree->row = mn_gc_new_array(gc, &slot_type, ROW);
    for (size_t i = 0; i < ROW; i += 7)
        my.tree->row[i].item = i % 3 == 0 ? my.common : linked(gc, NULL);
    for (int i = 0; depth == 0 && i < LONG; i++)
        my.tree->list = linked(gc, my.tree->list);
    expected += (uint64_t)(ROW_OBJECTS + (depth == 0 ? LONG : 0));
    if (depth > 0) {
        my.tree->low = made_tree(gc, depth - 1, my.common);
        my.tree->high = made_tree(gc, depth - 1, my.common);
    }
    return my.tree;
}

static uint64_t found(const struct mn_gc *gc)
{
    struct mn_gc_stats stats;

    mn_gc_read_stats(gc, &stats);
    return stats.object_count;
}

static void mark_by(struct mn_gc *gc)
{
    MN_GC_FRAME(gc, my, struct item * common; struct leafy * tree;);

    my.common = linked(gc, NULL);
    expected = 1;
    my.tree = made_tree(gc, DEPTH, my.common);
    for (int i = 0; i < 20; i++) {
        mn_gc_collect(gc, true);
        EXPECT(found(gc) == expected);
    }
    EXPECT(mn_gc_check(gc));
    my.tree = NULL;
    mn_gc_collect(gc, true);
    EXPECT(found(gc) == 1);
}

TEST(any_number_of_markers_find_the_same)
{
    for (unsigned markers = 1; markers <= 10; markers += 1 + markers / 3) {
        struct mn_gc *gc = created((struct mn_gc_options){.markers = markers});
        mark_by(gc);
        mn_gc_destroy(gc);
    }
}

static void *marks(void *unused)
{
    struct mn_gc *gc = created((struct mn_gc_options){.markers = 3});
    {
        MN_GC_FRAME(gc, my, struct item * list;);
        for (int i = 0; i < LONG; i++)
            my.list = linked(gc, my.list);
        for (int i = 0; i < 100; i++) {
            mn_gc_collect(gc, true);
            EXPECT(found(gc) == LONG);
        }
    }
    mn_gc_destroy(gc);
    return unused;
}

TEST(collectors_that_mark_at_once_share_helpers)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, marks, NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

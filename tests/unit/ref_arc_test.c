/* SPDX-License-Identifier: MIT */
/* Tests of objects of one thread that hold shared references: they are counted
 * like any other when such an object ends, is copied, or is in a cycle. */
#include <mn/arc.h>
#include <mn/ref.h>
#include <mn/stats.h>

#include "test.h"

MN_TYPE_DECLARE(shared);
MN_ARCS(shared);
struct shared {
    int value;
};
MN_ARC_FUNCTIONS(shared)

static int ended;

static void shared_end(struct shared *shared)
{
    ended += shared->value;
}

MN_DROP(shared, shared_end)
MN_TYPE(shared, .drop = shared_drop);

MN_TYPE_DECLARE(holder);
MN_REFS(holder);
struct holder {
    struct holder_ref next;
    struct shared_arc own;
    struct shared_arc_weak weak;
    struct shared_arc more[2];
};
MN_REF_CYCLE_FUNCTIONS(holder)
MN_TYPE(holder, MN_REFERENCES(MN_MEMBER_IS(REF, holder, next, holder),
                              MN_MEMBER_IS(ARC, holder, own, shared),
                              MN_MEMBER_IS(ARC_WEAK, holder, weak, shared),
                              MN_MEMBER_IS(ARC, holder, more, shared)));

/* A weak reference too many would keep a block. */
static size_t blocks_out(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.block_count;
}

static struct shared_arc make(int value)
{
    struct shared_arc arc = shared_arc_new();

    EXPECT(arc.at != NULL);
    arc.at->value = value;
    return arc;
}

/* Of its two shared objects, the caller gets a reference to the second. */
static struct holder_ref hold(struct shared_arc *second)
{
    struct holder_ref holder = holder_ref_new();

    EXPECT(holder.at != NULL);
    holder.at->own = make(1);
    holder.at->more[1] = make(10);
    *second = shared_arc_clone(holder.at->more[1]);
    holder.at->weak = shared_arc_weak(*second);
    return holder;
}

TEST(an_object_that_ends_drops_its_shared_references)
{
    size_t before = blocks_out();
    struct shared_arc second;
    struct holder_ref holder = hold(&second);

    ended = 0;
    EXPECT(mn_arc_count(second.at) == 2);
    holder_ref_drop(&holder);
    EXPECT(ended == 1);
    EXPECT(mn_arc_count(second.at) == 1);
    shared_arc_drop(&second);
    EXPECT(ended == 11);
    EXPECT(blocks_out() == before);
}

TEST(a_copy_counts_shared_references)
{
    size_t before = blocks_out();
    struct shared_arc second;
    struct holder_ref holder = hold(&second);
    struct holder_ref other = holder_ref_clone(holder);

    ended = 0;
    EXPECT(holder_ref_make_mut(&other) && other.at != holder.at);
    EXPECT(mn_arc_count(holder.at->own.at) == 2);
    EXPECT(mn_arc_count(second.at) == 3);
    holder_ref_drop(&holder);
    EXPECT(ended == 0);
    holder_ref_drop(&other);
    EXPECT(ended == 1);
    shared_arc_drop(&second);
    EXPECT(ended == 11);
    (void)mn_ref_collect(); /* forgets what it noted */
    EXPECT(blocks_out() == before);
}

TEST(a_cycle_that_is_collected_drops_its_shared_references)
{
    struct shared_arc second;
    struct holder_ref holder = hold(&second);

    ended = 0;
    if (holder.at == NULL)
        return;
    holder.at->next = holder_ref_clone(holder);
    holder_ref_drop(&holder);
    EXPECT(ended == 0);
    (void)mn_ref_collect();
    EXPECT(ended == 1);
    EXPECT(mn_arc_count(second.at) == 1);
    shared_arc_drop(&second);
}

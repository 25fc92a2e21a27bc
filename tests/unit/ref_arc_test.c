/* SPDX-License-Identifier: MIT */
/* Tests of objects of one thread that hold shared references: they are counted
 * like any other when such an object ends, is copied, or is in a cycle. */
#include <mn/arc.h>
#include <mn/ref.h>
#include <mn/stats.h>
#include <pthread.h>

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

/* ---- unique objects in shared ones ---- */

MN_TYPE_DECLARE(link);
MN_TYPE_DECLARE(inner);
MN_ARCS(link);
MN_REFS(inner);

struct link {
    struct inner_unique own;
    struct shared_arc after;
};
struct inner {
    struct link_arc next;
    struct inner_unique row[2];
    struct holder_ref counted;
};
MN_ARC_FUNCTIONS(link)
MN_REF_FUNCTIONS(inner)
MN_TYPE(link, MN_REFERENCES(MN_MEMBER_IS(UNIQUE, link, own, inner),
                            MN_MEMBER_IS(ARC, link, after, shared)));
MN_TYPE(inner, MN_REFERENCES(MN_MEMBER_IS(ARC, inner, next, link),
                             MN_MEMBER_IS(UNIQUE, inner, row, inner),
                             MN_MEMBER_IS(REF, inner, counted, holder)));

static struct link_arc link_with(struct link_arc next, int value)
{
    struct link_arc made = link_arc_new();

    EXPECT(made.at != NULL);
    made.at->own = inner_unique_new();
    made.at->after = shared_arc_new();
    EXPECT(made.at->own.at != NULL && made.at->after.at != NULL);
    made.at->own.at->next = next;
    made.at->after.at->value = value;
    return made;
}

static void *make_in_thread(void *context)
{
    *(struct link_arc *)context =
        link_with(link_with((struct link_arc){NULL}, 1), 2);
    return NULL;
}

TEST(a_unique_object_ends_with_the_shared_one_that_holds_it)
{
    size_t before = blocks_out();
    struct link_arc a = link_with((struct link_arc){NULL}, 7);

    a.at->own.at->row[0] = inner_unique_new();
    a.at->own.at->row[1] = inner_unique_new();
    a.at->own.at->row[1].at->next = link_with((struct link_arc){NULL}, 70);
    struct link_arc b = link_arc_clone(a);
    link_arc_drop(&a);
    EXPECT(ended == 0);
    link_arc_drop(&b);
    EXPECT(ended == 77 && blocks_out() == before);
}

TEST(it_may_end_in_another_thread)
{
    size_t before = blocks_out();
    struct link_arc a;
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, make_in_thread, &a) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(a.at->own.at->next.at->after.at->value == 1);
    link_arc_drop(&a);
    EXPECT(ended == 3 && blocks_out() == before);
}

TEST(a_long_chain_of_both_kinds_ends_with_a_constant_stack)
{
    enum { LENGTH = 1000000 };
    size_t before = blocks_out();
    struct link_arc chain = {NULL};

    for (int i = 0; i < LENGTH; i++)
        chain = link_with(chain, 1);
    link_arc_drop(&chain);
    EXPECT(ended == LENGTH && blocks_out() == before);
    /* The same from one that is not shared. */
    struct inner_unique head = inner_unique_new();
    EXPECT(head.at != NULL);
    for (int i = 0; i < LENGTH; i++)
        chain = link_with(chain, 1);
    head.at->next = chain;
    inner_unique_drop(&head);
    EXPECT(ended == 2 * LENGTH && blocks_out() == before);
}

TEST(what_one_thread_counts_is_refused_in_what_any_may_end)
{
    struct link_arc a = link_with((struct link_arc){NULL}, 1);

    a.at->own.at->counted = holder_ref_new();
    EXPECT(a.at->own.at->counted.at != NULL);
    EXPECT_STOPS(link_arc_drop(&a), "refers to one that is not");
    holder_ref_drop(&a.at->own.at->counted);
    link_arc_drop(&a);
    EXPECT(ended == 1);
}

TEST(a_row_of_unique_objects_ends_in_a_shared_row)
{
    size_t before = blocks_out();
    struct link_arc row = link_arc_new_array(3);

    EXPECT(row.at != NULL);
    for (int i = 0; i < 3; i++) {
        row.at[i].own.at = mn_ref_new_array(&inner_type, NULL, 2);
        row.at[i].after = shared_arc_new();
        EXPECT(row.at[i].own.at != NULL && row.at[i].after.at != NULL);
        row.at[i].after.at->value = 1;
        for (int k = 0; k < 2; k++)
            row.at[i].own.at[k].next = link_with((struct link_arc){NULL}, 10);
    }
    link_arc_drop(&row);
    EXPECT(ended == 63 && blocks_out() == before);
}

/* SPDX-License-Identifier: MIT */
/* Tests of references as a program has them that defines MN_CHECKED, or that is
 * compiled without optimization: each use is looked up first. */
#define MN_CHECKED 1
#include <mn/heap.h>
#include <mn/ref.h>
#include <mn/strategy.h>

#include <string.h>

#include "test.h"

MN_TYPE_DECLARE(node);
MN_REFS(node);
struct node {
    long value;
    struct node_ref next;
};
MN_REF_CYCLE_FUNCTIONS(node)
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node)));

static void drop_copy(struct node_ref copy)
{
    node_ref_drop(&copy);
}

TEST(what_is_right_is_as_without_the_look)
{
    struct node_ref a = node_ref_new();

    EXPECT(a.at != NULL && node_ref_get(a) == a.at);
    a.at->next = node_ref_clone(a);
    struct node_weak weak = node_ref_weak(a);
    struct node_ref b = node_weak_upgrade(weak);
    EXPECT(b.at == a.at && node_ref_count(a) == 3);
    node_ref_drop(&b);
    node_ref_drop(&a);
    EXPECT(mn_ref_candidates() == 1 && mn_ref_collect() == 1);
    EXPECT(node_weak_upgrade(weak).at == NULL);
    node_weak_drop(&weak);
    struct node_unique unique = node_unique_new();
    EXPECT(node_unique_get(unique) == unique.at);
    node_unique_drop(&unique);
    EXPECT(node_ref_get(a) == NULL);
}

TEST(each_use_of_what_ended_stops_the_program)
{
    struct node_ref a = node_ref_new();
    struct node_ref stale = a;
    struct node_weak weak = {a.at};

    node_ref_drop(&a);
    EXPECT_STOPS(node_ref_get(stale), "has ended; it lies in block");
    EXPECT_STOPS(node_ref_clone(stale), "has ended");
    EXPECT_STOPS(drop_copy(stale), "has ended");
    EXPECT_STOPS(node_weak_upgrade(weak), "has ended");
    /* The memory holds something else, which is no object. */
    void *block = mn_alloc(24);
    EXPECT(block == (char *)stale.at - 8);
    memset(block, 0x55, 24);
    mn_free(block);
    EXPECT_STOPS(node_ref_get(stale), "has ended");
}

TEST(what_never_was_an_object_stops_the_program)
{
    static struct node none[2];
    struct node_ref fixed = {&none[1]};
    struct node_ref row = node_ref_new_array(2);
    struct node_ref second = {row.at + 1};
    void *large = mn_alloc(1 << 20);
    struct node_ref inside = {(struct node *)large + 100};

    EXPECT_STOPS(node_ref_get(fixed), "no counted object");
    EXPECT_STOPS(node_ref_clone(second), "no counted object");
    EXPECT_STOPS(drop_copy(inside), "no counted object");
    node_ref_drop(&row);
    mn_free(large);
}

TEST(objects_of_a_source_that_the_map_does_not_know_pass)
{
    static _Alignas(16) unsigned char memory[1024];
    static _Alignas(8) unsigned char control[1024];
    struct mn_tiled tiled;
    struct mn_region_source source;

    EXPECT(mn_tiled_init(&tiled,
                         &(struct mn_tiled_place){
                             .memory = memory,
                             .memory_size = sizeof memory,
                             .granule = 16,
                             .control = control,
                             .control_size = sizeof control,
                             .strategy = &mn_best_fit,
                         })
           == MN_OK);
    mn_region_source_init(&source, &tiled.region);
    struct node_ref a = node_ref_new_from(&source.source);
    struct node_ref stale = node_ref_clone(a);
    node_ref_drop(&stale);
    stale = a;
    struct node_weak weak = node_ref_weak(a);
    node_ref_drop(&a);
    EXPECT_STOPS(node_ref_get(stale), "has ended");
    node_weak_drop(&weak);
    (void)mn_ref_collect();
    EXPECT_STOPS(node_ref_get(stale), "has ended"); /* by the count it left */
}

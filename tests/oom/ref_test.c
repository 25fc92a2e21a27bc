/* SPDX-License-Identifier: MIT */
/* Tests of references without memory: whatever was refused has changed nothing,
 * and with memory again all works. A collection is refused each list at each
 * size in turn. */
#include <mn/heap.h>
#include <mn/ref.h>
#include <mn/stats.h>

#include <stdlib.h>

#include "os/os_fake.h"
#include "test.h"

enum { MANY = 60000, STEP = 65536 };

MN_TYPE_DECLARE(node);
MN_REFS(node);
struct node {
    size_t number;
    struct node_ref next;
    struct node_ref other;
    char bytes[8000];
};
MN_REF_CYCLE_FUNCTIONS(node)
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node),
                            MN_MEMBER_IS(REF, node, other, node)));

MN_TYPE_DECLARE(link);
MN_REFS(link);
struct link {
    struct link_ref next;
    struct link_ref other;
};
MN_REF_CYCLE_FUNCTIONS(link)
MN_TYPE(link, MN_REFERENCES(MN_MEMBER_IS(REF, link, next, link),
                            MN_MEMBER_IS(REF, link, other, link)));

static size_t blocks_out(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.block_count;
}

TEST(a_refused_object_is_none)
{
    struct node_ref list = {NULL};
    size_t before = blocks_out();
    size_t count = 0;

    mni_fake_fail(1, UINT64_MAX);
    for (;;) {
        struct node_ref node = node_ref_new();
        if (node.at == NULL)
            break;
        node.at->number = count++;
        node.at->next = list;
        list = node;
    }
    EXPECT(blocks_out() == before + count);
    if (list.at != NULL) { /* what there is can be dropped, copied not */
        struct node_ref other = node_ref_clone(list);
        EXPECT(node_ref_make_mut(&other) == NULL && other.at == list.at);
        EXPECT(node_ref_count(list) == 2);
        node_ref_drop(&other);
    }
    EXPECT(node_ref_new_array(3).at == NULL);
    EXPECT(node_unique_new().at == NULL);
    node_ref_drop(&list);
    mni_fake_fail(0, 0);
    (void)mn_ref_collect();
    EXPECT(blocks_out() == before);
    list = node_ref_new();
    EXPECT(list.at != NULL);
    node_ref_drop(&list);
}

/* A ring, each object of which is referred to twice but the first. */
static struct link_ref make_ring(void)
{
    struct link_ref first = link_ref_new();

    EXPECT(first.at != NULL);
    struct link *last = first.at;
    for (int i = 1; i < MANY; i++) {
        last->next = link_ref_new();
        EXPECT(last->next.at != NULL);
        last->other = link_ref_clone(last->next);
        last = last->next.at;
    }
    last->next = link_ref_clone(first);
    return first;
}

static void expect_ring(struct link *first)
{
    struct link *link = first->next.at;

    EXPECT(mn_ref_count(first) == 1);
    for (int i = 1; i < MANY; i++) {
        EXPECT(mn_ref_count(link) == 2 && mn_ref_weak_count(link) == 0);
        link = link->next.at;
    }
    EXPECT(link == first);
}

/* A row, each object of which leads to one that leads back to the row. */
static struct link_ref make_star(void)
{
    struct link_ref row = link_ref_new_array(MANY);

    EXPECT(row.at != NULL);
    for (int i = 0; i < MANY; i++) {
        row.at[i].next = link_ref_new();
        EXPECT(row.at[i].next.at != NULL);
        row.at[i].next.at->other = link_ref_clone(row);
    }
    return row;
}

static void expect_star(struct link *row, size_t held)
{
    EXPECT(mn_ref_count(row) == MANY + held);
    for (int i = 0; i < MANY; i++) {
        EXPECT(mn_ref_count(row[i].next.at) == 1);
        EXPECT(row[i].next.at->other.at == row);
    }
}

/* Collect a ring beside a star that is held or not, with so many more bytes of
 * spans than are in use. True if that was too little. */
static bool collect_within(size_t size, size_t held)
{
    struct mn_heap_limits limits = {.hard = 0};
    size_t before = blocks_out();
    struct link_ref dropped = make_ring();
    struct link_ref star = make_star();
    struct link_ref other = link_ref_clone(star);
    struct link *ring = dropped.at;
    struct link *row = star.at;

    link_ref_drop(&dropped);
    link_ref_drop(&other);
    if (held == 0)
        link_ref_drop(&star);
    (void)mn_trim();
    limits.hard = mn_heap_limit_size(NULL) + size;
    EXPECT(mn_heap_limit(NULL, &limits));
    size_t count = mn_ref_collect();
    limits.hard = 0;
    EXPECT(mn_heap_limit(NULL, &limits));
    bool refused = count == 0;
    if (refused) {
        EXPECT(mn_ref_candidates() == 2);
        expect_ring(ring);
        expect_star(row, held);
        count = mn_ref_collect();
    }
    EXPECT(count == (held != 0 ? MANY : 2 * MANY + 1));
    EXPECT(mn_ref_candidates() == 0);
    if (held != 0) {
        expect_star(row, 1);
        link_ref_drop(&star);
        EXPECT(mn_ref_collect() == MANY + 1);
    }
    EXPECT(blocks_out() == before);
    return refused;
}

TEST(a_refused_collection_changes_nothing)
{
    for (size_t held = 0; held < 2; held++) {
        size_t refused = 0;
        while (collect_within(refused * STEP, held))
            refused++;
        EXPECT(refused >= (held != 0 ? 40 : 30));
    }
}

TEST(within_a_limit_garbage_is_collected_as_the_list_stops_to_grow)
{
    struct mn_heap_limits limits = {.hard = 0};
    size_t before = blocks_out();
    size_t most = 0;

    limits.hard = mn_heap_limit_size(NULL) + 32 * STEP;
    EXPECT(mn_heap_limit(NULL, &limits));
    for (size_t i = 0; i < 10 * MANY; i++) {
        struct link_ref link = link_ref_new();
        if (link.at == NULL)
            continue; /* until the next one that is noted makes room */
        link.at->next = link_ref_of(link.at);
        link_ref_drop(&link);
        if (mn_ref_candidates() > most)
            most = mn_ref_candidates();
    }
    EXPECT(most > 1000 && most < 10 * MANY);
    limits.hard = 0;
    EXPECT(mn_heap_limit(NULL, &limits));
    (void)mn_ref_collect();
    EXPECT(blocks_out() == before);
}

TEST(a_candidate_that_cannot_be_noted_is_left_out_until_the_next_drop)
{
    struct link_ref link = link_ref_new();

    EXPECT(link.at != NULL);
    struct link_ref other = link_ref_clone(link);
    struct link_ref third = link_ref_clone(link);
    struct mn_heap_limits limits = {.hard = 1};
    EXPECT(mn_heap_limit(NULL, &limits));
    void *blocks[100]; /* use up what spans of the list's size have free */
    size_t count = 0;
    while (count < 100 && (blocks[count] = mn_alloc(1024)) != NULL)
        count++;
    EXPECT(count < 100);
    link_ref_drop(&other);
    EXPECT(mn_ref_candidates() == 0 && link_ref_count(link) == 2);
    while (count > 0)
        mn_free(blocks[--count]);
    limits.hard = 0;
    EXPECT(mn_heap_limit(NULL, &limits));
    link_ref_drop(&third);
    EXPECT(mn_ref_candidates() == 1 && link_ref_count(link) == 1);
    link_ref_drop(&link);
}

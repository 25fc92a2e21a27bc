/* SPDX-License-Identifier: MIT */
/* A collector in the arena of a bare processor: lists that change at random,
 * beside their sums; its end, drops, and a stack of what is to be marked that
 * is too small. */
#include <mn/root.h>

#include "arena.h"
#include "test.h"

enum { LISTS = 6, STEPS = 6000, SEED = 7 };

MN_TYPE_DECLARE(node);
struct node {
    struct node *next;
    struct node *other;
    uint32_t value;
    uintptr_t spare;
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(GC, node, next, node),
                            MN_MEMBER_IS(GC_WEAK, node, other, node)));

static struct node *lists[LISTS];
static uint32_t sums[LISTS];
static size_t lengths[LISTS];
static struct mn_gc_root root;
static struct mn_gc *gc;

static void begin(bool generational)
{
    struct mn_gc_options options = {.generational = generational,
                                    .verify = generational};

    gc = mn_gc_init(arena_bytes, ARENA_SIZE, &options);
    EXPECT(gc != NULL && mn_gc_check(gc));
    mn_gc_root_begin(gc, &root, MN_GC_EXACT, lists, LISTS);
}

static size_t expect_lists(void)
{
    size_t count = 0;

    for (size_t i = 0; i < LISTS; i++) {
        uint32_t sum = 0;
        size_t length = 0;
        for (struct node *node = lists[i]; node != NULL; node = node->next) {
            sum += node->value;
            length++;
            EXPECT(node->other == NULL || node->other->value != 0);
        }
        EXPECT(sum == sums[i] && length == lengths[i]);
        count += length;
    }
    return count;
}

static void grow(size_t list, uint32_t value)
{
    struct node *node = mn_gc_new(gc, &node_type);

    if (node == NULL) {
        lists[list] = NULL;
        sums[list] = 0;
        lengths[list] = 0;
        return;
    }
    node->value = value;
    node->next = lists[list];
    lists[list] = node;
    sums[list] += value;
    lengths[list]++;
}

/* Put a list behind another one. */
static void join(size_t to, size_t from)
{
    struct node *last = lists[to];

    if (to == from || last == NULL)
        return;
    while (last->next != NULL)
        last = last->next;
    mn_gc_store(gc, last, &last->next, lists[from]);
    mn_gc_store(gc, last, &last->other, lists[from]);
    sums[to] += sums[from];
    lengths[to] += lengths[from];
    lists[from] = NULL;
    sums[from] = 0;
    lengths[from] = 0;
}

/* Have nothing lead to it, if it is there. */
static void lose(void *object)
{
    if (object != NULL)
        *(volatile char *)object = 1;
}

static void work(void)
{
    uint64_t random = SEED;
    struct mn_gc_stats stats;

    for (int step = 0; step < STEPS; step++) {
        uint64_t next = test_random(&random);
        size_t list = (size_t)(next >> 8) % LISTS;
        if (next % 32 == 0)
            join(list, (size_t)(next >> 16) % LISTS);
        else
            grow(list, (uint32_t)(next >> 24) | 1);
        if (next % 512 == 0)
            lose(mn_gc_new_leaf(gc, (size_t)(next >> 32) % 600));
        if (step % 500 == 0) {
            mn_gc_collect(gc, step % 1000 == 0);
            EXPECT(mn_gc_check(gc));
            (void)expect_lists();
        }
    }
    mn_gc_collect(gc, true);
    mn_gc_read_stats(gc, &stats);
    EXPECT(stats.object_count == expect_lists());
    EXPECT(stats.full_count > 5);
}

TEST(lists_in_a_small_arena_are_kept)
{
    begin(false);
    work();
}

TEST(lists_in_a_small_arena_are_kept_by_generations)
{
    begin(true);
    work();
}

TEST(most_of_an_arena_holds_objects)
{
    size_t count = 0;

    begin(false);
    for (struct node *node; (node = mn_gc_new(gc, &node_type)) != NULL;
         count++) {
        node->next = lists[0];
        lists[0] = node;
    }
    EXPECT(count * sizeof(struct node) >= ARENA_SIZE / 2);
    EXPECT(mn_gc_new_leaf(gc, 1) == NULL && mn_gc_check(gc));
    lists[0] = NULL;
    for (size_t i = 0; i < count; i++)
        EXPECT(mn_gc_new(gc, &node_type) != NULL);
}

static int dropped;

static void thing_drop(void *object)
{
    (void)object;
    dropped++;
}

static const struct mn_type thing_type = {
    .name = "thing", .size = 24, .align = 8, .drop = thing_drop};

TEST(things_are_dropped_once)
{
    begin(false);
    for (int i = 0; i < 20; i++)
        EXPECT(mn_gc_new(gc, &thing_type) != NULL);
    mn_gc_collect(gc, true);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 20 && dropped == 20);
    mn_gc_collect(gc, true);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 0 && mn_gc_check(gc));
}

TEST(a_wrong_root_stops)
{
    begin(false);
    lists[0] = mn_gc_new(gc, &node_type);
    lists[0] = (struct node *)(void *)((char *)lists[0] + MN_GC_GRANULE);
    EXPECT_STOPS(mn_gc_collect(gc, true), "a root leads to no object");
}

/* SPDX-License-Identifier: MIT */
/* Tests of pools that grow, of their limits, and of objects that are
 * constructed and dropped. */
#include <mn/mn.h>
#include <string.h>

#include "pool_setup.h"

/* ---- growing ---- */

TEST(growing_pool_doubles_and_gives_everything_back)
{
    setup_growing((struct mn_pool_options){.count = 4});
    EXPECT(stats().chunks == 0 && stats().size == 0);
    for (int i = 0; i < 64; i++)
        (void)take(i);
    EXPECT(stats().chunks == 5 && stats().capacity == 64);
    EXPECT(stats().live == 64 && mn_pool_check(pool));
    (void)take(64);
    EXPECT(stats().chunks == 6 && stats().capacity == 128);
    for (int i = 65; i < 300; i++)
        (void)take(i);
    EXPECT(stats().chunks == 8 && mn_pool_check(pool));
    mn_pool_clear(pool);
    EXPECT(stats().live == 0 && stats().peak == 300 && stats().chunks == 8);
    EXPECT(mn_pool_shrink(pool) > 300 * sizeof(struct node));
    EXPECT(stats().chunks == 0 && stats().capacity == 0);
    (void)take(0);
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

TEST(first_chunk_is_some_4_kib)
{
    setup_growing((struct mn_pool_options){.count = 0});
    (void)take(0);
    EXPECT(stats().size <= 4096 && stats().size > 4096 - 2 * pool->stride);
    mn_pool_finish(pool);
}

TEST(shrink_gives_back_the_empty_chunks_alone)
{
    struct node *taken[28];

    setup_growing((struct mn_pool_options){.count = 4}); /* 4, 4, 8, 16 */
    for (int i = 0; i < 28; i++)
        taken[i] = take(i);
    for (int i = 1; i < 16; i++)
        node_pool_release(&nodes, taken[i]);
    size_t before = stats().size;
    size_t given = mn_pool_shrink(pool);
    EXPECT(given > 0 && stats().size == before - given);
    EXPECT(mn_pool_check(pool) && stats().live == 13);
    EXPECT(stats().chunks == 2 && stats().capacity == 20);
    EXPECT(mn_pool_shrink(pool) == 0);
    EXPECT(taken[0]->value == 0 && taken[27]->value == 27);
    EXPECT_STOPS(node_pool_release(&nodes, taken[9]), "not an object of");
    for (int i = 16; i < 28; i++)
        node_pool_release(&nodes, taken[i]);
    node_pool_release(&nodes, taken[0]);
    (void)mn_pool_shrink(pool);
    EXPECT(stats().chunks == 0 && stats().peak == 28);
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

TEST(reserve_makes_room_in_advance)
{
    setup_growing((struct mn_pool_options){.count = 4});
    EXPECT(mn_pool_reserve(pool, 100) == MN_OK);
    EXPECT(stats().chunks == 1 && stats().capacity == 100);
    (void)take(0);
    EXPECT(mn_pool_reserve(pool, 99) == MN_OK && stats().chunks == 1);
    EXPECT(mn_pool_reserve(pool, 100) == MN_OK && stats().chunks == 2);
    EXPECT(mn_pool_reserve(pool, SIZE_MAX / 4) == MN_ERR_NOMEM);
    EXPECT(mn_pool_check(pool));
    size_t capacity = stats().capacity;
    for (size_t i = 1; i < capacity; i++)
        (void)take(1);
    EXPECT(stats().capacity == capacity && stats().peak == capacity);
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

TEST(limit_of_objects_is_reached_exactly)
{
    setup_growing((struct mn_pool_options){.count = 4, .count_max = 21});
    for (int i = 0; i < 21; i++)
        (void)take(i);
    EXPECT(node_pool_alloc(&nodes) == NULL && stats().capacity == 21);
    EXPECT(mn_pool_reserve(pool, 1) == MN_ERR_NOMEM && mn_pool_check(pool));
    mn_pool_finish(pool);
}

TEST(limit_of_bytes_is_never_passed)
{
    for (size_t most = 1; most < 4000; most += 37) {
        size_t count = 0;
        setup_growing((struct mn_pool_options){.count = 2, .size_max = most});
        while (node_pool_alloc(&nodes) != NULL)
            count++;
        EXPECT(stats().size <= most && stats().capacity == count);
        /* What is left is not enough for one more chunk of one object. */
        EXPECT(most - stats().size < sizeof(struct mn_pool_chunk) + 300);
        mn_pool_finish(pool);
    }
}

TEST(records_come_from_their_own_region)
{
    static unsigned char records[8192];
    struct mn_bump bump;
    struct mn_count count;

    EXPECT(mn_bump_init(&bump, records, sizeof records) == MN_OK);
    mn_count_init(&count, &bump.region);
    setup_growing((struct mn_pool_options){.record_region = &count.region});
    struct node *node = take(1);
    EXPECT(count.out.block_count == 1);
    EXPECT((unsigned char *)node >= setup_memory
           && (unsigned char *)node < setup_memory + SETUP_SIZE);
    EXPECT((unsigned char *)pool->open >= records
           && (unsigned char *)pool->open < records + sizeof records);
    (void)stats();
    mn_pool_finish(pool);
    EXPECT(count.out.block_count == 0 && setup_is_free());
}

/* ---- a region that refuses ---- */

struct refusing {
    struct mn_region region;
    struct mn_region *parent;
    int left;
};

static void *refusing_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct refusing *self = (struct refusing *)region;

    return self->left-- > 0 ? mn_region_alloc(self->parent, size, align) : NULL;
}

static void refusing_free(struct mn_region *region, void *block)
{
    mn_region_free(((struct refusing *)region)->parent, block);
}

static const struct mn_region_ops refusing_ops = {
    .name = "refusing", .alloc = refusing_alloc, .free = refusing_free};

static size_t fill(struct refusing *region, bool apart)
{
    size_t count = 0;
    struct mn_pool_options options = {.region = &region->region, .count = 1};

    options.record_region = apart ? &region->region : NULL;
    EXPECT(node_pool_init(&nodes, &options) == MN_OK);
    while (count < 300 && node_pool_alloc(&nodes) != NULL)
        count++;
    EXPECT(mn_pool_check(pool) && stats().live == count);
    return count;
}

TEST(refusal_of_each_allocation_of_the_region_in_turn)
{
    for (int apart = 0; apart < 2; apart++) {
        size_t count = 0;
        for (int left = 0; count < 300; left++) {
            struct refusing region = {{&refusing_ops}, setup_tiled(), left};
            count = fill(&region, apart);
            EXPECT(left < 40);
            region.left = 1000;
            EXPECT(node_pool_alloc(&nodes) != NULL);
            EXPECT(mn_pool_check(pool));
            mn_pool_finish(pool);
            EXPECT(setup_is_free());
        }
    }
}

TEST(refused_growth_is_tried_with_less)
{
    struct mn_limit limit;

    mn_limit_init(&limit, setup_tiled(), SIZE_MAX, 8192);
    struct mn_pool_options options = {.region = &limit.region};
    EXPECT(node_pool_init(&nodes, &options) == MN_OK);
    size_t count = 0;
    while (node_pool_alloc(&nodes) != NULL)
        count++;
    EXPECT(stats().size <= 8192 && stats().size > 8192 - 512);
    EXPECT(mn_pool_check(pool) && stats().live == count);
    mn_pool_finish(pool);
}

/* ---- construct, drop ---- */

static int constructed;

static bool construct(void *object, void *context)
{
    struct node *node = object;

    memset(node, 0, sizeof *node);
    node->value = 100 + constructed++;
    return context == NULL || constructed <= *(int *)context;
}

TEST(constructed_objects_are_kept_across_release_and_clear)
{
    struct mn_pool_options options = fixed(COUNT);
    bool seen[COUNT] = {false};

    options.construct = construct;
    setup_fixed(options);
    struct node *node = node_pool_alloc(&nodes);
    EXPECT(node->value == 100 && constructed == 1);
    node_pool_release(&nodes, node);
    for (int i = 0; i < COUNT; i++)
        EXPECT(node_pool_alloc(&nodes) != NULL);
    EXPECT(constructed == COUNT);
    mn_pool_clear(pool);
    EXPECT(ended_count == 0 && mn_pool_check(pool));
    for (int i = 0; i < COUNT; i++) {
        node = node_pool_alloc(&nodes);
        EXPECT(node->value >= 100 && node->value < 100 + COUNT);
        EXPECT(!seen[node->value - 100]);
        seen[node->value - 100] = true;
    }
    EXPECT(constructed == COUNT);
    node_pool_release(&nodes, node);
    mn_pool_finish(pool);
    EXPECT(ended_count == COUNT);
    for (int i = 0; i < COUNT; i++)
        EXPECT(ended[i] == 100 + i); /* by rising address */
}

TEST(construction_that_fails_is_no_object)
{
    struct mn_pool_options options = fixed(COUNT);
    int most = 2;

    options.construct = construct;
    options.context = &most;
    setup_fixed(options);
    EXPECT(node_pool_alloc(&nodes) != NULL && node_pool_alloc(&nodes) != NULL);
    EXPECT(node_pool_alloc(&nodes) == NULL && mn_pool_check(pool));
    EXPECT(stats().live == 2 && stats().peak == 2);
    most = 100;
    EXPECT(node_pool_alloc(&nodes) != NULL && constructed == 4);
    mn_pool_finish(pool);
    EXPECT(ended_count == 3);
}

TEST(shrink_drops_what_was_constructed)
{
    struct mn_pool_options options = {.count = 2, .construct = construct};

    setup_growing(options);
    struct node *first = node_pool_alloc(&nodes);
    struct node *second = node_pool_alloc(&nodes);
    struct node *third = node_pool_alloc(&nodes);
    node_pool_release(&nodes, first);
    node_pool_release(&nodes, third);
    EXPECT(mn_pool_shrink(pool) > 0);
    EXPECT(ended_count == 1 && ended[0] == 102 && second->value == 101);
    mn_pool_finish(pool);
    EXPECT(ended_count == 3 && setup_is_free());
}

TEST(clear_and_finish_drop_live_objects_when_asked)
{
    struct mn_pool_options options = {.count = 2, .drop_live = true};
    struct node *taken[6];

    setup_growing(options);
    for (int i = 0; i < 6; i++)
        taken[i] = take(i);
    node_pool_release(&nodes, taken[2]);
    mn_pool_clear(pool);
    EXPECT(ended_count == 5 && stats().live == 0);
    for (size_t i = 0; i < 5; i++)
        EXPECT(ended[i] != 2);
    (void)take(7);
    mn_pool_finish(pool);
    EXPECT(ended_count == 6 && ended[5] == 7 && setup_is_free());
}

static bool construct_by_pool(void *object, void *context)
{
    (void)context;
    return object != NULL && node_pool_alloc(&nodes) != NULL;
}

TEST(function_of_the_pool_must_not_use_it)
{
    struct mn_pool_options options = fixed(COUNT);

    options.construct = construct_by_pool;
    setup_fixed(options);
    EXPECT_STOPS(node_pool_alloc(&nodes), "used by a function");
}

TEST(table_grows_beyond_what_the_pool_has_room_for)
{
    struct mn_pool_stats before;
    size_t count = 0;

    /* A limit of objects that is raised by one makes chunks of one. */
    setup_growing((struct mn_pool_options){.count = 1, .count_max = 1});
    for (; count < 40; count++) {
        pool->options.count_max = count + 1;
        (void)take((long)count);
        EXPECT(node_pool_alloc(&nodes) == NULL && mn_pool_check(pool));
    }
    mn_pool_read_stats(pool, &before);
    EXPECT(before.chunks == 40 && before.capacity == 40 && stats().peak == 40);
    mn_pool_clear(pool);
    EXPECT(mn_pool_check(pool) && mn_pool_shrink(pool) > 0);
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

static unsigned order_seen;

static bool in_order(void *object, void *context)
{
    const void **last = context;

    EXPECT((uintptr_t)object > (uintptr_t)*last);
    *last = object;
    order_seen++;
    return true;
}

TEST(walk_goes_by_rising_address)
{
    const void *last = NULL;

    setup_growing((struct mn_pool_options){.count = 2});
    for (int i = 0; i < 50; i++)
        (void)take(i);
    EXPECT(mn_pool_walk(pool, in_order, &last) && order_seen == 50);
    mn_pool_finish(pool);
}

TEST(release_to_any_chunk_is_taken_again_before_growth)
{
    struct node *taken[128];

    setup_growing((struct mn_pool_options){.count = 2});
    for (int i = 0; i < 128; i++)
        taken[i] = take(i);
    size_t size = stats().size;
    for (int step = 0; step < 7; step++) {
        for (int i = step; i < 128; i += 7)
            node_pool_release(&nodes, taken[i]);
        EXPECT(mn_pool_check(pool));
        for (int i = step; i < 128; i += 7) {
            taken[i] = take(i);
            EXPECT(mn_pool_check(pool));
        }
    }
    EXPECT(stats().size == size && stats().peak == 128);
    for (int i = 0; i < 128; i++)
        EXPECT(taken[i]->value == i);
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

/* ---- releases now to one chunk and now to another ---- */

enum { SPREAD = 300 };
static struct node *spread[SPREAD];

/* Release and take again objects of all chunks in turn, as often as it takes
 * until the places are used. */
static void spread_out(void)
{
    setup_growing((struct mn_pool_options){.count = 4, .unwatched = true});
    for (int i = 0; i < SPREAD; i++)
        spread[i] = take(i);
    for (int step = 0; step < 3 * SPREAD; step++) {
        int i = step * 7 % SPREAD;
        node_pool_release(&nodes, spread[i]);
        spread[i] = take(i);
    }
    EXPECT(pool->places != NULL && pool->near == pool->places);
    EXPECT(mn_pool_check(pool) && stats().live == SPREAD);
}

TEST(misuse_is_seen_wherever_the_chunk_is_looked_for)
{
    spread_out();
    node_pool_release(&nodes, spread[3]);
    node_pool_release(&nodes, spread[200]);
    EXPECT_STOPS(node_pool_release(&nodes, spread[3]), "already free");
    EXPECT_STOPS(node_pool_release(&nodes, spread[200]), "already free");
    EXPECT_STOPS(node_pool_release(&nodes, (void *)((char *)spread[201] + 8)),
                 "pointer into an object");
    EXPECT_STOPS(node_pool_release(&nodes, (void *)buffer), "not an object of");
    node_pool_release(&nodes, NULL);
    EXPECT(mn_pool_check(pool));
    for (int i = 0; i < SPREAD; i++)
        if (i != 3 && i != 200)
            node_pool_release(&nodes, spread[i]);
    EXPECT(stats().live == 0 && mn_pool_check(pool));
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

TEST(chunks_that_have_gone_are_found_no_more)
{
    spread_out();
    for (int i = 4; i < SPREAD; i++)
        node_pool_release(&nodes, spread[i]);
    EXPECT(mn_pool_shrink(pool) > 0 && mn_pool_check(pool));
    EXPECT(stats().chunks == 1 && pool->places == NULL);
    EXPECT_STOPS(node_pool_release(&nodes, spread[200]), "not an object of");
    for (int i = 0; i < 4; i++)
        node_pool_release(&nodes, spread[i]);
    EXPECT(mn_pool_shrink(pool) > 0 && stats().chunks == 0);
    mn_pool_finish(pool);
    EXPECT(setup_is_free());
}

/* SPDX-License-Identifier: MIT */
/* Tests of pools: fixed ones, misuse, and what a pool tells. The variants with
 * a sanitizer run them while it watches, unless a test says `unwatched`. */
#include <mn/mn.h>
#include <string.h>

#include "base/bits.h"
#include "pool_setup.h"

MN_TYPE_DECLARE(tiny);
struct tiny {
    char byte;
};
MN_TYPE_DECLARE(wide);
struct wide {
    _Alignas(256) char bytes[256];
};

MN_TYPE(tiny, .drop = NULL);
MN_TYPE(wide, .drop = NULL);
MN_POOL(tiny);
MN_POOL(wide);

/* ---- fixed ---- */

TEST(fixed_pool_hands_out_each_object_then_null)
{
    struct node *taken[COUNT];

    setup_fixed(fixed(COUNT));
    for (int i = 0; i < COUNT; i++) {
        taken[i] = take(i);
        EXPECT((unsigned char *)taken[i] >= buffer
               && (unsigned char *)(taken[i] + 1) <= buffer + BUFFER_SIZE);
    }
    EXPECT(node_pool_alloc(&nodes) == NULL && mn_pool_check(pool));
    EXPECT(mn_pool_reserve(pool, 0) == MN_OK);
    EXPECT(mn_pool_reserve(pool, 1) == MN_ERR_NOMEM);
    for (int i = 0; i < COUNT; i++) {
        EXPECT(taken[i]->value == i);
        node_pool_release(&nodes, taken[i]);
    }
    EXPECT(stats().live == 0 && stats().peak == COUNT);
    EXPECT(mn_pool_check(pool));
    node_pool_finish(&nodes);
}

TEST(fixed_size_is_enough_at_any_address_and_one_byte_less_is_not_always)
{
    size_t size = mn_pool_fixed_size(&node_type, COUNT);
    struct mn_pool_options options = fixed(COUNT);
    int refused = 0;

    for (size_t shift = 0; shift < 16; shift++) {
        options.memory = buffer + shift;
        options.memory_size = size;
        setup_fixed(options);
        for (int i = 0; i < COUNT; i++)
            (void)take(i);
        EXPECT(node_pool_alloc(&nodes) == NULL);
        mn_pool_finish(pool);
        options.memory_size = size - 1;
        options.unwatched = true;
        refused += node_pool_init(&nodes, &options) == MN_ERR_NOMEM;
        options.unwatched = false;
    }
    EXPECT(refused > 0 || mni_watch_tool() != MNI_TOOL_NONE);
    EXPECT(mn_pool_fixed_size(&node_type, 0) == 0);
    EXPECT(mn_pool_fixed_size(&node_type, SIZE_MAX / 2) == 0);
}

TEST(fixed_pool_without_a_count_takes_as_many_as_fit)
{
    size_t record = sizeof(struct mn_pool_chunk);
    size_t each = sizeof(struct node) + sizeof(struct mn_pool_link);
    struct mn_pool_options options = {.memory = buffer, .unwatched = true};

    for (size_t count = 1; count < 5; count++) {
        options.memory_size = record + mni_round_up(count * each, 8) + 8;
        setup_fixed(options);
        EXPECT(pool->capacity == count);
    }
    options.memory_size = record + each - 1;
    EXPECT(node_pool_init(&nodes, &options) == MN_ERR_NOMEM);
    options.memory_size = 1;
    EXPECT(node_pool_init(&nodes, &options) == MN_ERR_NOMEM);
}

TEST(records_in_a_second_buffer_leave_the_first_to_objects)
{
    static _Alignas(8) unsigned char records[2048];
    struct mn_pool_options options = {
        .memory = buffer,
        .memory_size = COUNT * sizeof(struct node),
        .records = records,
        .records_size = sizeof records,
        .count = COUNT,
        .unwatched = true,
    };

    setup_fixed(options);
    EXPECT((unsigned char *)take(1) == buffer);
    for (int i = 1; i < COUNT; i++)
        (void)take(i);
    EXPECT(node_pool_alloc(&nodes) == NULL);
    options.records_size =
        sizeof(struct mn_pool_chunk) + COUNT * sizeof(struct mn_pool_link) - 1;
    EXPECT(node_pool_init(&nodes, &options) == MN_ERR_NOMEM);
    options.records = records + 1;
    EXPECT(node_pool_init(&nodes, &options) == MN_ERR_INVALID);
}

TEST(init_refuses_what_cannot_be)
{
    struct mn_type type = node_type;
    struct mn_pool_options options = fixed(1);
    struct mn_pool other;

    EXPECT(mn_pool_init(&other, &options) == MN_ERR_INVALID); /* no type */
    options.type = &type;
    EXPECT(mn_pool_init(&other, &options) == MN_OK);
    type.size--;
    EXPECT(mn_pool_init(&other, &options) == MN_ERR_INVALID);
    type = node_type;
    options.region = setup_tiled();
    EXPECT(mn_pool_init(&other, &options) == MN_ERR_INVALID);
    options.memory = NULL;
    EXPECT(mn_pool_init(&other, &options) == MN_OK);
    options.drop_live = true;
    EXPECT(mn_pool_init(&other, &options) == MN_OK);
    type.drop = NULL;
    EXPECT(mn_pool_init(&other, &options) == MN_ERR_INVALID);
    options.drop_live = false;
    options.records = buffer;
    EXPECT(mn_pool_init(&other, &options) == MN_ERR_INVALID);
    options.region = NULL;
    EXPECT(mn_pool_init(&other, &options) == MN_ERR_INVALID);
}

TEST(overflow_of_each_object_does_not_reach_the_records)
{
    struct mn_pool_options options = fixed(COUNT);
    struct node *taken[COUNT];

    options.unwatched = true;
    setup_fixed(options);
    for (int i = 0; i < COUNT; i++)
        taken[i] = take(i);
    unsigned char *end = (unsigned char *)(taken[COUNT - 1] + 1);
    memset(taken[0], 0xff, (size_t)(end - (unsigned char *)taken[0]));
    EXPECT(mn_pool_check(pool));
    for (int i = 0; i < COUNT; i++)
        node_pool_release(&nodes, taken[i]);
    EXPECT(mn_pool_check(pool) && stats().live == 0);
}

/* ---- order ---- */

TEST(object_released_last_is_handed_out_first)
{
    struct mn_pool_options options = fixed(COUNT);
    struct node *taken[COUNT];

    options.unwatched = true;
    setup_fixed(options);
    for (int i = 0; i < COUNT; i++)
        taken[i] = take(i);
    for (int i = 0; i < COUNT; i++)
        node_pool_release(&nodes, taken[i]);
    for (int i = COUNT - 1; i >= 0; i--)
        EXPECT(node_pool_alloc(&nodes) == taken[i]);
}

TEST(objects_of_one_byte_and_of_large_alignment)
{
    struct tiny_pool small;
    struct wide_pool large;
    struct mn_pool_options options = {.region = setup_tiled()};
    struct wide *wide[40];
    struct tiny *tiny[40];

    EXPECT(tiny_pool_init(&small, &options) == MN_OK);
    EXPECT(wide_pool_init(&large, &options) == MN_OK);
    for (int i = 0; i < 40; i++) {
        tiny[i] = tiny_pool_alloc(&small);
        EXPECT(tiny[i] != NULL);
        tiny[i]->byte = (char)i;
        wide[i] = wide_pool_alloc(&large);
        EXPECT(wide[i] != NULL && (uintptr_t)wide[i] % 256 == 0);
    }
    for (int i = 0; i < 40; i++) {
        EXPECT(tiny[i]->byte == i);
        tiny_pool_release(&small, tiny[i]);
        wide_pool_release(&large, wide[i]);
    }
    EXPECT(mn_pool_check(&small.pool) && mn_pool_check(&large.pool));
    tiny_pool_finish(&small);
    wide_pool_finish(&large);
    EXPECT(setup_is_free());
}

/* ---- misuse ---- */

static void expect_stops_at(struct node *live, struct node *freed)
{
    char *inside = (char *)live + 1;

    node_pool_release(&nodes, NULL);
    EXPECT_STOPS(node_pool_release(&nodes, freed), "object is already free");
    EXPECT_STOPS(node_pool_release(&nodes, (struct node *)(void *)inside),
                 "pointer into an object");
    EXPECT_STOPS(node_pool_release(&nodes, live + 1000),
                 "not an object of this pool");
    EXPECT_STOPS(node_pool_release(&nodes, (struct node *)(void *)&inside),
                 "not an object of this pool");
    EXPECT_STOPS(mn_pool_release_call(pool, freed), "release of 0x");
    EXPECT_STOPS(mn_pool_release_call(pool, freed), "it lies in block 0x");
}

TEST(release_stops_on_misuse_of_a_fixed_pool)
{
    setup_fixed(fixed(COUNT));
    struct node *freed = take(1);
    struct node *live = take(2);

    node_pool_release(&nodes, freed);
    expect_stops_at(live, freed);
    struct node *fresh = (void *)((char *)live + pool->stride);
    EXPECT_STOPS(node_pool_release(&nodes, fresh), "object is already free");
    fresh = (void *)((char *)freed + COUNT * pool->stride);
    EXPECT_STOPS(node_pool_release(&nodes, fresh), "not an object of this");
    fresh = (void *)((char *)freed - pool->stride);
    EXPECT_STOPS(node_pool_release(&nodes, fresh), "not an object of this");
}

TEST(release_stops_on_misuse_of_a_growing_pool)
{
    struct node *taken[40];

    setup_growing((struct mn_pool_options){.count = 4});
    for (int i = 0; i < 40; i++)
        taken[i] = take(i);
    node_pool_release(&nodes, taken[0]);
    expect_stops_at(taken[1], taken[0]);
    node_pool_release(&nodes, taken[39]);
    expect_stops_at(taken[38], taken[39]);
    EXPECT_STOPS(node_pool_release(&nodes, taken[0]), "already free");
}

TEST(what_was_out_before_clear_is_free_after_it)
{
    setup_fixed(fixed(COUNT));
    struct node *node = take(1);

    mn_pool_clear(pool);
    EXPECT_STOPS(node_pool_release(&nodes, node), "object is already free");
    mn_pool_finish(pool);
    EXPECT_STOPS(node_pool_release(&nodes, node), "not an object of this pool");
    EXPECT(node_pool_alloc(&nodes) == NULL);
}

/* ---- looking ---- */

static bool visit_and_release(void *object, void *context)
{
    struct node *node = object;
    long *sum = context;

    *sum += node->value;
    node_pool_release(&nodes, node);
    return *sum < 100;
}

TEST(walk_meets_each_live_object_and_may_release_it)
{
    long sum = 0;

    setup_growing((struct mn_pool_options){.count = 2});
    for (int i = 1; i <= 10; i++) {
        struct node *node = take(i);
        if (i == 4)
            node_pool_release(&nodes, node);
    }
    EXPECT(mn_pool_walk(pool, visit_and_release, &sum));
    EXPECT(sum == 55 - 4 && stats().live == 0 && mn_pool_check(pool));
    (void)take(100);
    (void)take(200);
    EXPECT(!mn_pool_walk(pool, visit_and_release, &sum));
    EXPECT(stats().live == 1);
    mn_pool_finish(pool);
}

TEST(block_at_answers_for_every_address_of_an_object)
{
    struct mn_block block = {.size = 1};

    setup_fixed(fixed(COUNT));
    struct node *node = take(1);
    char *address = (char *)node;
    EXPECT(mn_pool_block_at(pool, address + pool->stride - 1, &block));
    EXPECT(block.start == node && block.size == pool->stride);
    EXPECT(block.state == MN_ALLOCATED && block.perm == MN_PERM_RW);
    EXPECT(mn_pool_block_at(pool, address + pool->stride, &block));
    EXPECT(block.state == MN_FREE);
    block.size = 1;
    EXPECT(!mn_pool_block_at(pool, address - 1, &block));
    EXPECT(!mn_pool_block_at(pool, address + COUNT * pool->stride, &block));
    EXPECT(block.size == 1);
}

TEST(check_sees_damaged_records)
{
    struct mn_pool_options options = fixed(COUNT);

    options.unwatched = true;
    setup_fixed(options);
    struct node *first = take(1);
    struct node *second = take(2);
    struct mn_pool_chunk *chunk = pool->open;

    node_pool_release(&nodes, first);
    node_pool_release(&nodes, second);
    EXPECT(mn_pool_check(pool));
    struct mn_pool_link link = mn_pool_links(chunk)[0];
    mn_pool_links(chunk)[0].at = 1; /* a list without an end */
    EXPECT(!mn_pool_check(pool));
    mn_pool_links(chunk)[0].at = MN_POOL_OUT;
    EXPECT(!mn_pool_check(pool));
    mn_pool_links(chunk)[0] = link;
    pool->to = chunk + 1;
    EXPECT(!mn_pool_check(pool));
    pool->to = chunk;
    chunk->used++;
    EXPECT(!mn_pool_check(pool));
    chunk->used--;
    pool->capacity++;
    EXPECT(!mn_pool_check(pool));
    pool->capacity--;
    EXPECT(mn_pool_check(pool));
}

TEST(pool_is_a_source_of_its_objects)
{
    struct mn_pool_source source;

    setup_fixed(fixed(1));
    mn_pool_source_init(&source, pool);
    size_t size = sizeof(struct node);
    EXPECT(mn_source_alloc(&source.source, size + 1, 1) == NULL);
    EXPECT(mn_source_alloc(&source.source, 1, 64) == NULL);
    void *block = mn_source_alloc(&source.source, size, 8);
    EXPECT(block != NULL && stats().live == 1);
    EXPECT(mn_source_alloc(&source.source, 1, 1) == NULL);
    mn_source_free(&source.source, block);
    EXPECT(stats().live == 0);
}

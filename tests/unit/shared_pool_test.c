/* SPDX-License-Identifier: MIT */
/* Each promise of mn/shared_pool.h that one thread can see, at its boundary. */
#include <mn/region.h>
#include <mn/shared_pool.h>
#include <mn/space.h>
#include <mn/strategy.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { CELL = 64 * 1024, MANY = 5000, SEED = 20240229, STEPS = 200000 };

MN_TYPE_DECLARE(node);
struct node {
    uint64_t mark;
    uint64_t more[5];
};
MN_TYPE(node, .drop = NULL);
MN_SHARED_POOL(node);

static struct node_shared_pool nodes;
static struct mn_shared_pool *const pool = &nodes.pool;
static struct node *out[2 * MANY];

/* What is tested here is how it is without a tool, also under one. */
static struct mn_shared_pool_options unwatched = {.unwatched = true};

static void setup(void)
{
    EXPECT(node_shared_pool_init(&nodes, &unwatched) == MN_OK);
}

static struct node *take(void)
{
    struct node *node = node_shared_pool_alloc(&nodes);

    EXPECT(node != NULL);
    EXPECT((uintptr_t)node % _Alignof(struct node) == 0);
    return node;
}

static void fill(int count)
{
    for (int i = 0; i < count; i++) {
        out[i] = take();
        memset(out[i], 0, sizeof *out[i]);
        out[i]->mark = (uint64_t)i + 1;
    }
}

static void empty(int count)
{
    for (int i = 0; i < count; i++) {
        EXPECT(out[i]->mark == (uint64_t)i + 1);
        node_shared_pool_release(&nodes, out[i]);
    }
}

static struct mn_shared_pool_stats stats(void)
{
    struct mn_shared_pool_stats seen;

    mn_shared_pool_read_stats(pool, &seen);
    EXPECT(seen.size
           == seen.live_size + seen.free_size + seen.kept_size + seen.gap_size);
    EXPECT(seen.live_size == seen.live * sizeof(struct node));
    EXPECT(mn_shared_pool_check(pool));
    return seen;
}

static enum mn_status init_type(struct mn_type type)
{
    struct mn_shared_pool other;
    enum mn_status status = mn_shared_pool_init(
        &other, &(struct mn_shared_pool_options){.type = &type});

    if (status == MN_OK)
        mn_shared_pool_finish(&other);
    return status;
}

TEST(init_refuses_types_that_cannot_be)
{
    struct mn_shared_pool other;
    struct mn_type large = {.name = "large", .size = 256 * 1024, .align = 8};
    struct mn_type high = {.name = "high", .size = 2 * CELL, .align = 2 * CELL};
    struct mn_type odd = {.name = "odd", .size = 12, .align = 8};

    EXPECT(mn_shared_pool_init(&other, &(struct mn_shared_pool_options){0})
           == MN_ERR_INVALID);
    EXPECT(init_type(large) == MN_ERR_INVALID);
    EXPECT(init_type(high) == MN_ERR_INVALID);
    EXPECT(init_type(odd) == MN_ERR_INVALID);
    large.size -= 8;
    EXPECT(init_type(large) == MN_OK);
}

TEST(objects_are_apart_and_come_back)
{
    setup();
    fill(MANY);
    EXPECT(stats().live == MANY);
    empty(MANY);
    EXPECT(stats().live == 0);
    node_shared_pool_finish(&nodes);
}

TEST(what_was_released_last_is_handed_out_next)
{
    setup();
    fill(100);
    for (int i = 0; i < 100; i += 7) {
        node_shared_pool_release(&nodes, out[i]);
        EXPECT(take() == out[i]);
    }
    EXPECT(mn_shared_pool_check(pool));
}

static void use_size(size_t size, size_t align)
{
    struct mn_type type = {.name = "any", .size = size, .align = align};
    struct mn_shared_pool other;
    unsigned char *objects[300];

    EXPECT(mn_shared_pool_init(&other,
                               &(struct mn_shared_pool_options){.type = &type})
           == MN_OK);
    for (int i = 0; i < 300; i++) {
        objects[i] = mn_shared_pool_alloc(&other);
        EXPECT(objects[i] != NULL && (uintptr_t)objects[i] % align == 0);
        memset(objects[i], i, size);
    }
    for (int i = 0; i < 300; i++) {
        EXPECT(objects[i][0] == (unsigned char)i);
        EXPECT(objects[i][size - 1] == (unsigned char)i);
        if (i % 100 == 1 && size > 1)
            EXPECT_STOPS(mn_shared_pool_release(&other, objects[i] + 1),
                         "pointer into a block");
        mn_shared_pool_release(&other, objects[i]);
    }
    EXPECT(mn_shared_pool_check(&other));
    mn_shared_pool_finish(&other);
}

TEST(objects_of_any_size_fit)
{
    static const size_t sizes[] = {1, 3, 8, 24, 40, 1000, 4096, 20000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        use_size(sizes[i], 1);
    use_size(64, 64);
    use_size(CELL, CELL);
}

TEST(release_stops_on_misuse)
{
    struct node_shared_pool others;
    struct node local;

    setup();
    fill(2);
    EXPECT(node_shared_pool_init(&others, NULL) == MN_OK);
    struct node *other = node_shared_pool_alloc(&others);
    node_shared_pool_release(&nodes, NULL);
    EXPECT_STOPS(node_shared_pool_release(&nodes, &local), "foreign address");
    EXPECT_STOPS(node_shared_pool_release(&nodes, other), "foreign address");
    EXPECT_STOPS(mn_shared_pool_release(pool, &out[0]->more[2]),
                 "pointer into a block; it lies in block");
    EXPECT_STOPS(node_shared_pool_release(&nodes, out[1] + 1),
                 "block is already free");
    node_shared_pool_release(&nodes, out[0]);
    EXPECT_STOPS(node_shared_pool_release(&nodes, out[0]),
                 "block is already free");
}

TEST(a_second_release_is_seen_long_after_the_first)
{
    setup();
    fill(MANY);
    for (int i = 1; i < MANY; i++)
        node_shared_pool_release(&nodes, out[i]);
    for (int i = 1; i < MANY; i += 611)
        EXPECT_STOPS(node_shared_pool_release(&nodes, out[i]), "free");
}

TEST(a_finished_pool_is_not_used)
{
    setup();
    node_shared_pool_finish(&nodes);
    EXPECT_STOPS(node_shared_pool_alloc(&nodes), "finished");
    EXPECT_STOPS(node_shared_pool_finish(&nodes), "finished");
    setup();
    EXPECT(take() != NULL);
}

TEST(every_address_answers_for_itself)
{
    struct mn_block block;

    setup();
    fill(100);
    EXPECT(mn_block_at(&out[40]->more[1], &block));
    EXPECT(block.start == out[40] && block.size == sizeof(struct node));
    EXPECT(block.state == MN_ALLOCATED);
    node_shared_pool_release(&nodes, out[40]);
    EXPECT(mn_block_at(out[40], &block) && block.state == MN_FREE);
    node_shared_pool_finish(&nodes);
    EXPECT(!mn_block_at(out[41], &block));
}

static bool answer(const void *context, const void *address,
                   struct mn_block *block)
{
    (void)address;
    *block = *(const struct mn_block *)context;
    return true;
}

TEST(objects_in_whose_cells_something_is_published_go_back)
{
    struct mn_publication publication;
    struct mn_block inside;
    struct mn_block found;

    setup();
    fill(3);
    inside = (struct mn_block){out[1], 8, MN_PERM_RW, MN_RESERVED};
    EXPECT(mn_publish(&publication, out[1], 8, answer, &inside) == MN_OK);
    EXPECT(mn_block_at(out[1], &found) && found.state == MN_RESERVED);
    empty(3);
    EXPECT(stats().live == 0);
    mn_unpublish(&publication);
    EXPECT_STOPS(node_shared_pool_release(&nodes, out[0]), "already free");
}

TEST(a_limit_holds_and_room_below_it_is_used)
{
    struct mn_shared_pool_options options = {.size_max = 3 * CELL - 1,
                                             .unwatched = true};
    int count = 0;

    EXPECT(node_shared_pool_init(&nodes, &options) == MN_OK);
    for (; (out[count] = node_shared_pool_alloc(&nodes)) != NULL; count++)
        out[count]->mark = (uint64_t)count + 1;
    EXPECT((size_t)count > (2 * CELL - 8192) / sizeof(struct node));
    EXPECT(stats().size == 2 * CELL);
    empty(count);
    fill(count);
    EXPECT(node_shared_pool_alloc(&nodes) == NULL);
}

TEST(shrink_gives_back_what_is_empty)
{
    setup();
    fill(MANY);
    size_t size = stats().size;
    EXPECT(mn_shared_pool_shrink(pool) == 0);
    empty(MANY);
    fill(1);
    EXPECT(mn_shared_pool_shrink(pool) > size / 2);
    EXPECT(stats().size == CELL && stats().live == 1);
    node_shared_pool_release(&nodes, out[0]);
    EXPECT(mn_shared_pool_shrink(pool) == CELL);
    EXPECT(stats().size == 0);
    fill(MANY);
    EXPECT(stats().size == size);
    empty(MANY);
}

TEST(clear_releases_all_and_keeps_the_chunks)
{
    setup();
    fill(MANY);
    size_t size = stats().size;
    mn_shared_pool_clear(pool);
    EXPECT(stats().live == 0 && stats().size == size);
    EXPECT_STOPS(node_shared_pool_release(&nodes, out[7]), "already free");
    fill(MANY);
    EXPECT(stats().live == MANY && stats().size == size);
}

static bool count_marks(void *object, void *context)
{
    const struct node *node = object;
    uint64_t *sum = context;

    EXPECT(node->mark != 0);
    *sum += node->mark;
    return *sum < 1000;
}

TEST(a_walk_visits_each_live_object_until_told_to_end)
{
    uint64_t sum = 0;

    setup();
    fill(40);
    node_shared_pool_release(&nodes, out[9]);
    EXPECT(mn_shared_pool_walk(pool, count_marks, &sum));
    EXPECT(sum == 40 * 41 / 2 - 10);
    out[0]->mark = 1000;
    EXPECT(!mn_shared_pool_walk(pool, count_marks, &sum));
}

TEST(chunks_come_from_a_region_and_go_back_there)
{
    static unsigned char control[4096];
    unsigned char *memory = aligned_alloc(CELL, 4 * CELL);
    struct mn_tiled tiled;
    struct mn_tiled_place place = {.memory = memory,
                                   .memory_size = 4 * CELL,
                                   .granule = CELL,
                                   .control = control,
                                   .control_size = sizeof control,
                                   .strategy = &mn_best_fit};
    struct mn_shared_pool_options options = {.region = &tiled.region,
                                             .unwatched = true};
    struct mn_block block;
    int count = 0;

    EXPECT(memory != NULL && mn_tiled_init(&tiled, &place) == MN_OK);
    EXPECT(node_shared_pool_init(&nodes, &options) == MN_OK);
    for (; (out[count] = node_shared_pool_alloc(&nodes)) != NULL; count++)
        out[count]->mark = (uint64_t)count + 1;
    EXPECT((uintptr_t)out[7] - (uintptr_t)memory < 4 * CELL);
    /* A region may give a block more than was asked for. */
    EXPECT(stats().size >= 3 * CELL);
    size_t size = stats().size;
    EXPECT(mn_block_at(out[7], &block) && block.start == out[7]);
    empty(count);
    EXPECT(mn_shared_pool_shrink(pool) == size);
    EXPECT(mn_region_alloc(&tiled.region, 4 * CELL, 1) == memory);
    mn_region_free(&tiled.region, memory);
    fill(1);
    node_shared_pool_finish(&nodes);
    EXPECT(mn_region_alloc(&tiled.region, 4 * CELL, 1) == memory);
    EXPECT(!mn_block_at(memory, &block) || block.size != sizeof(struct node));
    free(memory);
}

TEST(a_pool_is_a_source_of_blocks_up_to_its_size)
{
    struct mn_shared_pool_source source;

    setup();
    mn_shared_pool_source_init(&source, pool);
    void *block = mn_source_alloc(&source.source, 48, 16);
    EXPECT(block != NULL && stats().live == 1);
    EXPECT(mn_source_alloc(&source.source, 49, 8) == NULL);
    EXPECT(mn_source_alloc(&source.source, 8, 32) == NULL);
    mn_source_free(&source.source, block);
    EXPECT(stats().live == 0);
}

TEST(many_pools_live_at_a_time)
{
    enum { POOLS = 300 };
    static struct node_shared_pool pools[POOLS];
    static struct node *nodes_of[POOLS];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < POOLS; i++) {
            EXPECT(node_shared_pool_init(&pools[i], NULL) == MN_OK);
            nodes_of[i] = node_shared_pool_alloc(&pools[i]);
            EXPECT(nodes_of[i] != NULL);
        }
        for (int i = 0; i < POOLS; i++) {
            node_shared_pool_release(&pools[i], nodes_of[i]);
            EXPECT(mn_shared_pool_check(&pools[i].pool));
            node_shared_pool_finish(&pools[i]);
        }
    }
}

TEST(a_child_goes_on_with_what_the_parent_had)
{
    int status;

    setup();
    fill(MANY);
    for (int i = MANY / 2; i < MANY; i++)
        node_shared_pool_release(&nodes, out[i]);
    pid_t child = fork();
    if (child == 0) {
        EXPECT(stats().live == MANY / 2);
        empty(MANY / 2);
        fill(MANY);
        EXPECT(stats().live == MANY);
        _exit(0);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    empty(MANY / 2);
    EXPECT(stats().live == 0);
}

TEST(a_random_run_agrees_with_the_model)
{
    uint64_t random = SEED;
    size_t live = 0;

    setup();
    for (int step = 0; step < STEPS; step++) {
        size_t i = (size_t)(test_random(&random) % MANY);
        if (out[i] == NULL) {
            out[i] = take();
            out[i]->mark = i;
            live++;
            continue;
        }
        EXPECT(out[i]->mark == i);
        out[i]->mark = UINT64_MAX;
        node_shared_pool_release(&nodes, out[i]);
        out[i] = NULL;
        live--;
        if (step % 5000 == 1)
            (void)mn_shared_pool_shrink(pool);
        EXPECT(step % 1000 != 1 || stats().live == live);
    }
    EXPECT(stats().live == live);
}

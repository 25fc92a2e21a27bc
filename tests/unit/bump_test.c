/* SPDX-License-Identifier: MIT */
/* Tests of the bump region: each promise of mn/region.h at its boundary, then
 * a seeded random run against a stack of the blocks that are out. */
#include <mn/region.h>

#include "test.h"

enum { SIZE = 1000, STEPS = 100000, DEPTH = 64 };

static _Alignas(64) unsigned char buffer[SIZE + 128];
static unsigned char *const memory = buffer + 64;
static struct mn_bump bump;
static struct mn_region *const region = &bump.region;

static void setup(void)
{
    EXPECT(mn_bump_init(&bump, memory, SIZE) == MN_OK);
    EXPECT(mn_region_check(region));
}

TEST(init_refuses_bad_geometry)
{
    EXPECT(mn_bump_init(&bump, NULL, SIZE) == MN_ERR_INVALID);
    EXPECT(mn_bump_init(&bump, memory, 0) == MN_ERR_INVALID);
    EXPECT(mn_bump_init(&bump, memory, (size_t)PTRDIFF_MAX + 1)
           == MN_ERR_INVALID);
    EXPECT(mn_bump_init(&bump, memory, 1) == MN_OK);
}

TEST(alloc_hands_out_memory_in_order)
{
    setup();
    EXPECT(mn_region_alloc(region, 10, 1) == memory);
    EXPECT(mn_region_alloc(region, 1, 1) == memory + 10);
    EXPECT(mn_region_alloc(region, 8, 64) == memory + 64);
    EXPECT(mn_region_alloc(region, SIZE - 72, 1) == memory + 72);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(mn_region_check(region));
}

TEST(alloc_refuses_what_cannot_be)
{
    setup();
    EXPECT(mn_region_alloc(region, 0, 1) == NULL);
    EXPECT(mn_region_alloc(region, 1, 0) == NULL);
    EXPECT(mn_region_alloc(region, 1, 6) == NULL);
    EXPECT(mn_region_alloc(region, SIZE + 1, 1) == NULL);
    EXPECT(mn_region_alloc(region, SIZE_MAX, 1) == NULL);
    EXPECT(mn_region_alloc(region, 1, 1) == memory);
    EXPECT(mn_region_alloc(region, SIZE, 1) == NULL);
    EXPECT(mn_region_alloc(region, SIZE - 63, 64) == NULL);
    EXPECT(mn_region_alloc(region, SIZE - 64, 64) == memory + 64);
}

TEST(freeing_the_newest_makes_its_room_available)
{
    setup();
    unsigned char *first = mn_region_alloc(region, 10, 1);
    unsigned char *newest = mn_region_alloc(region, 20, 1);
    mn_region_free(region, newest);
    EXPECT(mn_region_alloc(region, 30, 1) == newest);
    mn_region_free(region, first);
    EXPECT(mn_region_alloc(region, 1, 1) == newest + 30);
    EXPECT(mn_region_check(region));
}

TEST(freeing_the_last_makes_all_room_available)
{
    setup();
    unsigned char *first = mn_region_alloc(region, 10, 1);
    unsigned char *second = mn_region_alloc(region, 20, 1);
    mn_region_free(region, first);
    mn_region_free(region, second);
    EXPECT(mn_region_alloc(region, SIZE, 1) == memory);
}

TEST(resize_changes_the_newest_only)
{
    setup();
    unsigned char *first = mn_region_alloc(region, 10, 1);
    unsigned char *newest = mn_region_alloc(region, 20, 1);
    EXPECT(!mn_region_resize(region, first, 5));
    EXPECT(!mn_region_resize(region, first, 11));
    EXPECT(!mn_region_resize(region, newest, 0));
    EXPECT(!mn_region_resize(region, newest, SIZE - 9));
    EXPECT(mn_region_resize(region, newest, SIZE - 10));
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(mn_region_resize(region, newest, 1));
    EXPECT(mn_region_alloc(region, 1, 1) == newest + 1);
    EXPECT(mn_region_check(region));
}

TEST(reset_frees_every_block)
{
    setup();
    EXPECT(mn_region_alloc(region, 10, 1) != NULL);
    EXPECT(mn_region_alloc(region, 20, 1) != NULL);
    mn_bump_reset(&bump);
    EXPECT(mn_region_check(region));
    EXPECT(mn_region_alloc(region, SIZE, 1) == memory);
}

TEST(free_stops_on_misuse)
{
    setup();
    unsigned char *first = mn_region_alloc(region, 10, 1);
    unsigned char *newest = mn_region_alloc(region, 20, 1);
    mn_region_free(region, NULL);
    EXPECT_STOPS(mn_region_free(region, memory - 1), "foreign address");
    EXPECT_STOPS(mn_region_free(region, memory + SIZE), "foreign address");
    EXPECT_STOPS(mn_region_free(region, newest + 1), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, newest + 20), "already free");
    mn_region_free(region, newest);
    EXPECT_STOPS(mn_region_free(region, newest), "block is already free");
    mn_region_free(region, first);
    EXPECT_STOPS(mn_region_free(region, first), "block is already free");
}

TEST(resize_stops_on_misuse)
{
    setup();
    unsigned char *block = mn_region_alloc(region, 10, 1);
    EXPECT_STOPS(mn_region_resize(region, NULL, 1), "foreign address");
    EXPECT_STOPS(mn_region_resize(region, block + 1, 1), "into a block");
    mn_region_free(region, block);
    EXPECT_STOPS(mn_region_resize(region, block, 1), "already free");
}

TEST(block_at_knows_the_old_the_newest_and_the_free)
{
    struct mn_block block = {.size = 42};

    setup();
    EXPECT(mn_region_alloc(region, 10, 1) == memory);
    EXPECT(mn_region_alloc(region, 10, 1) == memory + 10);
    EXPECT(mn_region_alloc(region, 20, 1) == memory + 20);
    EXPECT(!mn_region_block_at(region, memory - 1, &block));
    EXPECT(!mn_region_block_at(region, memory + SIZE, &block));
    EXPECT(block.size == 42);
    EXPECT(mn_region_block_at(region, memory + 10, &block));
    EXPECT(block.start == memory && block.size == 20);
    EXPECT(block.state == MN_ALLOCATED && block.perm == MN_PERM_RW);
    EXPECT(mn_region_block_at(region, memory + 39, &block));
    EXPECT(block.start == memory + 20 && block.size == 20);
    EXPECT(mn_region_block_at(region, memory + 40, &block));
    EXPECT(block.start == memory + 40 && block.size == SIZE - 40);
    EXPECT(block.state == MN_FREE);
}

static bool walk_adds(const struct mn_block *block, void *context)
{
    unsigned char **next = context;

    EXPECT(block->start == *next && block->size > 0);
    *next += block->size;
    return block->state != MN_FREE;
}

TEST(walk_tiles_the_memory_and_ends_when_told)
{
    unsigned char *next = memory;

    setup();
    EXPECT(mn_region_alloc(region, 10, 1) == memory);
    EXPECT(mn_region_alloc(region, 10, 1) == memory + 10);
    EXPECT(!mn_region_walk(region, walk_adds, &next));
    EXPECT(next == memory + SIZE);
    EXPECT(mn_region_alloc(region, SIZE - 20, 1) == memory + 20);
    next = memory;
    EXPECT(mn_region_walk(region, walk_adds, &next));
    EXPECT(next == memory + SIZE);
}

TEST(check_sees_damage)
{
    setup();
    EXPECT(mn_region_alloc(region, 10, 1) == memory);
    bump.used = SIZE + 1;
    EXPECT(!mn_region_check(region));
    bump.used = 0;
    EXPECT(!mn_region_check(region));
    bump.used = 10;
    bump.live = 0;
    EXPECT(!mn_region_check(region));
    bump.live = 1;
    bump.newest = 11;
    EXPECT(!mn_region_check(region));
    bump.newest = 0;
    EXPECT(mn_region_check(region));
}

/* Blocks leave in the order of a stack. The model: what was used, and whether
 * the top of the stack is the newest block. */
TEST(random_run_agrees_with_model)
{
    unsigned char *start[DEPTH];
    unsigned depth = 0;
    size_t used = 0;
    bool top_is_newest = false;
    uint64_t random = 20240229;

    setup();
    for (int step = 0; step < STEPS; step++) {
        size_t size = 1 + (size_t)(test_random(&random) % 60);
        size_t align = (size_t)1 << test_random(&random) % 6;
        size_t offset = (used + align - 1) & ~(align - 1);
        bool fits = depth < DEPTH && offset + size <= SIZE;
        if (depth > 0 && (!fits || test_random(&random) % 2 == 0)) {
            mn_region_free(region, start[--depth]);
            if (depth == 0)
                used = 0;
            else if (top_is_newest)
                used = (size_t)(start[depth] - memory);
            top_is_newest = false;
        } else {
            start[depth] = mn_region_alloc(region, size, align);
            EXPECT(start[depth] == memory + offset);
            depth++;
            used = offset + size;
            top_is_newest = true;
        }
        EXPECT(mn_region_check(region));
        EXPECT(depth == 0 || used > 0);
    }
}

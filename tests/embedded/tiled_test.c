/* SPDX-License-Identifier: MIT */
/* The promises of a tiled region on a bare processor, for each strategy that
 * there is. */
#include "arena.h"
#include "test.h"

enum { HELD = 64, FILL = 0xa5 };

static struct arena arena;
static struct mn_region *region;

/* Run a test with a new region of each strategy. */
static void each_strategy(void (*test)(void))
{
    const struct mn_strategy *strategy;
    size_t count = 0;

    for (; (strategy = mn_strategy_at(count)) != NULL; count++) {
        EXPECT(arena_tiled(&arena, ARENA_SIZE, strategy, 1));
        region = arena.region;
        test();
        EXPECT(mn_region_check(region));
    }
    EXPECT(count > 0);
}

static bool is_inside(const unsigned char *block, size_t size)
{
    return block >= arena.memory && size <= arena.size
           && (size_t)(block - arena.memory) <= arena.size - size;
}

/* Fill the region with blocks of `size`; how many there are. */
static size_t fill(unsigned char *held[HELD], size_t size, size_t align)
{
    for (size_t i = 0; i < HELD; i++) {
        held[i] = mn_region_alloc(region, size, align);
        if (held[i] == NULL)
            return i;
        EXPECT(is_inside(held[i], size));
        EXPECT((uintptr_t)held[i] % align == 0);
        __builtin_memset(held[i], (int)i, size);
    }
    return HELD;
}

static void expect_filled(unsigned char *const held[HELD], size_t count,
                          size_t size)
{
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < size; at++)
            EXPECT(held[i][at] == i);
}

static void blocks_do_not_overlap(void)
{
    unsigned char *held[HELD];
    size_t size = arena.size / 16;
    size_t count = fill(held, size, 1);

    EXPECT(count >= 8);
    EXPECT(mn_region_alloc(region, arena.size, 1) == NULL);
    expect_filled(held, count, size);
}

TEST(alloc_gives_blocks_that_do_not_overlap)
{
    each_strategy(blocks_do_not_overlap);
}

static void alignments_are_kept(void)
{
    for (size_t align = 1; align <= ARENA_ALIGN; align *= 2) {
        unsigned char *held[HELD];
        size_t count = fill(held, 24, align);
        EXPECT(count > 3);
        expect_filled(held, count, 24);
        while (count > 0)
            mn_region_free(region, held[--count]);
        EXPECT(mn_region_check(region));
    }
}

TEST(alloc_gives_the_alignment_that_is_asked_for)
{
    each_strategy(alignments_are_kept);
}

static void all_merges(void)
{
    unsigned char *held[HELD];
    size_t before = arena_block_count(&arena);
    size_t largest = arena_largest_free(&arena);
    size_t count = fill(held, 100, 8);

    for (size_t i = 0; i < count; i += 2)
        mn_region_free(region, held[i]);
    EXPECT(mn_region_check(region));
    for (size_t i = 1; i < count; i += 2)
        mn_region_free(region, held[i]);
    EXPECT(arena_block_count(&arena) == before);
    EXPECT(arena_largest_free(&arena) == largest);
}

TEST(freed_neighbours_become_one_block)
{
    each_strategy(all_merges);
}

static void resize_stays_in_place(void)
{
    struct mn_block found;
    unsigned char *block = mn_region_alloc(region, 64, 8);
    unsigned char *wall = mn_region_alloc(region, 64, 8);

    EXPECT(block != NULL && wall != NULL);
    __builtin_memset(block, FILL, 64);
    EXPECT(mn_region_resize(region, block, 40));
    EXPECT(mn_region_resize(region, block, 64));
    EXPECT(!mn_region_resize(region, block, 0));
    EXPECT(!mn_region_resize(region, block, arena.size));
    mn_region_free(region, wall);
    bool grown = mn_region_resize(region, block, 100);
    EXPECT(mn_region_block_at(region, block, &found));
    EXPECT(found.start == block && found.size >= (grown ? 100 : 64));
    for (size_t at = 0; at < 40; at++)
        EXPECT(block[at] == FILL);
}

TEST(resize_keeps_the_place_and_the_content)
{
    each_strategy(resize_stays_in_place);
}

static void addresses_are_known(void)
{
    struct mn_block found = {.size = 42};
    unsigned char *block = mn_region_alloc(region, 100, 1);

    EXPECT(block != NULL);
    EXPECT(mn_region_block_at(region, block + 99, &found));
    EXPECT(found.start == block && found.size >= 100);
    EXPECT(found.state == MN_ALLOCATED && found.perm == MN_PERM_RW);
    mn_region_free(region, block);
    EXPECT(mn_region_block_at(region, block + 99, &found));
    EXPECT(found.state == MN_FREE);
    found.size = 42;
    EXPECT(!mn_region_block_at(region, arena.memory + arena.size, &found));
    EXPECT(!mn_region_block_at(region, arena.memory - 1, &found));
    EXPECT(found.size == 42);
}

TEST(block_at_knows_any_address)
{
    each_strategy(addresses_are_known);
}

static void errors_have_names(void)
{
    void *block = arena.memory;
    void *same = block;

    EXPECT(mn_region_allocate(region, 0, 1, &block) == MN_ERR_SIZE);
    EXPECT(mn_region_allocate(region, SIZE_MAX, 1, &block) == MN_ERR_SIZE);
    EXPECT(mn_region_allocate(region, 8, 3, &block) == MN_ERR_ALIGN);
    EXPECT(mn_region_allocate(region, arena.size + 1, 1, &block)
           == MN_ERR_NOMEM);
    EXPECT(block == same);
    EXPECT(mn_region_allocate(region, 100, 8, &block) == MN_OK);
    unsigned char *inside = block;
    EXPECT(mn_region_deallocate(region, inside + 8) == MN_ERR_ADDRESS);
    EXPECT(mn_region_deallocate(region, &block) == MN_ERR_ADDRESS);
    EXPECT(mn_region_deallocate(region, block) == MN_OK);
    EXPECT(mn_region_deallocate(region, block) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_deallocate(region, NULL) == MN_OK);
}

TEST(errors_are_answered_by_name)
{
    each_strategy(errors_have_names);
}

static void content_moves(void)
{
    void *block = NULL;

    EXPECT(mn_region_reallocate(region, &block, 50, 1) == MN_OK);
    __builtin_memset(block, FILL, 50);
    const void *wall = mn_region_alloc(region, 1, 1);
    EXPECT(wall != NULL);
    EXPECT(mn_region_reallocate(region, &block, 200, ARENA_ALIGN) == MN_OK);
    EXPECT((uintptr_t)block % ARENA_ALIGN == 0);
    const unsigned char *content = block;
    for (size_t at = 0; at < 50; at++)
        EXPECT(content[at] == FILL);
    void *before = block;
    EXPECT(mn_region_reallocate(region, &block, arena.size, 1) == MN_ERR_NOMEM);
    EXPECT(block == before && content[49] == FILL);
}

TEST(reallocate_moves_the_content)
{
    each_strategy(content_moves);
}

static void misuse_stops(void)
{
    unsigned char *block = mn_region_alloc(region, 100, 8);

    EXPECT(block != NULL);
    mn_region_free(region, NULL);
    EXPECT_STOPS(mn_region_free(region, block + 1), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, block + 8), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, arena_bytes + arena.size), "foreign");
    EXPECT_STOPS(mn_region_free(region, &block), "it lies in no block");
    EXPECT_STOPS(mn_region_resize(region, block + 8, 1), "resize of 0x");
    mn_region_free(region, block);
    EXPECT_STOPS(mn_region_free(region, block), "block is already free");
    EXPECT_STOPS(mn_region_resize(region, block, 1), "block is already free");
    EXPECT(mn_region_check(region));
}

TEST(misuse_stops_the_program_with_words)
{
    each_strategy(misuse_stops);
}

static void memory_is_untouched(void)
{
    unsigned char *held[HELD];

    __builtin_memset(arena.memory, FILL, arena.size);
    for (size_t i = 0; i < HELD; i++)
        held[i] = mn_region_alloc(region, 8 + i, (size_t)1 << i % 6);
    for (size_t i = 0; i < HELD; i++)
        mn_region_free(region, held[HELD - 1 - i]);
    for (size_t at = 0; at < arena.size; at++)
        EXPECT(arena.memory[at] == FILL);
}

TEST(memory_that_is_divided_is_never_written)
{
    each_strategy(memory_is_untouched);
}

/* SPDX-License-Identifier: MIT */
/* Tests of blocks that realloc makes larger again and again: they keep their
 * content, soon stay where they are, and have little more than was asked. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <string.h>

#include "heap/heap.h"
#include "observe.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, BLOCKS = 12, STEPS = 3000, APART = 509 };

/* ---- content ---- */

struct growing {
    unsigned char *start;
    size_t size;
    unsigned seed;
};

static void write_from(struct growing *block, size_t from)
{
    for (size_t i = from - from % APART; i < block->size; i += APART)
        block->start[i] = (unsigned char)(block->seed + i / APART);
}

static void expect_content(const struct growing *block, size_t size)
{
    for (size_t i = 0; i < size; i += APART)
        EXPECT(block->start[i] == (unsigned char)(block->seed + i / APART));
}

static void resize_to(struct growing *block, size_t size)
{
    size_t common = size < block->size ? size : block->size;

    block->start = mn_realloc(block->start, size);
    EXPECT(block->start != NULL);
    EXPECT(mn_usable_size(block->start) >= size);
    expect_content(block, common);
    block->size = size;
    write_from(block, common);
}

/* One step of a chain: mostly larger, now and then much smaller. */
static size_t next_size(size_t size, uint64_t *random)
{
    switch (test_random(random) % 16) {
    case 0:
        return size / 5 + 1;
    case 1:
        return size - size / 9;
    case 2:
        return 2 * size;
    default:
        return size + size / 6 + 16;
    }
}

TEST(blocks_that_grow_in_turn_keep_their_content)
{
    static struct growing blocks[BLOCKS];
    uint64_t random = 20240229;

    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i].seed = i * 37;
    for (int step = 0; step < STEPS; step++) {
        struct growing *block = &blocks[test_random(&random) % BLOCKS];
        size_t size = next_size(block->size, &random);
        if (size < 6 * MIB) {
            resize_to(block, size);
            continue;
        }
        mn_free(block->start);
        block->start = NULL;
        block->size = 0;
    }
    EXPECT(mn_heap_check(NULL));
    for (int i = 0; i < BLOCKS; i++) {
        expect_content(&blocks[i], blocks[i].size);
        mn_free(blocks[i].start);
    }
    EXPECT(observe_stats().block_count == 0);
    EXPECT(mn_heap_check(NULL));
}

/* ---- place ---- */

/* How often the block moves while it grows by an eighth at a time. */
static int moves(struct growing *block, size_t last)
{
    int count = 0;

    while (block->size < last) {
        const unsigned char *before = block->start;
        resize_to(block, block->size + block->size / 8 + 16);
        count += block->start != before;
    }
    return count;
}

TEST(a_block_that_grows_moves_no_more_above_32_kib)
{
    struct growing block = {.seed = 1};

    (void)moves(&block, 32 * KIB);
    EXPECT(moves(&block, 8 * MIB) <= 1);
    mn_free(block.start);
    block = (struct growing){.seed = 2};
    (void)moves(&block, 32 * KIB);
    EXPECT(moves(&block, 8 * MIB) <= 1);
    mn_free(block.start);
}

TEST(large_blocks_that_grow_in_turn_keep_their_distance)
{
    struct growing one = {.seed = 1};
    struct growing other = {.seed = 2};
    int count = 0;

    (void)moves(&one, 64 * KIB);
    (void)moves(&other, 64 * KIB);
    for (size_t size = 64 * KIB; size < 16 * MIB; size += size / 8) {
        count += moves(&one, size);
        count += moves(&other, size);
    }
    EXPECT(count < 24); /* of 90 steps and more */
    mn_free(one.start);
    mn_free(other.start);
}

TEST(what_a_block_grew_to_wastes_an_eighth_and_a_cell_at_most)
{
    struct growing block = {.seed = 3};

    for (size_t size = 40 * KIB; size < 4 * MIB; size += size / 7) {
        resize_to(&block, size);
        EXPECT(mn_usable_size(block.start) <= size + size / 8 + 64 * KIB);
        struct mn_stats stats = observe_stats();
        EXPECT(stats.block_count == 1);
        EXPECT(stats.payload + stats.rounding <= size + size / 8 + 64 * KIB);
    }
    mn_free(block.start);
}

TEST(a_kept_span_serves_a_block_that_grows_and_the_rest_is_free)
{
    unsigned char *kept = mn_alloc(2 * MIB);
    struct growing block = {mn_alloc(400 * KIB), 0, 4};

    block.size = 400 * KIB;
    write_from(&block, 0);
    void *behind = mn_alloc(300 * KIB); /* so that it must move */
    mn_free(kept);
    resize_to(&block, 700 * KIB);
    EXPECT(block.start == kept);
    EXPECT(mn_usable_size(kept) == 704 * KIB);
    struct mn_block found;
    EXPECT(mn_block_at(kept + MIB, &found));
    EXPECT(found.state == MN_FREE);
    EXPECT(moves(&block, 3 * MIB / 2) == 0);
    mn_free(block.start);
    mn_free(behind);
}

TEST(a_block_that_shrinks_stays_or_becomes_a_slot)
{
    struct growing block = {.seed = 5};

    resize_to(&block, 20 * KIB);
    resize_to(&block, 900 * KIB);
    unsigned char *large = block.start;
    resize_to(&block, 100 * KIB);
    EXPECT(block.start == large);
    EXPECT(mn_usable_size(large) == 128 * KIB);
    resize_to(&block, 32 * KIB);
    EXPECT(block.start != large);
    EXPECT(mn_usable_size(block.start) == 32 * KIB);
    mn_free(block.start);
    EXPECT(observe_stats().block_count == 0);
}

TEST(a_grown_block_is_released_once_at_its_start)
{
    unsigned char *block = mn_realloc(mn_alloc(20 * KIB), 50 * KIB);

    EXPECT(mn_usable_size(block) == 64 * KIB);
    EXPECT_STOPS(mn_free(block + 1), "pointer into a block");
    EXPECT_STOPS(mn_free(block + 63 * KIB), "pointer into a block");
    EXPECT_STOPS(mn_free_sized(block, 64 * KIB + 1), "given size");
    mn_free(block);
    EXPECT_STOPS(mn_free(block), "block is already free");
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn_block_at: for a million random addresses of every kind it agrees
 * with a model, which is a list of ranges and what is known of each. */
#include <mn/heap.h>
#include <mn/region.h>
#include <mn/strategy.h>
#include <mn/space.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heap/stock.h"
#include "space/meta.h"
#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    QUERIES = 1000000,
    RANGES_MAX = 20000,
    REGIONS = 12,
    REGION_SIZE = 4000,
    GRANULE = 16
};

/* What is known of the addresses of a range. */
enum answer {
    NOTHING, /* no block */
    WHOLE,   /* the range is one block */
    WITHIN   /* some block in this state, which holds the address */
};

static struct range {
    const unsigned char *start;
    size_t size;
    enum answer answer;
    enum mn_state state;
    unsigned perm;
} ranges[RANGES_MAX];
static size_t range_count;

static uint64_t state = 20240229;

static size_t random_below(size_t end)
{
    return (size_t)(test_random(&state) % end);
}

static struct range *add(const void *start, size_t size, enum answer answer)
{
    EXPECT(range_count < RANGES_MAX);
    ranges[range_count] = (struct range){
        .start = start,
        .size = size,
        .answer = answer,
        .state = MN_ALLOCATED,
        .perm = MN_PERM_RW,
    };
    return &ranges[range_count++];
}

static void add_state(const void *start, size_t size, enum answer answer,
                      enum mn_state mn_state, unsigned perm)
{
    struct range *range = add(start, size, answer);

    range->state = mn_state;
    range->perm = perm;
}

static void expect_at(const struct range *range, const unsigned char *address)
{
    struct mn_block block = {(void *)1, 2, 3, MN_RESERVED};
    bool known = mn_block_at(address, &block);

    EXPECT(known == (range->answer != NOTHING));
    if (!known) {
        EXPECT(block.start == (void *)1 && block.size == 2 && block.perm == 3);
        return;
    }
    EXPECT(block.state == range->state);
    EXPECT(block.perm == range->perm);
    EXPECT((uintptr_t)address - (uintptr_t)block.start < block.size);
    if (range->answer == WHOLE)
        EXPECT(block.start == range->start && block.size == range->size);
}

static void expect_all(void)
{
    for (size_t i = 0; i < range_count; i++) {
        expect_at(&ranges[i], ranges[i].start);
        expect_at(&ranges[i], ranges[i].start + ranges[i].size - 1);
    }
    for (int i = 0; i < QUERIES; i++) {
        const struct range *range = &ranges[random_below(range_count)];
        expect_at(range, range->start + random_below(range->size));
    }
}

/* ---- what there is ---- */

/* Blocks of many sizes from the heap; a third of them is released. */
static void add_blocks(struct mn_heap *heap, size_t count, size_t size_max)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = random_below(random_below(size_max) + 1);
        unsigned char *block = mn_heap_alloc(heap, size);
        EXPECT(block != NULL);
        size_t usable = mn_usable_size(block);
        if (i % 3 == 0)
            add_state(block, usable, WITHIN, MN_FREE, MN_PERM_RW);
        else
            add(block, usable, WHOLE);
    }
    for (size_t i = range_count - count; i < range_count; i++)
        if (ranges[i].state == MN_FREE)
            mn_free((void *)(uintptr_t)ranges[i].start);
}

static void add_large(void)
{
    unsigned char *blocks[9];

    for (size_t i = 0; i < 9; i++)
        blocks[i] = mn_alloc(300 * KIB + i * 100 * KIB);
    for (size_t i = 0; i < 9; i++) {
        size_t usable = mn_usable_size(blocks[i]);
        if (i % 3 == 1)
            add_state(blocks[i], usable, WITHIN, MN_FREE, MN_PERM_RW);
        else
            add(blocks[i], usable, WHOLE);
        if (i % 3 == 1)
            mn_free(blocks[i]);
    }
}

static void add_uncommitted(void)
{
    for (uint32_t i = 0; i < mni_stock.arena_count; i++) {
        const struct mni_arena *arena = mni_stock.arenas[i];
        add_state(arena->start + arena->committed,
                  arena->size - arena->committed, WHOLE, MN_RESERVED,
                  MN_PERM_NONE);
    }
}

static void add_committed_meta(void *start, size_t size, void *context)
{
    (void)context;
    add_state(start, size, WHOLE, MN_RESERVED, MN_PERM_RW);
}

static void add_space(void)
{
    static struct mn_space space;
    size_t cell = mn_space_cell();
    static const unsigned perms[] = {
        MN_PERM_NONE,
        MN_PERM_READ,
        MN_PERM_RW,
        MN_PERM_READ | MN_PERM_EXEC,
    };

    EXPECT(mn_space_create(&space, 100 * cell, 4 * cell) == MN_OK);
    unsigned char *start = mn_space_start(&space);
    for (size_t i = 0; i < 100; i++) {
        unsigned perm = perms[i % 4];
        bool committed = random_below(3) != 0;
        if (committed)
            EXPECT(mn_space_commit(&space, i * cell, cell, perm) == MN_OK);
        add_state(start + i * cell, cell, WHOLE,
                  committed ? MN_ALLOCATED : MN_RESERVED,
                  committed ? perm : MN_PERM_NONE);
    }
}

/* ---- regions in a buffer whose cells they share ---- */

static _Alignas(GRANULE) unsigned char buffer[REGIONS * REGION_SIZE];
static _Alignas(8) unsigned char control[REGIONS][32 * KIB];
static struct mn_tiled tiled[REGIONS];
static struct mn_bump bump;
static unsigned char bump_memory[300 * KIB]; /* with whole cells inside */
static struct mn_publication publications[REGIONS + 1];

static bool region_block_at(const void *context, const void *address,
                            struct mn_block *block)
{
    return mn_region_block_at(context, address, block);
}

static bool add_region_block(const struct mn_block *block, void *context)
{
    (void)context;
    add_state(block->start, block->size, WHOLE, block->state, block->perm);
    return true;
}

static void publish(size_t n, struct mn_region *region, void *memory,
                    size_t size)
{
    void *blocks[40];

    for (size_t i = 0; i < 40; i++)
        blocks[i] = mn_region_alloc(region, 1 + random_below(size / 60), 8);
    if (n < REGIONS)
        for (size_t i = 0; i < 40; i += 3)
            mn_region_free(region, blocks[i]);
    EXPECT(mn_publish(&publications[n], memory, size, region_block_at, region)
           == MN_OK);
    EXPECT(mn_region_walk(region, add_region_block, NULL));
}

static void add_regions(void)
{
    for (size_t i = 0; i < REGIONS; i++) {
        /* Between two regions there are addresses that belong to nobody. */
        unsigned char *memory = buffer + i * REGION_SIZE;
        size_t size = REGION_SIZE - 10 * GRANULE;
        EXPECT(mn_tiled_init(
                   &tiled[i],
                   &(struct mn_tiled_place){.strategy = &mn_tlsf,
                                            .memory = memory,
                                            .memory_size = size,
                                            .granule = GRANULE,
                                            .control = control[i],
                                            .control_size = sizeof control[i]})
               == MN_OK);
        publish(i, &tiled[i].region, memory, size);
        add(memory + size, REGION_SIZE - size, NOTHING);
    }
    EXPECT(mn_bump_init(&bump, bump_memory, sizeof bump_memory) == MN_OK);
    publish(REGIONS, &bump.region, bump_memory, sizeof bump_memory);
}

static _Alignas(64 * KIB) unsigned char heap_memory[32 * MIB];

/* A heap in a buffer: the buffer's own part is nobody's. */
static struct mn_heap *add_heap_in_buffer(void)
{
    struct mn_heap_options options = {.memory = heap_memory,
                                      .memory_size = sizeof heap_memory};
    struct mn_heap *heap = mn_heap_create(&options);

    EXPECT(heap != NULL);
    add(heap_memory, 4 * KIB, NOTHING);
    add_blocks(heap, 300, 8 * KIB);
    return heap;
}

static int static_datum;

static void add_strangers(void)
{
    void *gone = mmap(NULL, MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *mapped =
        mmap(NULL, MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(gone, MIB);
    add(gone, MIB, NOTHING);
    add(mapped, MIB, NOTHING);
    add(&static_datum, sizeof static_datum, NOTHING);
    add(malloc(1000), 1000, NOTHING);
    add((const void *)(uintptr_t)expect_all, 16, NOTHING);
    add((const void *)(uintptr_t)abort, 16, NOTHING);
    add((const void *)(uintptr_t)1, 64 * KIB, NOTHING);
    add((const void *)((uintptr_t)1 << 47), SIZE_MAX >> 1, NOTHING);
    add((const void *)((uintptr_t)1 << 63), SIZE_MAX >> 1, NOTHING);
}

/* Many times the same, so that the few rare kinds are asked for often. */
static void repeat_from(size_t first, int times)
{
    size_t count = range_count - first;

    for (int i = 0; i < times; i++)
        for (size_t k = 0; k < count; k++) {
            ranges[range_count++] = ranges[first + k];
            EXPECT(range_count < RANGES_MAX);
        }
}

TEST(a_million_random_addresses_are_answered_right)
{
    int on_stack[16];

    struct mn_heap *heap = mn_heap_create(NULL);
    add_blocks(NULL, 2000, 20 * KIB);
    add_blocks(heap, 1000, 200 * KIB);
    add_large();
    add_space();
    add_regions();
    (void)add_heap_in_buffer();
    size_t first = range_count;
    add_strangers();
    add(on_stack, sizeof on_stack, NOTHING);
    add_uncommitted();
    mni_meta_each(add_committed_meta, NULL);
    repeat_from(first, 100);
    expect_all();
    EXPECT(mn_heap_check(NULL) && mn_heap_check(heap));
}

TEST(answers_follow_what_happens_to_the_blocks)
{
    static unsigned char *blocks[1000];
    static bool out[1000];
    struct mn_block block;

    for (int i = 0; i < 100000; i++) {
        size_t n = random_below(1000);
        if (out[n])
            mn_free(blocks[n]);
        else
            blocks[n] = mn_alloc(n % 2 ? 16 * (n % 100) : n * 1000);
        out[n] = !out[n];
        n = random_below(1000);
        if (blocks[n] == NULL)
            continue;
        EXPECT(mn_block_at(blocks[n], &block));
        if (out[n])
            EXPECT(block.start == blocks[n] && block.state == MN_ALLOCATED
                   && block.size == mn_usable_size(blocks[n]));
    }
}

TEST(a_destroyed_heap_leaves_nothing_behind)
{
    struct mn_block block;

    struct mn_heap *heap = add_heap_in_buffer();
    EXPECT(mn_block_at(heap_memory + 3 * MIB, &block));
    mn_heap_destroy(heap);
    for (size_t i = 0; i < sizeof heap_memory; i += 1000)
        EXPECT(!mn_block_at(heap_memory + i, &block));
}

TEST(nothing_is_known_before_the_first_use)
{
    struct mn_block block = {0};

    EXPECT(!mn_block_at(&block, &block));
    EXPECT(!mn_block_at(NULL, &block));
    EXPECT(!mn_block_at((void *)UINTPTR_MAX, &block));
}

/* A heap in a large block of another heap, and a region in a block of that. */
TEST(what_lies_innermost_answers)
{
    struct mn_block block;
    unsigned char *outer = mn_alloc(8 * MIB);
    struct mn_heap_options options = {.memory = outer + 100,
                                      .memory_size = 6 * MIB};
    struct mn_heap *heap = mn_heap_create(&options);
    unsigned char *middle = mn_heap_alloc(heap, 200 * KIB);

    EXPECT(mn_bump_init(&bump, middle + 1000, 190 * KIB) == MN_OK);
    EXPECT(mn_publish(&publications[0], middle + 1000, 190 * KIB,
                      region_block_at, &bump.region)
           == MN_OK);
    unsigned char *inner = mn_region_alloc(&bump.region, 150 * KIB, 1);
    EXPECT(mn_block_at(inner + 100 * KIB, &block));
    EXPECT(block.start == inner && block.size == 150 * KIB);
    EXPECT(mn_block_at(middle + 10, &block));
    EXPECT(block.start == middle && block.state == MN_ALLOCATED);
    EXPECT(mn_block_at(outer, &block) && block.start == outer);
    EXPECT(mn_block_at(outer + 8 * MIB - 1, &block) && block.start == outer);
    EXPECT(mn_usable_size(middle) >= 200 * KIB);
    EXPECT_STOPS(mn_free(inner), "mneme: free of 0x");
    mn_unpublish(&publications[0]);
    EXPECT(mn_block_at(inner + 100 * KIB, &block) && block.start == middle);
    EXPECT(mn_heap_check(heap));
    mn_free(middle);
    mn_heap_destroy(heap);
    for (size_t i = 0; i < 8 * MIB; i += 10 * KIB)
        EXPECT(mn_block_at(outer + i, &block) && block.start == outer);
    mn_free(outer);
    EXPECT(mn_heap_check(NULL));
}

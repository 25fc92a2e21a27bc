/* SPDX-License-Identifier: MIT */
/* Tests of first-class heaps: each promise of mn/heap.h about heaps that the
 * program makes, in the system's memory and in memory of its own. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    BUFFER = 24 * MIB,
    GUARD = 128 * KIB,
    BLOCKS_MAX = BUFFER / 16
};

static unsigned char memory[BUFFER + 2 * GUARD];
static void *blocks[BLOCKS_MAX];

static struct mn_heap *create_in(void *start, size_t size)
{
    struct mn_heap_options options = {.memory = start, .memory_size = size};

    return mn_heap_create(&options);
}

/* Fill the heap with blocks of the size. How many there were. */
static size_t exhaust(struct mn_heap *heap, size_t size)
{
    size_t count = 0;

    while (count < BLOCKS_MAX
           && (blocks[count] = mn_heap_alloc(heap, size)) != NULL) {
        memset(blocks[count], (int)(count % 255 + 1), size);
        count++;
    }
    return count;
}

static void expect_filled(size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *block = blocks[i];
        EXPECT(block[0] == i % 255 + 1);
        EXPECT(memcmp(block, block + 1, size - 1) == 0);
    }
}

static void expect_guards(const unsigned char *start, size_t size)
{
    for (const unsigned char *at = memory; at < start; at++)
        EXPECT(*at == 0xa5);
    for (const unsigned char *at = start + size; at < memory + sizeof memory;
         at++)
        EXPECT(*at == 0xa5);
}

TEST(the_least_memory_is_accepted_wherever_it_lies)
{
    size_t min = mn_heap_memory_min();

    for (size_t skip = 0; skip < 130 * KIB; skip += 1 + skip / 3) {
        memset(memory, 0xa5, sizeof memory);
        unsigned char *start = memory + skip;
        struct mn_heap *heap = create_in(start, min);
        EXPECT(heap != NULL);
        void *block = mn_heap_alloc(heap, 1000);
        EXPECT(block != NULL);
        memset(block, 1, 1000);
        EXPECT(mn_heap_check(heap));
        expect_guards(start, min);
        mn_heap_destroy(heap);
        EXPECT(create_in(start, min - 1) == NULL);
        EXPECT(create_in(start, 0) == NULL);
    }
}

TEST(impossible_memory_is_refused)
{
    EXPECT(create_in(memory, 1) == NULL);
    EXPECT(create_in(memory, (size_t)PTRDIFF_MAX + 1) == NULL);
    EXPECT(create_in(memory, SIZE_MAX) == NULL);
    EXPECT(mn_heap_check(NULL));
}

static void fill_and_empty(struct mn_heap *heap, size_t size, size_t least)
{
    for (int round = 0; round < 3; round++) {
        size_t count = exhaust(heap, size);
        EXPECT(count * size >= least);
        EXPECT(mn_heap_check(heap));
        expect_filled(count, size);
        EXPECT(mn_heap_realloc(heap, blocks[0], BUFFER) == NULL);
        for (size_t i = 0; i < count; i++)
            if (round == 0)
                mn_heap_free(heap, blocks[i]);
            else
                mn_free(blocks[round == 1 ? i : count - 1 - i]);
        EXPECT(mn_heap_check(heap));
    }
}

TEST(a_heap_fills_its_memory_and_never_leaves_it)
{
    static const size_t sizes[] = {16,      48,       1024,      1025,
                                   8 * KIB, 40 * KIB, 256 * KIB, 257 * KIB};

    memset(memory, 0xa5, sizeof memory);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *start = memory + GUARD - 1000 * i;
        struct mn_heap *heap = create_in(start, BUFFER);
        EXPECT(heap != NULL);
        fill_and_empty(heap, sizes[i], (size_t)BUFFER * 3 / 4);
        mn_heap_destroy(heap);
        expect_guards(start, BUFFER);
        memset(start, 0xa5, BUFFER);
    }
    EXPECT(mn_heap_check(NULL));
}

/* 7 % for records, with slots that leave nothing over. */
TEST(records_take_some_7_percent_of_given_memory)
{
    for (size_t size = 2 * MIB; size <= BUFFER; size *= 2) {
        struct mn_heap *heap = create_in(memory, size);
        size_t count = exhaust(heap, 64);
        EXPECT(count * 64 >= size - size / 100 * 8 - 3 * 64 * KIB);
        mn_heap_destroy(heap);
    }
}

TEST(a_heap_in_given_memory_takes_nothing_from_the_system)
{
    struct mn_stats before;
    struct mn_stats after;

    mn_heap_destroy(create_in(memory, BUFFER));
    EXPECT(mn_stats(&before));
    struct mn_heap *heap = create_in(memory, BUFFER);
    (void)exhaust(heap, 100);
    EXPECT(mn_stats(&after));
    EXPECT(after.committed == before.committed);
    EXPECT(after.block_count == before.block_count);
    EXPECT(after.heap_count == before.heap_count + 1);
    mn_heap_destroy(heap);
}

TEST(small_and_large_blocks_share_given_memory)
{
    struct mn_heap *heap = create_in(memory + 7, BUFFER);

    for (int round = 0; round < 20; round++) {
        void *large = mn_heap_alloc(heap, 3 * MIB);
        void *zero = mn_heap_alloc_zero(heap, MIB);
        unsigned char *aligned = mn_heap_alloc_aligned(heap, 100, MIB);
        unsigned char *small = mn_heap_alloc_aligned(heap, 5, 4 * KIB);
        EXPECT(large != NULL && zero != NULL && small != NULL);
        EXPECT(aligned != NULL && (uintptr_t)aligned % MIB == 0);
        EXPECT((uintptr_t)small % (4 * KIB) == 0);
        EXPECT(memcmp(zero, (char *)zero + 1, MIB - 1) == 0);
        memset(large, 0xff, 3 * MIB);
        memset(zero, 0xff, MIB);
        large = mn_heap_realloc(heap, large, 5 * MIB);
        EXPECT(large != NULL);
        memset(large, 0xff, 5 * MIB);
        EXPECT(mn_heap_check(heap));
        mn_free(zero);
        mn_free(large);
        mn_heap_free(heap, aligned);
        mn_heap_free(heap, small);
    }
    EXPECT(mn_heap_check(heap));
    mn_heap_destroy(heap);
}

TEST(destroying_a_heap_releases_all_of_its_blocks)
{
    struct mn_stats stats;

    for (int round = 0; round < 50; round++) {
        struct mn_heap *heap = mn_heap_create(NULL);
        for (size_t i = 0; i < 300; i++)
            EXPECT(mn_heap_alloc(heap, i * i * (i % 10)) != NULL);
        EXPECT(mn_heap_check(heap));
        mn_heap_destroy(heap);
    }
    EXPECT(mn_stats(&stats));
    EXPECT(stats.block_count == 0 && stats.span_count == 0);
    EXPECT(stats.heap_count == 0);
    EXPECT(stats.committed - stats.metadata < 80 * (size_t)MIB);
    mn_heap_destroy(NULL);
}

/* As if a signal handler released it that interrupted what is locked. */
TEST(what_a_handler_released_ends_with_its_heap)
{
    struct mn_heap *heap = mn_heap_create(NULL);
    EXPECT(heap != NULL);
    void *block = mn_heap_alloc(heap, MIB);
    EXPECT(block != NULL);
    EXPECT(mni_common_lock());
    mn_heap_free(heap, block);
    mni_common_unlock();
    mn_heap_destroy(heap);
    EXPECT(mn_heap_limit_size(NULL) == 0);

    heap = create_in(memory, sizeof memory);
    EXPECT(heap != NULL);
    block = mn_heap_alloc(heap, MIB);
    EXPECT(block != NULL);
    EXPECT(mni_stock_lock(heap->stock));
    mn_heap_free(heap, block);
    mni_stock_unlock(heap->stock);
    mn_heap_destroy(heap);
    memset(memory, 0xa5, sizeof memory);
    mn_free(mn_alloc(MIB));
    expect_guards(memory, 0);
    EXPECT(mn_heap_check(NULL));
}

TEST(many_heaps_live_at_a_time)
{
    enum { HEAPS = 200 };
    struct mn_heap *heaps[HEAPS];

    for (int i = 0; i < HEAPS; i++) {
        heaps[i] = mn_heap_create(NULL);
        blocks[i] = mn_heap_alloc(heaps[i], 1000);
        memset(blocks[i], i + 1, 1000);
    }
    for (int i = 0; i < HEAPS; i += 2)
        mn_heap_destroy(heaps[i]);
    for (int i = 1; i < HEAPS; i += 2) {
        unsigned char *block = blocks[i];
        EXPECT(block[0] == (unsigned char)(i + 1));
        EXPECT(memcmp(block, block + 1, 999) == 0);
        EXPECT(mn_heap_check(heaps[i]));
        mn_heap_destroy(heaps[i]);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(misuse_in_given_memory_stops)
{
    struct mn_heap *heap = create_in(memory, BUFFER);
    unsigned char *small = mn_heap_alloc(heap, 100);
    unsigned char *large = mn_heap_alloc(heap, MIB);

    EXPECT_STOPS(mn_free(memory), "foreign address");
    EXPECT_STOPS(mn_free(small + 1), "pointer into a block");
    EXPECT_STOPS(mn_free(large + 64 * KIB), "pointer into a block");
    mn_free(small);
    EXPECT_STOPS(mn_free(small), "already free");
    mn_free(large);
    EXPECT_STOPS(mn_free(large), "already free");
    EXPECT_STOPS(mn_heap_free(heap, mn_alloc(10)), "block of another heap");
    EXPECT_STOPS(mn_heap_free(heap, mn_alloc(MIB)), "block of another heap");
    mn_heap_destroy(heap);
    EXPECT_STOPS(mn_free(small), "foreign address");
    EXPECT_STOPS(mn_free(large), "foreign address");
}

/* Each class has slabs in a heap of its own memory, up to the last cell. */
TEST(records_of_all_classes_fit_in_given_memory)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        size_t size = mni_class_size(class);
        struct mn_heap *heap = create_in(memory, BUFFER);
        size_t count = exhaust(heap, size);
        EXPECT(count > 0);
        EXPECT(mn_heap_check(heap));
        /* In an order that leaves slabs partly full for long. */
        for (size_t first = 0; first < 7; first++)
            for (size_t i = first; i < count; i += 7)
                mn_heap_free(heap, blocks[i]);
        EXPECT(mn_heap_check(heap));
        void *all = mn_heap_alloc(heap, BUFFER / 2);
        EXPECT(all != NULL);
        mn_heap_destroy(heap);
    }
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn/heap.h: each promise about single blocks at its boundary. Misuse
 * is in heap_misuse_test.c, random runs are in heap_random_test.c. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <errno.h>
#include <string.h>

#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    SLOT_MAX = 256 * KIB,
    ALIGN_MAX = 16 * MIB
};

static const size_t huge = (size_t)PTRDIFF_MAX + 1;

static const size_t sizes[] = {
    0,
    1,
    15,
    16,
    17,
    127,
    128,
    129,
    1023,
    1024,
    1025,
    4 * KIB,
    4 * KIB + 1,
    64 * KIB - 1,
    64 * KIB,
    64 * KIB + 1,
    SLOT_MAX - 1,
    SLOT_MAX,
    SLOT_MAX + 1,
    MIB,
    9 * MIB + 5,
};

enum { SIZES = sizeof sizes / sizeof *sizes };

/* Whether all of [from, to) of the block is `byte`. */
static bool is_all(const unsigned char *block, size_t from, size_t to, int byte)
{
    for (size_t i = from; i < to; i++)
        if (block[i] != byte)
            return false;
    return true;
}

static void fill(unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        block[i] = (unsigned char)(i * 7 + i / 251);
}

static bool is_filled(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != (unsigned char)(i * 7 + i / 251))
            return false;
    return true;
}

TEST(alloc_gives_all_of_the_size_aligned)
{
    unsigned char *blocks[SIZES];

    for (int i = 0; i < SIZES; i++) {
        blocks[i] = mn_alloc(sizes[i]);
        EXPECT(blocks[i] != NULL);
        EXPECT((uintptr_t)blocks[i] % MN_HEAP_ALIGN == 0);
        EXPECT(mn_usable_size(blocks[i]) >= sizes[i]);
        memset(blocks[i], i + 1, mn_usable_size(blocks[i]));
    }
    EXPECT(mn_heap_check(NULL));
    for (int i = 0; i < SIZES; i++) {
        EXPECT(is_all(blocks[i], 0, mn_usable_size(blocks[i]), i + 1));
        mn_free(blocks[i]);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(a_block_above_128_bytes_wastes_an_eighth_at_most)
{
    for (size_t size = 0; size <= SLOT_MAX; size += size < 9000 ? 1 : 997) {
        void *block = mn_alloc(size);
        size_t usable = mn_usable_size(block);
        EXPECT(usable >= size);
        EXPECT(size <= 128 ? usable - size <= 16 : (usable - size) * 8 <= size);
        mn_free(block);
    }
}

TEST(blocks_of_size_zero_are_unlike_any_other)
{
    enum { COUNT = 5000 };
    unsigned char *blocks[COUNT];

    for (int i = 0; i < COUNT; i++) {
        blocks[i] = mn_alloc(0);
        EXPECT(blocks[i] != NULL);
        EXPECT(mn_usable_size(blocks[i]) == 16);
        memcpy(blocks[i], &i, sizeof i);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT(memcmp(blocks[i], &i, sizeof i) == 0);
        mn_free(blocks[i]);
    }
}

TEST(impossible_sizes_are_refused)
{
    static const size_t refused[] = {
        (size_t)PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1,
        SIZE_MAX - 64 * KIB, SIZE_MAX - 15,
        SIZE_MAX - 1,        SIZE_MAX,
    };

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        EXPECT(mn_alloc(refused[i]) == NULL);
        EXPECT(mn_alloc_zero(refused[i]) == NULL);
        for (size_t align = 1; align <= ALIGN_MAX; align *= 2)
            EXPECT(mn_alloc_aligned(refused[i], align) == NULL);
        EXPECT(mn_realloc(NULL, refused[i]) == NULL);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(aligned_blocks_are_at_every_power_of_two)
{
    for (size_t align = 1; align <= ALIGN_MAX; align *= 2) {
        for (int i = 0; i < SIZES; i++) {
            unsigned char *block = mn_alloc_aligned(sizes[i], align);
            EXPECT(block != NULL);
            EXPECT((uintptr_t)block % align == 0);
            EXPECT((uintptr_t)block % MN_HEAP_ALIGN == 0);
            EXPECT(mn_usable_size(block) >= sizes[i]);
            memset(block, 1, sizes[i]);
            mn_free(block);
        }
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(aligned_blocks_of_every_size_waste_little)
{
    for (size_t align = 32; align <= 64 * KIB; align *= 2)
        for (size_t size = 1; size <= SLOT_MAX; size += 1 + size / 60) {
            unsigned char *block = mn_alloc_aligned(size, align);
            EXPECT((uintptr_t)block % align == 0);
            size_t usable = mn_usable_size(block);
            EXPECT(usable >= size && usable <= size + size / 8 + align);
            mn_free(block);
        }
}

TEST(many_aligned_blocks_do_not_overlap)
{
    enum { COUNT = 64 };
    unsigned char *blocks[COUNT];

    for (size_t align = 32; align <= 128 * KIB; align *= 2) {
        for (int i = 0; i < COUNT; i++) {
            size_t size = align + (size_t)i % 3 * 8;
            blocks[i] = mn_alloc_aligned(size, align);
            EXPECT((uintptr_t)blocks[i] % align == 0);
            memset(blocks[i], i, mn_usable_size(blocks[i]));
        }
        for (int i = 0; i < COUNT; i++) {
            EXPECT(is_all(blocks[i], 0, mn_usable_size(blocks[i]), i));
            mn_free(blocks[i]);
        }
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(alignments_that_are_no_power_of_two_are_refused)
{
    static const size_t refused[] = {0,     3,        12,          24,
                                     65535, SIZE_MAX, SIZE_MAX / 2};

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        EXPECT(mn_alloc_aligned(1, refused[i]) == NULL);
        EXPECT(mn_alloc_aligned(0, refused[i]) == NULL);
        EXPECT(mn_alloc_aligned(MIB, refused[i]) == NULL);
    }
    /* A power of two, and there is no such address to give. */
    EXPECT(mn_alloc_aligned(1, huge) == NULL);
    EXPECT(mn_alloc_aligned(1, huge / 2) == NULL);
    EXPECT(mn_alloc_aligned(MIB, huge) == NULL);
    EXPECT(mn_heap_check(NULL));
}

TEST(realloc_keeps_the_content_as_far_as_both_reach)
{
    for (int from = 0; from < SIZES; from++) {
        for (int to = 0; to < SIZES; to++) {
            unsigned char *block = mn_alloc(sizes[from]);
            fill(block, sizes[from]);
            block = mn_realloc(block, sizes[to]);
            EXPECT(block != NULL);
            EXPECT(mn_usable_size(block) >= sizes[to]);
            EXPECT(is_filled(block, sizes[from] < sizes[to] ? sizes[from]
                                                            : sizes[to]));
            mn_free(block);
        }
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(realloc_of_null_is_alloc)
{
    void *block = mn_realloc(NULL, 100);

    EXPECT(block != NULL && mn_usable_size(block) >= 100);
    mn_free(block);
    EXPECT(mn_realloc(NULL, huge) == NULL);
}

TEST(realloc_to_zero_gives_the_smallest_block)
{
    void *block = mn_realloc(mn_alloc(5000), 0);

    EXPECT(block != NULL && mn_usable_size(block) == 16);
    mn_free(block);
}

TEST(realloc_that_fails_changes_nothing)
{
    for (int i = 0; i < SIZES; i++) {
        unsigned char *block = mn_alloc(sizes[i]);
        size_t usable = mn_usable_size(block);
        fill(block, usable);
        EXPECT(mn_realloc(block, huge) == NULL);
        EXPECT(mn_realloc(block, SIZE_MAX) == NULL);
        EXPECT(mn_realloc(block, SIZE_MAX - 64 * KIB + 1) == NULL);
        EXPECT(mn_usable_size(block) == usable);
        EXPECT(is_filled(block, usable));
        mn_free(block);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(realloc_gives_memory_of_much_smaller_blocks_back)
{
    void *block = mn_realloc(mn_alloc(100 * KIB), 100);

    EXPECT(mn_usable_size(block) < 1000);
    block = mn_realloc(mn_realloc(block, 64 * MIB), MIB);
    EXPECT(mn_usable_size(block) < 2 * MIB);
    block = mn_realloc(block, 100);
    EXPECT(mn_usable_size(block) < 1000);
    mn_free(block);
}

TEST(resize_up_to_the_usable_size_is_always_possible)
{
    for (int i = 0; i < SIZES; i++) {
        unsigned char *block = mn_alloc(sizes[i]);
        size_t usable = mn_usable_size(block);
        fill(block, sizes[i]);
        EXPECT(mn_resize(block, usable));
        EXPECT(mn_resize(block, sizes[i]));
        EXPECT(mn_usable_size(block) >= sizes[i]);
        EXPECT(is_filled(block, sizes[i]));
        EXPECT(!mn_resize(block, huge));
        EXPECT(!mn_resize(block, SIZE_MAX));
        EXPECT(!mn_resize(block, SIZE_MAX - 64 * KIB + 1));
        EXPECT(mn_usable_size(block) >= sizes[i]);
        mn_free(block);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(resize_beyond_a_slot_is_refused)
{
    void *block = mn_alloc(100);

    EXPECT(!mn_resize(block, mn_usable_size(block) + 1));
    EXPECT(!mn_resize(block, MIB));
    mn_free(block);
}

TEST(resize_of_a_large_block_takes_and_gives_back_neighbours)
{
    unsigned char *block = mn_alloc(4 * MIB);

    fill(block, 4 * MIB);
    EXPECT(mn_resize(block, MIB));
    EXPECT(mn_usable_size(block) == MIB);
    EXPECT(is_filled(block, MIB));
    EXPECT(mn_resize(block, 16 * MIB));
    EXPECT(mn_usable_size(block) == 16 * MIB);
    EXPECT(is_filled(block, MIB));
    memset(block, 3, 16 * MIB);
    EXPECT(mn_resize(block, MIB));
    unsigned char *next = mn_alloc(2 * MIB);
    memset(next, 4, 2 * MIB);
    if (next == block + MIB)
        EXPECT(!mn_resize(block, 2 * MIB));
    EXPECT(is_all(block, 0, MIB, 3));
    EXPECT(mn_heap_check(NULL));
    mn_free(block);
    mn_free(next);
    EXPECT(mn_heap_check(NULL));
}

/* Blocks of the size are made dirty and released, many at a time. */
static void soil(size_t size)
{
    enum { COUNT = 40 };
    unsigned char *blocks[COUNT];
    int count = size > MIB ? 2 : COUNT;

    for (int i = 0; i < count; i++) {
        blocks[i] = mn_alloc(size);
        memset(blocks[i], 0xff, mn_usable_size(blocks[i]));
    }
    for (int i = 0; i < count; i++)
        mn_free(blocks[i]);
}

TEST(alloc_zero_is_zero_also_where_memory_was_dirty)
{
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SIZES; i++) {
            soil(sizes[i]);
            if (round == 1)
                (void)mn_trim();
            unsigned char *block = mn_alloc_zero(sizes[i]);
            EXPECT(block != NULL && mn_usable_size(block) >= sizes[i]);
            EXPECT(is_all(block, 0, sizes[i], 0));
            memset(block, 0xff, mn_usable_size(block));
            mn_free(block);
        }
    }
}

TEST(alloc_zero_is_zero_after_a_large_block_shrank_and_grew)
{
    for (int round = 0; round < 4; round++) {
        unsigned char *block = mn_alloc(MIB);
        memset(block, 0xff, MIB);
        if (mn_resize(block, 3 * MIB))
            memset(block, 0xff, 3 * MIB);
        EXPECT(mn_resize(block, MIB));
        unsigned char *zero = mn_alloc_zero(2 * MIB);
        EXPECT(is_all(zero, 0, 2 * MIB, 0));
        memset(zero, 0xff, 2 * MIB);
        mn_free(block);
        unsigned char *other = mn_alloc_zero(MIB + 1);
        EXPECT(is_all(other, 0, MIB + 1, 0));
        memset(other, 0xff, MIB + 1);
        mn_free(zero);
        mn_free(other);
        if (round == 2)
            EXPECT(mn_trim());
    }
}

TEST(free_ignores_null_and_keeps_errno)
{
    errno = 4711;
    mn_free(NULL);
    mn_free_sized(NULL, 5);
    mn_heap_free(NULL, NULL);
    EXPECT(mn_usable_size(NULL) == 0);
    for (int i = 0; i < SIZES; i++) {
        void *block = mn_alloc(sizes[i]);
        errno = 4711;
        mn_free(block);
        EXPECT(errno == 4711);
    }
    (void)mn_trim();
    EXPECT(errno == 4711);
}

TEST(free_sized_takes_any_size_up_to_the_usable_one)
{
    for (int i = 0; i < SIZES; i++) {
        void *block = mn_alloc(sizes[i]);
        mn_free_sized(block, sizes[i]);
        block = mn_alloc(sizes[i]);
        mn_free_sized(block, mn_usable_size(block));
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(a_null_heap_is_the_threads_own)
{
    unsigned char *block = mn_heap_alloc(NULL, 100);

    fill(block, 100);
    block = mn_heap_realloc(NULL, block, 5000);
    EXPECT(is_filled(block, 100));
    mn_heap_free(NULL, block);
    block = mn_heap_alloc_zero(NULL, 5000);
    EXPECT(is_all(block, 0, 5000, 0));
    mn_free(block);
    block = mn_heap_alloc_aligned(NULL, 10, 4096);
    EXPECT((uintptr_t)block % 4096 == 0);
    mn_free(block);
    EXPECT(mn_heap_alloc_aligned(NULL, 10, 3) == NULL);
}

TEST(trim_gives_all_back_and_says_whether_there_was_any)
{
    struct mn_stats stats;

    soil(MIB);
    soil(1000);
    EXPECT(mn_trim());
    EXPECT(mn_stats(&stats));
    EXPECT(stats.payload == 0 && stats.rounding == 0);
    EXPECT(stats.in_hand == 0 && stats.in_spans == 0);
    EXPECT(stats.spans == 0 && stats.purgeable == 0);
    EXPECT(!mn_trim());
    EXPECT(mn_heap_check(NULL));
}

TEST(an_emptied_class_serves_the_other_classes)
{
    enum { COUNT = 20000 };
    static void *blocks[COUNT];
    struct mn_stats stats;
    size_t peak = 0;

    /* Phases of different sizes and equal bytes reuse the same memory. */
    for (size_t size = 64; size <= 32 * KIB; size *= 2) {
        size_t count = COUNT * 64 / size;
        for (size_t i = 0; i < count; i++)
            blocks[i] = mn_alloc(size);
        for (size_t i = 0; i < count; i++)
            mn_free(blocks[i]);
        EXPECT(mn_stats(&stats));
        size_t held = stats.committed - stats.untouched - stats.metadata;
        if (peak == 0)
            peak = held;
        EXPECT(held <= 3 * peak);
    }
}

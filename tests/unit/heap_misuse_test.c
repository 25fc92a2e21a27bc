/* SPDX-License-Identifier: MIT */
/* Tests of mn/heap.h: releasing what is not the start of a block that is out
 * stops the program, with words that say what the address is. */
#include <mn/heap.h>
#include <mn/space.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB };

static const size_t sizes[] = {1, 16, 100, 1024, 1025, 5000, 70000, 256 * KIB};

enum { SIZES = sizeof sizes / sizeof *sizes };

static void free_twice(size_t size)
{
    void *block = mn_alloc(size);

    mn_free(block);
    mn_free(block);
}

static void free_a_b_a(size_t size)
{
    void *a = mn_alloc(size);
    void *b = mn_alloc(size);

    mn_free(a);
    mn_free(b);
    mn_free(a);
}

TEST(a_double_free_stops_at_once)
{
    for (int i = 0; i < SIZES; i++) {
        EXPECT_STOPS(free_twice(sizes[i]), "block is already free");
        EXPECT_STOPS(free_a_b_a(sizes[i]), "block is already free");
    }
    EXPECT_STOPS(free_twice(MIB), "block is already free");
    EXPECT_STOPS(free_a_b_a(MIB), "block is already free");
}

/* Release every third block of several full slabs twice, the second time when
 * much else has been taken and released, but not these. */
static void free_twice_delayed(size_t size)
{
    enum { COUNT = 5000 };
    static void *blocks[COUNT];

    for (int i = 0; i < COUNT; i++)
        blocks[i] = mn_alloc(size);
    for (int i = 0; i < COUNT; i += 3)
        mn_free(blocks[i]);
    for (int i = 0; i < 100; i++)
        mn_free(mn_alloc(5 * size));
    mn_free(blocks[COUNT / 2 / 3 * 3]);
}

TEST(a_delayed_double_free_stops)
{
    for (int i = 0; i < 5; i++)
        EXPECT_STOPS(free_twice_delayed(sizes[i]), "block is already free");
}

TEST(a_double_free_in_a_slab_that_filled_again_stops)
{
    /* The lower of two free slots is handed out, so the upper stays free. */
    void *a = mn_alloc(48);
    void *b = mn_alloc(48);
    mn_free(a < b ? b : a);
    EXPECT_STOPS(mn_free(a < b ? b : a), "block is already free");
    mn_free(a < b ? a : b);
    void *again = mn_alloc(48);
    EXPECT_STOPS(mn_free(again == a ? b : a), "block is already free");
}

/* After all of the slab was released, its span went to another class. */
static void free_after_the_span_changed_class(void)
{
    enum { COUNT = 4096 };
    static void *blocks[COUNT];

    for (int i = 0; i < COUNT; i++)
        blocks[i] = mn_alloc(16);
    for (int i = 0; i < COUNT; i++)
        mn_free(blocks[i]);
    (void)mn_trim();
    memset(mn_alloc(3 * MIB), 1, 3 * MIB);
    mn_free(blocks[1]);
}

TEST(a_double_free_of_what_became_part_of_another_block_stops)
{
    EXPECT_STOPS(free_after_the_span_changed_class(), "mneme: free of 0x");
}

TEST(pointers_into_a_block_stop)
{
    for (int i = 0; i < SIZES; i++) {
        unsigned char *block = mn_alloc(sizes[i]);
        size_t last = mn_usable_size(block) - 1;
        EXPECT_STOPS(mn_free(block + 1), "pointer into a block");
        EXPECT_STOPS(mn_free(block + 8), "pointer into a block");
        EXPECT_STOPS(mn_free(block + last), "pointer into a block");
        EXPECT_STOPS(mn_usable_size(block + 1), "usable size of");
        EXPECT_STOPS(mn_realloc(block + last, 1), "pointer into a block");
        EXPECT_STOPS(mn_resize(block + 1, 1), "pointer into a block");
        EXPECT_STOPS(mn_free_sized(block + 1, 1), "pointer into a block");
        mn_free(block);
    }
}

TEST(pointers_into_a_large_block_stop)
{
    unsigned char *block = mn_alloc(MIB);

    EXPECT_STOPS(mn_free(block + 1), "pointer into a block");
    EXPECT_STOPS(mn_free(block + 16), "pointer into a block");
    EXPECT_STOPS(mn_free(block + 64 * KIB), "pointer into a block");
    EXPECT_STOPS(mn_free(block + MIB - 1), "pointer into a block");
    EXPECT_STOPS(mn_usable_size(block + 64 * KIB), "pointer into a block");
    EXPECT_STOPS(mn_realloc(block + 1, MIB), "pointer into a block");
    EXPECT_STOPS(mn_resize(block + 1, MIB), "pointer into a block");
}

TEST(slots_never_handed_out_stop)
{
    unsigned char *block = mn_alloc(48);
    size_t usable = mn_usable_size(block);

    EXPECT_STOPS(mn_free(block + usable), "block is already free");
    EXPECT_STOPS(mn_free(block + 10 * usable), "block is already free");
    EXPECT_STOPS(mn_usable_size(block + usable), "already free");
}

/* What would be the first slot of the tail of a slab, or NULL if it has none.
 */
static unsigned char *tail_of(const unsigned char *block, size_t size)
{
    const unsigned char *at = block;
    struct mn_block found;

    while (mn_block_at(at, &found) && found.size == size
           && found.state != MN_RESERVED)
        at += size;
    return mn_block_at(at, &found) && found.state == MN_RESERVED
                   && found.start == at && found.size < size
               ? found.start
               : NULL;
}

static void fill_slab_then_free(unsigned char *block, unsigned char *tail,
                                size_t size)
{
    while (block + size != tail)
        block = mn_alloc(size);
    mn_free(tail);
}

TEST(a_slot_that_would_begin_in_the_tail_stops)
{
    int count = 0;

    for (size_t size = 16; size <= 256 * KIB; size += 1 + size / 8) {
        unsigned char *block = mn_alloc(size);
        size_t usable = mn_usable_size(block);
        unsigned char *tail = tail_of(block, usable);
        if (tail == NULL)
            continue;
        count++;
        EXPECT_STOPS(mn_free(tail), "address was never handed out");
        EXPECT_STOPS(mn_usable_size(tail), "address was never handed out");
        EXPECT_STOPS(mn_realloc(tail, usable), "address was never handed out");
        EXPECT_STOPS(fill_slab_then_free(block, tail, usable),
                     "never handed out");
    }
    EXPECT(count >= 5);
    EXPECT(mn_heap_check(NULL));
}

TEST(a_slot_of_1152_bytes_that_would_begin_in_the_tail_stops)
{
    void *block = mn_alloc(1152);
    unsigned char *tail = tail_of(block, 1152);

    EXPECT(tail != NULL);
    EXPECT_STOPS(mn_free(tail), "address was never handed out");
}

static int in_static_data;

TEST(foreign_addresses_stop)
{
    int on_stack;
    void *mapped = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *libc = malloc(100);

    mn_free(mn_alloc(1));
    EXPECT_STOPS(mn_free(&on_stack), "foreign address; it lies in no block");
    EXPECT_STOPS(mn_free(&in_static_data), "foreign address");
    EXPECT_STOPS(mn_free((void *)(uintptr_t)abort), "foreign address");
    EXPECT_STOPS(mn_free(libc), "foreign address");
    EXPECT_STOPS(mn_free(mapped), "foreign address");
    munmap(mapped, MIB);
    EXPECT_STOPS(mn_free(mapped), "foreign address");
    EXPECT_STOPS(mn_free((void *)1), "free of 0x1: foreign address");
    EXPECT_STOPS(mn_free((void *)~(uintptr_t)0), "foreign address");
    EXPECT_STOPS(mn_free((void *)((uintptr_t)1 << 47)), "foreign address");
    EXPECT_STOPS(mn_free((void *)((uintptr_t)1 << 63)), "foreign address");
    EXPECT_STOPS(mn_free((void *)((uintptr_t)0x5555 << 48)), "foreign");
    EXPECT_STOPS(mn_usable_size(&on_stack), "usable size of");
    EXPECT_STOPS(mn_realloc(&on_stack, 5), "realloc of");
    EXPECT_STOPS(mn_resize(&on_stack, 5), "resize of");
    EXPECT_STOPS(mn_free_sized(&on_stack, 5), "foreign address");
    EXPECT_STOPS(mn_heap_free(NULL, &on_stack), "foreign address");
    free(libc);
}

TEST(a_foreign_address_stops_before_the_first_allocation)
{
    EXPECT_STOPS(mn_free(&in_static_data), "foreign address");
    EXPECT_STOPS(mn_usable_size(&in_static_data), "foreign address");
}

TEST(use_of_a_block_that_was_released_stops)
{
    for (int i = 0; i < SIZES; i++) {
        void *other = mn_alloc(sizes[i]); /* keeps the slab */
        void *block = mn_alloc(sizes[i]);
        mn_free(block);
        EXPECT_STOPS(mn_usable_size(block), "already free");
        EXPECT_STOPS(mn_realloc(block, 1), "already free");
        EXPECT_STOPS(mn_resize(block, 1), "already free");
        EXPECT_STOPS(mn_free_sized(block, 1), "already free");
        mn_free(other);
    }
    void *large = mn_alloc(MIB);
    mn_free(large);
    EXPECT_STOPS(mn_usable_size(large), "already free");
    EXPECT_STOPS(mn_realloc(large, 1), "already free");
    EXPECT_STOPS(mn_resize(large, MIB), "already free");
    EXPECT_STOPS(mn_free_sized(large, 1), "already free");
}

TEST(the_part_that_a_large_block_gave_up_is_not_a_block)
{
    unsigned char *block = mn_alloc(4 * MIB);

    EXPECT(mn_resize(block, MIB));
    EXPECT_STOPS(mn_free(block + MIB), "already free");
    EXPECT_STOPS(mn_free(block + 2 * MIB), "already free");
    EXPECT_STOPS(mn_free(block + MIB - 64 * KIB), "pointer into a block");
}

TEST(a_wrong_size_stops)
{
    for (int i = 0; i < SIZES; i++) {
        void *block = mn_alloc(sizes[i]);
        EXPECT_STOPS(mn_free_sized(block, mn_usable_size(block) + 1),
                     "given size is larger than the block");
        EXPECT_STOPS(mn_free_sized(block, SIZE_MAX), "given size");
        mn_free(block);
    }
    void *large = mn_alloc(MIB);
    EXPECT_STOPS(mn_free_sized(large, MIB + 1), "given size");
}

TEST(another_heaps_block_stops)
{
    struct mn_heap *first = mn_heap_create(NULL);
    struct mn_heap *second = mn_heap_create(NULL);

    for (int i = 0; i < SIZES; i++) {
        void *block = mn_heap_alloc(first, sizes[i]);
        void *own = mn_alloc(sizes[i]);
        EXPECT_STOPS(mn_heap_free(second, block), "block of another heap");
        EXPECT_STOPS(mn_heap_realloc(second, block, 1), "another heap");
        EXPECT_STOPS(mn_heap_free(first, own), "block of another heap");
        mn_heap_free(first, block);
        EXPECT_STOPS(mn_heap_free(first, block), "already free");
        mn_free(own);
    }
    void *large = mn_heap_alloc(first, MIB);
    EXPECT_STOPS(mn_heap_free(second, large), "block of another heap");
    void *own = mn_alloc(MIB);
    EXPECT_STOPS(mn_heap_free(first, own), "block of another heap");
    mn_heap_destroy(first);
    EXPECT_STOPS(mn_free(large), "already free");
    mn_heap_destroy(second);
}

static void *free_it(void *block)
{
    mn_free(block);
    return NULL;
}

static void free_in_another_thread(void *block)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, free_it, block) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

static void free_here_then_there(size_t size)
{
    void *block = mn_alloc(size);

    mn_free(block);
    free_in_another_thread(block);
}

static void free_there_twice(size_t size)
{
    void *block = mn_alloc(size);

    free_in_another_thread(block);
    free_in_another_thread(block);
}

static void free_there_then_here(size_t size)
{
    void *block = mn_alloc(size);

    free_in_another_thread(block);
    mn_free(block);
}

TEST(a_double_free_by_two_threads_stops)
{
    for (int i = 0; i < SIZES; i++) {
        EXPECT_STOPS(free_here_then_there(sizes[i]), "mneme: ");
        EXPECT_STOPS(free_there_twice(sizes[i]), "block is already free");
        EXPECT_STOPS(free_there_then_here(sizes[i]), "block is already free");
    }
    EXPECT_STOPS(free_here_then_there(MIB), "already free");
    EXPECT_STOPS(free_there_twice(MIB), "already free");
    EXPECT_STOPS(free_there_then_here(MIB), "already free");
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn_should_move: what it says of sparse, dense, full and current
 * spans, and that to follow it empties spans. */
#include <mn/heap.h>
#include <pthread.h>
#include <string.h>

#include "heap/heap.h"
#include "test.h"

enum { SIZE = 4096, SLOTS = 64, SLABS = 12, LARGE = 1 << 20, SEED = 7 };

static struct mn_heap *heap;
static void *block[SLABS][SLOTS];

static void fill(void)
{
    for (int i = 0; i < SLABS; i++)
        for (int k = 0; k < SLOTS; k++)
            EXPECT((block[i][k] = mn_heap_alloc(heap, SIZE)) != NULL);
}

static void empty(int slab, int first, int end)
{
    for (int k = first; k < end; k++) {
        mn_heap_free(heap, block[slab][k]);
        block[slab][k] = NULL;
    }
}

static void only_blocks_of_sparse_slabs(void)
{
    fill();
    EXPECT(!mn_should_move(block[3][3])); /* its slab is full */
    empty(0, 0, 60);
    empty(1, 0, 20);
    empty(2, 0, 2);
    for (int i = 4; i < SLABS - 1; i++)
        empty(i, 0, 60);
    for (int i = 0; i < SLABS; i++) /* each question is a look at a slab */
        (void)!mn_should_move(block[i][63]);
    EXPECT(mn_should_move(block[0][63]));
    EXPECT(!mn_should_move(block[1][63])); /* denser than the average */
    EXPECT(!mn_should_move(block[2][63])); /* hardly anything is free */
    EXPECT(!mn_should_move(block[3][63]));
    empty(1, 20, 62);
    EXPECT(mn_should_move(block[1][63]));
}

TEST(blocks_of_sparse_spans_are_better_moved)
{
    heap = mn_heap_create(NULL);
    only_blocks_of_sparse_slabs();
    EXPECT(mn_heap_check(heap));
    mn_heap_destroy(heap);
}

TEST(shared_heaps_and_those_of_threads_tell_the_same)
{
    only_blocks_of_sparse_slabs();
    heap = mn_heap_create(&(struct mn_heap_options){.shared = true});
    only_blocks_of_sparse_slabs();
    mn_heap_destroy(heap);
    EXPECT(mn_heap_check(NULL));
}

TEST(span_that_allocations_come_from_is_not_sparse)
{
    heap = mn_heap_create(NULL);
    fill();
    for (int i = 1; i < SLABS; i++)
        empty(i, 0, 32);
    empty(0, 0, 60);
    void *taken = mn_heap_alloc(heap, SIZE);
    EXPECT(!mn_should_move(taken));
    mn_heap_destroy(heap);
}

TEST(large_blocks_and_null_are_not_moved)
{
    void *large = mn_alloc(LARGE);

    EXPECT(!mn_should_move(large) && !mn_should_move(NULL));
    mn_free(large);
}

TEST(what_is_no_block_stops_the_program)
{
    char *taken = mn_alloc(SIZE);

    EXPECT_STOPS(mn_should_move(taken + 1), "pointer into a block");
    mn_free(taken);
    EXPECT_STOPS(mn_should_move(taken), "already free");
}

static void *ask_of_other(void *unused)
{
    EXPECT(!mn_should_move(block[0][63]));
    return unused;
}

TEST(blocks_of_other_threads_stay)
{
    pthread_t thread;

    fill();
    empty(0, 0, 60);
    EXPECT(pthread_create(&thread, NULL, ask_of_other, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(mn_should_move(block[0][63]));
}

static void *fill_and_end(void *unused)
{
    fill();
    empty(0, 0, 60);
    return unused;
}

TEST(blocks_of_ended_threads_are_the_callers_to_move)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, fill_and_end, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    mn_free(mn_alloc(1));
    for (int i = 1; i < SLABS; i++)
        EXPECT(!mn_should_move(block[i][0]));
    EXPECT(mn_should_move(block[0][63]));
    EXPECT(mn_heap_check(NULL));
}

TEST(moving_what_is_told_empties_spans)
{
    uint64_t state = SEED;
    size_t live = 0;

    fill();
    for (int i = 0; i < SLABS * SLOTS; i++)
        if (test_random(&state) % 10 != 0)
            empty(i / SLOTS, i % SLOTS, i % SLOTS + 1);
        else
            live++;
    for (int i = 0; i < SLABS * SLOTS; i++) {
        void **at = &block[i / SLOTS][i % SLOTS];
        if (!mn_should_move(*at))
            continue;
        void *moved = mn_alloc(SIZE);
        EXPECT(moved != NULL);
        memcpy(moved, *at, SIZE);
        mn_free(*at);
        *at = moved;
    }
    EXPECT(mn_trim());
    EXPECT(mni_heap_self->slabs[mni_class_of(SIZE)].count <= live / SLOTS + 2);
    EXPECT(mn_heap_check(NULL));
}

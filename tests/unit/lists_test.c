/* SPDX-License-Identifier: MIT */
/* Tests of which listed slab is taken up next: the fuller one, unless so little
 * of it is free that it is not worth while. */
#include <mn/heap.h>

#include "heap/heap.h"
#include "test.h"

enum { SIZE = 4096, SLOTS = 64, SLABS = 12 };

static struct mn_heap *heap;
static void *block[SLABS][SLOTS];

/* So many slabs that it is worth looking which to take up; all full. */
static void fill(void)
{
    heap = mn_heap_create(NULL);
    EXPECT(heap != NULL);
    for (int i = 0; i < SLABS; i++)
        for (int k = 0; k < SLOTS; k++)
            EXPECT((block[i][k] = mn_heap_alloc(heap, SIZE)) != NULL);
}

static void empty(int slab, int count)
{
    for (int k = 0; k < count; k++)
        mn_heap_free(heap, block[slab][k]);
}

/* In which of the slabs the next block is. */
static int next_slab(void)
{
    char *taken = mn_heap_alloc(heap, SIZE);

    for (int i = 0; i < SLABS; i++)
        if ((uintptr_t)(taken - (char *)block[i][0]) < SLOTS * SIZE)
            return i;
    return SLABS;
}

TEST(fuller_slab_is_taken_up_before_a_sparse_one)
{
    fill();
    empty(0, 60);
    empty(1, 20);
    EXPECT(next_slab() == 1);
    EXPECT(mn_heap_check(heap));
    for (int k = 1; k < 20; k++)
        EXPECT(next_slab() == 1);
    for (int k = 0; k < 60; k++)
        EXPECT(next_slab() == 0);
    EXPECT(next_slab() == SLABS);
    EXPECT(mn_heap_check(heap));
    mn_heap_destroy(heap);
}

TEST(slab_that_has_hardly_a_free_slot_comes_last)
{
    fill();
    empty(1, 60);
    empty(0, 7);
    for (int k = 0; k < 60; k++)
        EXPECT(next_slab() == 1);
    for (int k = 0; k < 7; k++)
        EXPECT(next_slab() == 0);
    mn_heap_destroy(heap);
}

TEST(where_all_are_alike_the_oldest_is_taken_up)
{
    fill();
    for (int i = SLABS - 1; i >= 0; i--)
        empty(i, 2);
    for (int i = SLABS - 1; i >= 0; i--)
        for (int k = 0; k < 2; k++)
            EXPECT(next_slab() == i);
    mn_heap_destroy(heap);
}

TEST(heap_counts_the_slabs_that_it_has)
{
    unsigned class = mni_class_of(SIZE);

    fill();
    EXPECT(heap->heap.slabs[class].count == SLABS);
    EXPECT(heap->heap.slabs[class].free_count == 0);
    empty(0, SLOTS);
    EXPECT(heap->heap.slabs[class].count == SLABS - 1);
    empty(1, 1);
    EXPECT(heap->heap.slabs[class].free_count == 1);
    EXPECT(next_slab() == 1);
    EXPECT(heap->heap.slabs[class].free_count == 0);
    mn_heap_destroy(heap);
}

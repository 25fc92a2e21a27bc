/* SPDX-License-Identifier: MIT */
/* Tests of the limits of heaps and of the process: what counts, who is asked,
 * and that asking happens where the program may do anything. */
#include <errno.h>
#include <mn/heap.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"
#include "heap/options.h"
#include "test.h"

enum { CELL = 64 * 1024, SIZE = 4096, SPAN = 64 * SIZE, MIB = 1 << 20 };
enum { CALLS_MAX = 64 };

/* What the function of a limit saw, and what it is to do. */
static struct {
    struct mn_heap *heap[CALLS_MAX];
    enum mn_limit_event event[CALLS_MAX];
    size_t size[CALLS_MAX];
    int count;
    void *release[4]; /* a block for each call */
    size_t allocate;  /* so many bytes, each time */
    bool lie;         /* true, though nothing was released */
} calls;

static bool called(struct mn_heap *heap, enum mn_limit_event event, size_t size,
                   void *context)
{
    int call = calls.count++;
    bool released = false;

    EXPECT(context == &calls && call < CALLS_MAX);
    calls.heap[call] = heap;
    calls.event[call] = event;
    calls.size[call] = size;
    for (int i = 0; i < 4 && event != MN_LIMIT_SOFT && !released; i++) {
        released = calls.release[i] != NULL;
        mn_free(calls.release[i]);
        calls.release[i] = NULL;
    }
    if (calls.allocate != 0)
        EXPECT(mn_heap_alloc(heap, calls.allocate) == NULL);
    (void)mn_trim();
    EXPECT(mn_heap_check(NULL));
    return released || calls.lie;
}

static struct mn_heap_limits limits(size_t soft, size_t hard)
{
    return (struct mn_heap_limits){soft, hard, called, &calls};
}

static void limit(struct mn_heap *heap, size_t soft, size_t hard)
{
    struct mn_heap_limits set = limits(soft, hard);

    EXPECT(mn_heap_limit(heap, &set));
}

static struct mn_heap *make(size_t soft, size_t hard, bool shared)
{
    struct mn_heap *heap = mn_heap_create(&(struct mn_heap_options){
        .shared = shared, .limits = limits(soft, hard)});

    EXPECT(heap != NULL);
    return heap;
}

TEST(spans_in_use_are_counted)
{
    struct mn_heap *heap = mn_heap_create(NULL);

    EXPECT(mn_heap_limit_size(heap) == 0);
    void *small = mn_heap_alloc(heap, SIZE);
    EXPECT(mn_heap_limit_size(heap) == SPAN);
    void *large = mn_heap_alloc(heap, MIB + 1);
    EXPECT(mn_heap_limit_size(heap) == SPAN + MIB + CELL);
    EXPECT(mn_resize(large, 3 * MIB));
    EXPECT(mn_heap_limit_size(heap) == SPAN + 3 * MIB);
    EXPECT(mn_resize(large, MIB));
    EXPECT(mn_heap_limit_size(heap) == SPAN + MIB);
    EXPECT(mn_heap_limit_size(NULL) == SPAN + MIB);
    mn_free(large);
    EXPECT(mn_heap_limit_size(heap) == SPAN);
    (void)small;
    void *own = mn_alloc(SIZE);
    EXPECT(mn_heap_limit_size(NULL) == 2 * SPAN);
    mn_heap_destroy(heap);
    EXPECT(mn_heap_limit_size(NULL) == SPAN);
    mn_free(own);
    (void)mn_trim();
    EXPECT(mn_heap_limit_size(NULL) == 0);
}

static void fill_to_the_limit(struct mn_heap *heap)
{
    void *block = mn_heap_alloc(heap, MIB);

    EXPECT(block != NULL && calls.count == 0);
    EXPECT(mn_heap_alloc(heap, MIB + 1) == NULL);
    EXPECT(mn_heap_alloc_zero(heap, MIB + 1) == NULL);
    EXPECT(mn_heap_alloc_aligned(heap, MIB + 1, CELL * 2) == NULL);
    EXPECT(calls.count == 3);
    for (int i = 0; i < 3; i++)
        EXPECT(calls.event[i] == MN_LIMIT_HARD && calls.heap[i] == heap
               && calls.size[i] == MIB + 1);
    void *other = mn_heap_alloc(heap, MIB);
    EXPECT(other != NULL && calls.count == 3);
    EXPECT(mn_heap_alloc(heap, 1) == NULL);
    EXPECT(calls.count == 4 && calls.size[3] == 1);
    mn_free(other);
    mn_free(block);
}

TEST(hard_limit_of_a_heap_is_never_passed)
{
    struct mn_heap *heap = make(0, 2 * MIB, false);

    fill_to_the_limit(heap);
    mn_heap_destroy(heap);
}

TEST(hard_limit_of_a_shared_heap_is_told_without_its_lock)
{
    struct mn_heap *heap = make(0, 2 * MIB, true);

    calls.allocate = 3 * MIB; /* in the same heap, whose lock is free */
    fill_to_the_limit(heap);
    mn_heap_destroy(heap);
}

TEST(hard_limit_of_the_process_is_never_passed)
{
    limit(NULL, 0, 2 * MIB);
    fill_to_the_limit(NULL);
    EXPECT(mn_heap_limit_size(NULL) <= 2 * MIB);
}

TEST(what_is_released_when_asked_is_used_at_once)
{
    limit(NULL, 0, MIB + SPAN);
    for (int i = 0; i < 2; i++)
        calls.release[i] = mn_alloc(MIB / 2);
    void *all = mn_alloc(MIB);
    EXPECT(all != NULL && calls.count == 2);
    EXPECT(mn_alloc_zero(MIB) == NULL && calls.count == 3);
    calls.release[0] = all;
    all = mn_alloc_aligned(MIB, 2 * CELL);
    EXPECT(all != NULL && calls.count == 4);
    calls.release[0] = all;
    all = mn_alloc_zero(MIB);
    EXPECT(all != NULL && calls.count == 5);
    void *small = mn_alloc(SIZE);
    EXPECT(small != NULL && calls.count == 5);
    calls.release[0] = all;
    EXPECT(mn_alloc(SPAN / 4) != NULL && calls.count == 6);
}

TEST(who_keeps_saying_yes_is_asked_again)
{
    limit(NULL, 0, MIB);
    calls.release[0] = mn_alloc(MIB / 4);
    calls.release[1] = mn_alloc(MIB / 4);
    calls.release[2] = mn_alloc(MIB / 2);
    EXPECT(mn_alloc(MIB) != NULL);
    EXPECT(calls.count == 3);
}

TEST(what_fails_in_the_function_is_not_told_to_it)
{
    limit(NULL, MIB / 2, MIB);
    calls.allocate = 2 * MIB;
    EXPECT(mn_alloc(2 * MIB) == NULL);
    EXPECT(calls.count == 1);
}

TEST(soft_limit_is_told_each_time_that_it_is_passed)
{
    struct mn_heap *heap = make(MIB, 0, false);

    void *first = mn_heap_alloc(heap, MIB);
    EXPECT(calls.count == 0);
    void *second = mn_heap_alloc(heap, MIB);
    EXPECT(calls.count == 1 && calls.event[0] == MN_LIMIT_SOFT);
    EXPECT(calls.heap[0] == heap && calls.size[0] == MIB);
    void *third = mn_heap_alloc(heap, SIZE);
    EXPECT(third != NULL && calls.count == 1);
    mn_free(second);
    mn_heap_free(heap, third);
    EXPECT(mn_heap_alloc(heap, SIZE) != NULL && calls.count == 1
           && mn_heap_limit_size(heap) == MIB + SPAN);
    mn_free(first);
    EXPECT(mn_heap_alloc(heap, MIB) != NULL);
    EXPECT(calls.count == 2 && calls.event[1] == MN_LIMIT_SOFT);
    mn_heap_destroy(heap);
}

TEST(growth_in_place_counts)
{
    limit(NULL, MIB, 2 * MIB);
    void *block = mn_alloc(MIB);
    EXPECT(mn_resize(block, MIB + 1));
    EXPECT(calls.count == 1 && calls.event[0] == MN_LIMIT_SOFT);
    EXPECT(!mn_resize(block, 3 * MIB));
    EXPECT(mn_realloc(block, 3 * MIB) == NULL);
    EXPECT(calls.count == 2 && calls.event[1] == MN_LIMIT_HARD);
    EXPECT(mn_usable_size(block) == MIB + CELL);
}

TEST(limit_of_the_process_holds_for_heaps_and_both_are_asked)
{
    struct mn_heap *heap = make(0, 4 * MIB, false);

    limit(NULL, 0, MIB);
    EXPECT(mn_heap_alloc(heap, 2 * MIB) == NULL);
    EXPECT(calls.count == 2);
    EXPECT(calls.heap[0] == NULL && calls.event[0] == MN_LIMIT_HARD);
    EXPECT(calls.heap[1] == heap && calls.event[1] == MN_LIMIT_NOMEM);
    mn_heap_destroy(heap);
}

TEST(given_memory_that_is_used_up_is_told)
{
    static unsigned char memory[2 * MIB];
    struct mn_heap *heap =
        mn_heap_create(&(struct mn_heap_options){.memory = memory,
                                                 .memory_size = sizeof memory,
                                                 .limits = limits(0, 0)});

    limit(NULL, 0, CELL); /* is not about given memory */
    EXPECT(mn_heap_alloc(heap, MIB) != NULL && calls.count == 0);
    EXPECT(mn_heap_alloc(heap, MIB) == NULL);
    EXPECT(calls.count == 1 && calls.heap[0] == heap
           && calls.event[0] == MN_LIMIT_NOMEM);
    mn_heap_destroy(heap);
}

TEST(limits_can_be_changed_and_removed)
{
    struct mn_heap *heap = make(0, MIB, false);

    EXPECT(mn_heap_alloc(heap, 2 * MIB) == NULL);
    limit(heap, 0, 4 * MIB);
    EXPECT(mn_heap_alloc(heap, 2 * MIB) != NULL);
    limit(heap, 0, MIB);
    EXPECT(mn_heap_alloc(heap, 1) == NULL);
    EXPECT(mn_heap_limit(heap, &(struct mn_heap_limits){0}));
    EXPECT(mn_heap_alloc(heap, 2 * MIB) != NULL);
    EXPECT(calls.count == 2);
    mn_heap_destroy(heap);
}

TEST(handler_that_interrupts_an_allocation_gets_null_unasked)
{
    limit(NULL, 0, MIB);
    mn_free(mn_alloc(SIZE));
    mni_heap_begin_busy(mni_heap_self); /* as in the middle of one */
    EXPECT(mn_alloc(2 * MIB) == NULL);
    EXPECT(mn_alloc(SIZE) != NULL);
    mni_heap_end_busy(mni_heap_self);
    EXPECT(mni_stock_lock(&mni_stock));
    EXPECT(!mn_heap_limit(NULL, &(struct mn_heap_limits){0}));
    mni_stock_unlock(&mni_stock);
    EXPECT(calls.count == 0);
}

TEST(asking_keeps_errno)
{
    limit(NULL, CELL, MIB);
    errno = EDOM;
    EXPECT(mn_alloc(SIZE) != NULL && mn_alloc(MIB) == NULL);
    EXPECT(calls.count == 2 && errno == EDOM);
}

static void ignore(const char *what, void *context)
{
    (void)what;
    ++*(int *)context;
}

TEST(option_is_a_number_of_mebibytes)
{
    int complaints = 0;

    EXPECT(mni_options_check("limit=0", ignore, &complaints));
    EXPECT(mni_options_check("limit=16777216", ignore, &complaints));
    EXPECT(complaints == 0);
    EXPECT(!mni_options_check("limit=16777217", ignore, &complaints));
    EXPECT(!mni_options_check("limit=-1", ignore, &complaints));
    EXPECT(!mni_options_check("limit=1G", ignore, &complaints));
    EXPECT(!mni_options_check("limit=", ignore, &complaints));
    EXPECT(!mni_options_check("limit", ignore, &complaints));
    EXPECT(complaints == 5);
}

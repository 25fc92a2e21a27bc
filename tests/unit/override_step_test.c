/* SPDX-License-Identifier: MIT */
/* Tests of malloc in signal handlers, at chosen instructions: a call is run
 * again and again by single steps, and a handler allocates and releases at one
 * of its instructions after the other. Each time nobody gets a block that
 * another has, the call is not refused, and nothing is lost. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <stdlib.h>

/* Elsewhere there are no single steps, and none of these tests. */
#if defined(__x86_64__)
#include "steps.h"
#include "test.h"

/* A slab of the first has few slots; the handler can take or release all. */
enum { WIDE = 100 * 1024, WIDE_SLOTS = 10, LARGE = 300000, MANY = 3000 };

static const uint64_t mark = UINT64_C(0x6d6e656d65206f75);

/* ---- blocks, marked while they are out ---- */

static void *marked(void *block)
{
    /* Compilers know that nobody wrote to a new block yet. */
    volatile uint64_t *volatile word = block;

    EXPECT(block != NULL);
    EXPECT(*word != mark);
    *word = mark;
    return block;
}

static void *unmarked(void *block)
{
    EXPECT(*(volatile uint64_t *)block == mark);
    *(volatile uint64_t *)block = 0;
    return block;
}

struct blocks {
    void *start[MANY];
    size_t count;
};

static struct blocks in_main;
static struct blocks in_handler;

static void take(struct blocks *blocks, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        blocks->start[blocks->count++] = marked(malloc(size));
}

/* What a handler may be refused: it cannot wait for what it interrupted. */
static void take_if_any(size_t count, size_t size)
{
    struct blocks *blocks = &in_handler;

    for (size_t i = 0; i < count; i++) {
        void *block = malloc(size);
        if (block == NULL)
            return;
        blocks->start[blocks->count++] = marked(block);
    }
}

static void give_all(struct blocks *blocks)
{
    while (blocks->count > 0)
        free(unmarked(blocks->start[--blocks->count]));
}

/* ---- single steps ---- */

static void *alloc_in_steps(size_t size)
{
    STEPS_BEGIN();
    void *block = malloc(size);
    STEPS_END();
    return block;
}

static void free_in_steps(void *block)
{
    STEPS_BEGIN();
    free(block);
    STEPS_END();
}

/* ---- once for each instruction ---- */

/* Run `run`, and `handler` at its instruction `at`; what they leave out is in
 * in_main and in_handler. */
static void interrupt_at(long at, void (*run)(void), void (*handler)(void))
{
    steps_set(at, handler);
    run();
    give_all(&in_main);
    give_all(&in_handler);
    (void)mn_trim();
}

static void interrupt(void (*run)(void), void (*handler)(void))
{
    struct mn_stats before;
    struct mn_stats after;
    long at = 1;

    steps_catch();
    interrupt_at(0, run, handler);
    interrupt_at(1, run, handler);
    EXPECT(mn_stats(&before));
    for (steps_fired = true; steps_fired; at = steps_after(at)) {
        interrupt_at(at, run, handler);
        EXPECT(mn_stats(&after));
        EXPECT(after.block_count == before.block_count);
        EXPECT(after.span_count == before.span_count);
        EXPECT(after.heap_count == before.heap_count);
        EXPECT(mn_heap_check(NULL));
    }
    EXPECT(at > 10);
}

/* ---- what is interrupted ---- */

static void take_in_steps(size_t size)
{
    void *block = alloc_in_steps(size);

    in_main.start[in_main.count++] = marked(block);
}

static void give_in_steps(void)
{
    free_in_steps(unmarked(in_main.start[--in_main.count]));
}

static void allocate_small(void)
{
    take(&in_main, 3, 64);
    take_in_steps(64);
    take(&in_main, 3, 64);
}

static void release_small(void)
{
    take(&in_main, 3, 64);
    give_in_steps();
    take(&in_main, 3, 64);
}

static void release_and_allocate(void)
{
    take(&in_main, 3, WIDE);
    give_in_steps();
    take_in_steps(WIDE);
}

/* The slab in hand is used up, and another has one free slot. */
static void allocate_from_listed(void)
{
    take(&in_main, 2 * WIDE_SLOTS, WIDE);
    free(unmarked(in_main.start[3]));
    in_main.start[3] = in_main.start[--in_main.count];
    take_in_steps(WIDE);
    take(&in_main, 3, WIDE);
}

static void allocate_after(size_t count)
{
    take(&in_main, count, WIDE);
    take_in_steps(WIDE);
}

static void allocate_first(void)
{
    allocate_after(0);
}

/* One of these finds the slab used up, and retires it. */
static void allocate_last(void)
{
    allocate_after(WIDE_SLOTS - 2);
}

static void allocate_past_last(void)
{
    allocate_after(WIDE_SLOTS - 1);
}

static void allocate_next(void)
{
    allocate_after(WIDE_SLOTS);
}

static void release_of_full(void)
{
    take(&in_main, WIDE_SLOTS, WIDE);
    give_in_steps();
}

static void release_last(void)
{
    take(&in_main, 1, WIDE);
    give_in_steps();
}

static void allocate_large(void)
{
    take(&in_main, 2, LARGE);
    take_in_steps(LARGE);
}

static void release_large(void)
{
    take(&in_main, 3, LARGE);
    give_in_steps();
}

/* The span of the third is kept, and serves again. */
static void allocate_kept(void)
{
    take(&in_main, 3, LARGE);
    free(unmarked(in_main.start[--in_main.count]));
    take_in_steps(LARGE);
}

static void grow_in_steps(void *block, size_t size)
{
    STEPS_BEGIN();
    block = realloc(block, size);
    STEPS_END();
    in_main.start[in_main.count++] = marked(block);
}

/* There is room, unless the handler takes it. */
static void grow_where_it_is(void)
{
    take(&in_main, 2, LARGE);
    void *block = unmarked(marked(malloc(3 * LARGE)));
    grow_in_steps(realloc(block, LARGE), 2 * LARGE);
}

static void *begin_thread(void *context)
{
    take_in_steps(40);
    give_all(&in_main);
    give_all(&in_handler);
    return context;
}

static void allocate_first_in_thread(void)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, begin_thread, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

/* ---- what the handler does ---- */

static void handle_small(void)
{
    take_if_any(2, 64);
    if (in_handler.count > 0)
        free(unmarked(in_handler.start[--in_handler.count]));
}

static void handle_many_small(void)
{
    take_if_any(MANY, 64);
}

static void handle_one_wide(void)
{
    take_if_any(1, WIDE);
}

static void handle_all_wide(void)
{
    take_if_any(2 * WIDE_SLOTS, WIDE);
}

static void handle_releases(void)
{
    give_all(&in_main);
}

static void handle_releases_and_more(void)
{
    give_all(&in_main);
    (void)mn_trim();
    take_if_any(WIDE_SLOTS + 2, WIDE);
    give_all(&in_handler);
}

static void handle_release_and_wide(void)
{
    free(unmarked(in_main.start[--in_main.count]));
    take_if_any(1, WIDE);
}

TEST(a_handler_allocates_in_a_small_allocation)
{
    interrupt(allocate_small, handle_small);
    interrupt(allocate_small, handle_many_small);
}

TEST(a_handler_allocates_in_a_small_release)
{
    interrupt(release_small, handle_small);
    interrupt(release_small, handle_many_small);
}

TEST(a_handler_takes_the_slots_that_were_found)
{
    interrupt(allocate_from_listed, handle_one_wide);
    interrupt(allocate_from_listed, handle_all_wide);
}

TEST(a_handler_allocates_wherever_a_slab_begins_or_ends)
{
    interrupt(allocate_first, handle_all_wide);
    interrupt(release_and_allocate, handle_all_wide);
    interrupt(allocate_last, handle_all_wide);
    interrupt(allocate_past_last, handle_all_wide);
    interrupt(allocate_next, handle_all_wide);
    interrupt(release_last, handle_all_wide);
    interrupt(release_of_full, handle_all_wide);
}

TEST(a_handler_releases_wherever_a_slab_begins_or_ends)
{
    interrupt(allocate_last, handle_releases);
    interrupt(allocate_past_last, handle_releases);
    interrupt(allocate_next, handle_releases);
    interrupt(release_of_full, handle_releases);
    interrupt(release_of_full, handle_releases_and_more);
}

/* Of the slab that is taken up, the handler returns the span. */
TEST(a_handler_empties_the_slab_that_is_taken_up)
{
    interrupt(allocate_from_listed, handle_releases);
    interrupt(allocate_from_listed, handle_releases_and_more);
}

TEST(a_handler_allocates_and_releases_between_large_blocks)
{
    interrupt(allocate_large, handle_release_and_wide);
    interrupt(release_large, handle_release_and_wide);
}

static void handle_large(void)
{
    free(unmarked(in_main.start[--in_main.count]));
    take_if_any(2, LARGE);
    if (in_handler.count > 0)
        free(unmarked(in_handler.start[--in_handler.count]));
}

TEST(a_handler_takes_and_releases_large_blocks_between_kept_ones)
{
    interrupt(allocate_kept, handle_large);
    interrupt(release_large, handle_large);
    interrupt(allocate_kept, handle_releases_and_more);
}

TEST(a_handler_takes_and_releases_large_blocks_while_one_grows)
{
    interrupt(grow_where_it_is, handle_large);
    interrupt(grow_where_it_is, handle_releases_and_more);
}

TEST(a_handler_allocates_while_the_heap_of_a_thread_is_made)
{
    interrupt(allocate_first_in_thread, handle_small);
}

/* ---- first-class heaps ---- */

static void *victim;

static void handle_victim(void)
{
    mn_free(victim);
}

/* The heap ends before anybody takes along what the handler released. */
static void allocate_large_in_a_heap(void)
{
    struct mn_heap *heap = mn_heap_create(NULL);

    EXPECT(mn_heap_alloc(heap, LARGE) != NULL);
    victim = mn_heap_alloc(heap, LARGE);
    STEPS_BEGIN();
    void *block = mn_heap_alloc(heap, LARGE);
    STEPS_END();
    EXPECT(block != NULL);
    mn_heap_destroy(heap);
    free(malloc(LARGE));
}

TEST(a_handler_releases_a_large_block_of_a_heap_that_ends)
{
    interrupt(allocate_large_in_a_heap, handle_victim);
}

#endif

/* SPDX-License-Identifier: MIT */
/* Threads that take and release slots of one bounded pool, each of which is
 * marked by who has it. There is a slot for each object that is ever held, so
 * no call may fail. */
#include <mn/bounded.h>

#include <pthread.h>

#include "test.h"

enum { THREADS = 4, HELD = 9, STEPS = 60000, LARGE = 64 * 32 + 1 };

struct cell {
    uintptr_t owner; /* plain: a race on it is for the sanitizer to find */
};
MN_BOUNDED(cell, THREADS *HELD);
static struct cell_bounded cells;

static struct cell large_memory[LARGE];
static uint32_t large_control[MN_BOUNDED_CONTROL(LARGE)];
static struct mn_bounded large;
static struct mn_bounded *pool;

static void take(struct cell **held, uintptr_t self)
{
    *held = mn_bounded_alloc(pool);
    EXPECT(*held != NULL);
    EXPECT((*held)->owner == 0);
    (*held)->owner = self;
}

static void give(struct cell **held, uintptr_t self)
{
    EXPECT((*held)->owner == self);
    (*held)->owner = 0;
    mn_bounded_release(pool, *held);
    *held = NULL;
}

static void *work(void *context)
{
    uintptr_t self = (uintptr_t)context;
    uint64_t random = self;
    struct cell *held[HELD] = {NULL};

    for (int step = 0; step < STEPS; step++) {
        size_t i = (size_t)(test_random(&random) % HELD);
        if (held[i] == NULL)
            take(&held[i], self);
        else
            give(&held[i], self);
    }
    for (size_t i = 0; i < HELD; i++)
        if (held[i] != NULL)
            give(&held[i], self);
    return NULL;
}

static void run(size_t count)
{
    pthread_t threads[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(mn_bounded_check(pool));
    EXPECT(mn_bounded_count_free(pool) == count);
}

TEST(with_a_slot_for_each_object_no_call_fails)
{
    EXPECT(cell_bounded_init(&cells, NULL, NULL) == MN_OK);
    pool = &cells.pool;
    run(THREADS * HELD);
}

TEST(nor_with_two_levels_of_which_little_is_left)
{
    struct mn_bounded_place place = {.memory = large_memory,
                                     .slot_size = sizeof(struct cell),
                                     .slot_count = LARGE,
                                     .control = large_control};

    pool = &large;
    EXPECT(mn_bounded_init(pool, &place) == MN_OK);
    for (size_t i = 0; i < LARGE - THREADS * HELD; i++)
        EXPECT(mn_bounded_alloc(pool) != NULL);
    run(THREADS * HELD);
}

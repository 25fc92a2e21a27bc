/* SPDX-License-Identifier: MIT */
/* bounded_scenarios.c -- threads and handlers at a bounded pool.
 *
 * Nobody ever holds more slots than there are for all, so no call may fail:
 * not even one that looks at each word just when it is empty. */
#include <mn/bounded.h>

#include <setjmp.h>

#include "pool_scenarios.h"

enum { WORD = 32, SIZE = 8, MOST = 65 * WORD };

static unsigned char memory[MOST * SIZE];
static uint32_t control[MN_BOUNDED_CONTROL(MOST)];
static struct mn_bounded pool;
static int holder[MOST]; /* 0, or one more than the thread that has the slot */
static void *got[EXPLORE_THREADS];

/* ---- a pool and what is out of it ---- */

static size_t index_of(const void *slot)
{
    return (size_t)((const unsigned char *)slot - memory) / SIZE;
}

static void *try_take(void)
{
    void *slot = mn_bounded_alloc(&pool);

    if (slot == NULL)
        return NULL;
    EXPECT(holder[index_of(slot)] == 0);
    holder[index_of(slot)] = explore_self() + 1;
    return slot;
}

static void *take(void)
{
    void *slot = try_take();

    EXPECT(slot != NULL);
    return slot;
}

static void give(void *slot)
{
    EXPECT(holder[index_of(slot)] != 0);
    holder[index_of(slot)] = 0;
    mn_bounded_release(&pool, slot);
}

/* All slots are out but those in `free`, which ends with the count. */
static void setup(size_t count, const size_t *free)
{
    struct mn_bounded_place place = {.memory = memory,
                                     .slot_size = SIZE,
                                     .slot_count = count,
                                     .control = control};

    EXPECT(mn_bounded_init(&pool, &place) == MN_OK);
    for (size_t i = 0; i < count; i++)
        (void)take();
    for (; *free < count; free++)
        give(memory + *free * SIZE);
    pool.hint = 0;
}

void bounded_check(void)
{
    size_t out = 0;

    for (size_t i = 0; i < pool.slot_count; i++)
        out += holder[i] != 0;
    EXPECT(mn_bounded_check(&pool));
    EXPECT(mn_bounded_count_free(&pool) + out == pool.slot_count);
}

/* ---- all want the same slots ---- */

void bounded_setup(void)
{
    static const size_t free[] = {0, 1, WORD, WORD + 2};

    setup(WORD + 2, free);
}

void bounded_body(int thread)
{
    void *slot = take();

    if (thread == 1)
        return;
    give(slot);
    (void)take();
}

/* ---- a slot that is free all the time, but not the same one ---- */

static bool both_free;

void bounded_moves_setup(void)
{
    static const size_t free[] = {WORD, WORD + 1};

    setup(WORD + 1, free);
}

void bounded_moves_body(int thread)
{
    if (thread != 1) {
        got[thread] = try_take();
        return;
    }
    give(memory);
    /* As it is now; where others look at words does not matter. */
    both_free = pool.words[0] != 0 && pool.words[1] != 0;
}

void bounded_moves_check(void)
{
    bounded_check();
    EXPECT(!both_free || (got[0] != NULL && got[2] != NULL));
}

/* ---- two levels ---- */

void bounded_levels_setup(void)
{
    static const size_t free[] = {40 * WORD, 64 * WORD, MOST};

    setup(MOST, free);
    pool.hint = 40;
}

void bounded_levels_body(int thread)
{
    if (thread == 2)
        give(memory + (40 * WORD + 1) * SIZE);
    else
        (void)take();
}

/* ---- two release the same slot ---- */

void bounded_twice_setup(void)
{
    bounded_moves_setup();
    holder[0] = 0;
}

void bounded_twice_body(int thread)
{
    jmp_buf *stop = pool_stop_expected(thread);

    if (thread == 2)
        (void)try_take();
    else if (setjmp(*stop) == 0)
        mn_bounded_release(&pool, memory);
}

/* Unless it was handed out again in between: then nobody could tell. */
void bounded_twice_check(void)
{
    EXPECT(pool_stops() == 1 || (pool_stops() == 0 && holder[0] == 3));
}

/* ---- handlers ---- */

void bounded_signal_body(int thread)
{
    void *slot = take();

    give(slot);
    if (thread == 0)
        (void)take();
}

void bounded_signal_handler(int thread)
{
    if (thread == 0)
        give(take());
}

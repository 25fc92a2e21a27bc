/* SPDX-License-Identifier: MIT */
/* A handler at each instruction in turn of an allocation and of a release. The
 * pool has just the slots that both may hold at a time, so no call may fail. */
#if defined(__x86_64__)
#include <mn/bounded.h>

#include "steps.h"
#include "test.h"

enum { LARGE = 64 * 32 + 5 };

struct cell {
    uint64_t owner;
};
static struct cell memory[LARGE];
static uint32_t control[MN_BOUNDED_CONTROL(LARGE)];
static struct mn_bounded pool;
static struct cell *mine[2];

static struct cell *take(uint64_t owner)
{
    struct cell *cell = mn_bounded_alloc(&pool);

    EXPECT(cell != NULL && cell->owner == 0);
    cell->owner = owner;
    return cell;
}

static void give(struct cell *cell, uint64_t owner)
{
    EXPECT(cell->owner == owner);
    cell->owner = 0;
    mn_bounded_release(&pool, cell);
}

static void alloc_in_steps(void)
{
    STEPS_BEGIN();
    struct cell *cell = mn_bounded_alloc(&pool);
    STEPS_END();
    EXPECT(cell != NULL && cell->owner == 0);
    cell->owner = 1;
    mine[0] = cell;
}

static void free_in_steps(void)
{
    mine[0] = take(1);
    mine[0]->owner = 0;
    STEPS_BEGIN();
    mn_bounded_release(&pool, mine[0]);
    STEPS_END();
    mine[0] = take(1);
}

/* What the handler does: takes and releases, and moves a slot to another. */
static void handle_pair(void)
{
    give(take(2), 2);
}

static void handle_move(void)
{
    struct cell *other = take(2);

    give(mine[1], 1);
    other->owner = 1;
    mine[1] = other;
}

/* `spare` more slots than are held. */
static void walk(size_t count, void (*run)(void), void (*handler)(void))
{
    struct mn_bounded_place place = {.memory = memory,
                                     .slot_size = sizeof *memory,
                                     .slot_count = count,
                                     .control = control,
                                     .unwatched = true};
    long at = 0;

    steps_catch();
    do {
        EXPECT(mn_bounded_init(&pool, &place) == MN_OK);
        for (size_t i = 0; i < count; i++)
            memory[i].owner = 0;
        for (size_t i = 0; i < count - 3; i++)
            EXPECT(mn_bounded_alloc(&pool) != NULL);
        mine[1] = take(1);
        steps_set(++at, handler);
        run();
        EXPECT(mn_bounded_count_free(&pool) == 1);
        EXPECT(mn_bounded_check(&pool));
        give(mine[0], 1);
        give(mine[1], 1);
    } while (steps_fired);
    EXPECT(at > 10);
}

TEST(a_handler_may_use_the_pool_at_any_instruction)
{
    static const size_t counts[] = {3, 33, 70};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        walk(counts[i], alloc_in_steps, handle_pair);
        walk(counts[i], alloc_in_steps, handle_move);
        walk(counts[i], free_in_steps, handle_pair);
        walk(counts[i], free_in_steps, handle_move);
    }
}

TEST(and_where_there_are_two_levels)
{
    walk(LARGE, alloc_in_steps, handle_move);
    walk(LARGE, free_in_steps, handle_move);
}

#endif

/* SPDX-License-Identifier: MIT */
/* An interrupt handler that takes and releases slots of the pool that it
 * interrupts. There is a slot for each that both ever hold, so none may be
 * refused. */
#include <mn/bounded.h>

#include "machine.h"
#include "test.h"

enum { MAIN = 3, HANDLER = 2, TICKS = 3000, PERIOD = 300 };

struct cell {
    uint32_t owner;
};
MN_BOUNDED(cell, MAIN + HANDLER + 1);
static struct cell_bounded cells;

static volatile uint32_t ticks;
static struct cell *in_handler[HANDLER];
static uint64_t handler_random = 5;

/* Processors that need no mask are tried without. */
static bool has_atomics(void)
{
    return __atomic_always_lock_free(sizeof(uint32_t), 0);
}

static void change(struct cell **held, uint32_t self)
{
    if (*held == NULL) {
        *held = cell_bounded_alloc(&cells);
        EXPECT(*held != NULL);
        EXPECT((*held)->owner == 0);
        (*held)->owner = self;
        return;
    }
    EXPECT((*held)->owner == self);
    (*held)->owner = 0;
    cell_bounded_release(&cells, *held);
    *held = NULL;
}

static void tick(void)
{
    ticks = ticks + 1;
    change(&in_handler[test_random(&handler_random) % HANDLER], 2);
}

TEST(an_interrupt_handler_uses_the_pool_that_it_interrupts)
{
    bool (*volatile atomics)(void) = has_atomics;
    struct cell *held[MAIN] = {NULL};
    uint64_t random = 7;
    uint32_t changes = 0;

    EXPECT((atomics() ? cell_bounded_init(&cells, NULL, NULL)
                      : cell_bounded_init(&cells, machine_mask, machine_unmask))
           == MN_OK);
    machine_interrupt(tick, PERIOD);
    for (; ticks < TICKS; changes++)
        change(&held[test_random(&random) % MAIN], 1);
    machine_interrupt_end();
    for (size_t i = 0; i < MAIN; i++)
        if (held[i] != NULL)
            change(&held[i], 1);
    for (size_t i = 0; i < HANDLER; i++)
        if (in_handler[i] != NULL)
            change(&in_handler[i], 2);
    EXPECT(changes > TICKS);
    EXPECT(mn_bounded_count_free(&cells.pool) == MAIN + HANDLER + 1);
    EXPECT(mn_bounded_check(&cells.pool));
}

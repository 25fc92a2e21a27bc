/* SPDX-License-Identifier: MIT */
/* order_scenarios.c -- handlers that interrupt the holder of a lock, while
 * another thread has one that comes before, and waits. */
#include "order_scenarios.h"

#include "heap/heap.h"
#include "heap/report.h"
#include "state.h"

enum {
    KIB = 1024,
    SLOT = 16 * KIB,
    SLOTS = 8,
    OTHER = SLOT - 2 * KIB /* of the class below */
};

static void *block[SLOTS + 1];

static void take_heap(int thread)
{
    explore_ignore(&mni_report_window, sizeof mni_report_window);
    explore_as(thread);
    state_give(state_take(16));
}

/* A full slab. */
static void take_slots(int thread)
{
    explore_as(thread);
    for (int i = 0; i < SLOTS; i++)
        block[i] = state_take(SLOT);
}

/* A thread that gives the common heap what it has waits for the stock, whose
 * holder the handler interrupted. */
void order_ends_setup(void)
{
    take_heap(0);
    take_slots(1);
    block[SLOTS] = state_take(OTHER);
    explore_as(0);
    for (int i = 0; i < SLOTS; i++)
        state_give(block[i]);
}

void order_ends_body(int thread)
{
    if (thread == 0)
        (void)state_take(KIB);
    else
        explore_thread_ends();
}

void order_ends_handler(int thread)
{
    if (thread == 1)
        return;
    (void)state_try_from(NULL, SLOT);
    state_give(block[SLOTS]);
}

/* The same two locks alone, while something comes back to an idle heap. */
void order_setup(void)
{
    take_heap(0);
    take_heap(1);
    take_slots(2);
    explore_thread_ends();
}

void order_body(int thread)
{
    if (thread == 1)
        EXPECT(mni_common_lock());
    EXPECT(mni_stock_lock(&mni_stock));
    mni_stock_unlock(&mni_stock);
    if (thread == 1)
        mni_common_unlock();
}

void order_handler(int thread)
{
    if (thread == 0)
        state_give(block[0]);
}

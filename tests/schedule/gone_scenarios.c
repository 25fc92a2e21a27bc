/* SPDX-License-Identifier: MIT */
/* gone_scenarios.c -- threads empty a slab of another one, and return its span,
 * whatever its owner does meanwhile. */
#include "gone_scenarios.h"

#include <mn/stats.h>

#include "heap/report.h"
#include "heap/returned.h"
#include "state.h"

enum {
    KIB = 1024,
    SLOT = 16 * KIB,
    SLOTS = 8,
    OTHER = SLOT - 2 * KIB /* of the class below */
};

static void *block[2 * SLOTS];

/* Thread 0 has two slabs, and allocates from the second one, which is full. */
static void take_slots(void)
{
    explore_ignore(&mni_report_window, sizeof mni_report_window);
    explore_as(0);
    for (int i = 0; i < 2 * SLOTS; i++)
        block[i] = state_take(SLOT);
}

/* All but two slots of the first slab are returned. */
static void give_slots(int thread)
{
    explore_as(thread);
    for (int i = 2; i < SLOTS; i++)
        state_give(block[i]);
}

/* By the owner: the slab is listed. */
void gone_listed_setup(void)
{
    take_slots();
    give_slots(0);
}

/* By another thread: it stays full, and the owner is told. */
void gone_full_setup(void)
{
    take_slots();
    give_slots(1);
}

/* The owner takes the slab up. */
void gone_take_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
        (void)state_take(OTHER);
        (void)state_take(KIB);
    } else {
        state_give(block[thread - 1]);
    }
}

/* It takes it up, and puts it back with a block in it. */
void gone_again_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
        (void)mn_trim();
        (void)state_take(OTHER);
    } else {
        state_give(block[thread - 1]);
    }
}

void gone_ends_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        state_give(block[thread - 1]);
}

static bool visit_block(const struct mn_block *found, void *context)
{
    size_t *count = context;

    EXPECT(found->state == MN_ALLOCATED && found->size == SLOT);
    ++*count;
    return true;
}

/* The owner looks at all blocks, and at the statistics. */
void gone_visit_body(int thread)
{
    struct mn_stats stats;
    size_t count = 0;

    if (thread != 0) {
        state_give(block[thread - 1]);
        return;
    }
    if (mn_heap_walk(NULL, visit_block, &count))
        EXPECT(count >= SLOTS && count <= SLOTS + 2);
    EXPECT(mn_stats(&stats));
    EXPECT(stats.payload + stats.rounding + stats.in_hand + stats.in_spans
               + stats.spans + stats.purgeable + stats.untouched
               + stats.metadata
           == stats.committed);
}

/* The pages of what was returned are purged. */
void gone_purge_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
    } else if (thread == 1) {
        state_give(block[0]);
        state_give(block[1]);
    } else {
        (void)mni_returned_purge(true, true);
    }
}

/* A handler empties the slab that its thread is about to take up. */
void gone_signal_body(int thread)
{
    if (thread == 1) {
        state_give(block[1]);
        return;
    }
    (void)state_take(SLOT);
    (void)state_take(OTHER);
}

void gone_signal_handler(int thread)
{
    if (thread == 0)
        state_give(block[0]);
}

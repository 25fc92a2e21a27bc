/* SPDX-License-Identifier: MIT */
/* visit_scenarios.c -- a walk over all blocks, while they come and go. */
#include "visit_scenarios.h"

#include "heap/report.h"
#include "state.h"

enum { KIB = 1024, SLOT = 16 * KIB, SLOTS = 8, SPAN = 256 * KIB };

static void *block[SLOTS + 3];

/* All of one slab, for thread 0. */
static void take_slots(void)
{
    explore_ignore(&mni_report_window, sizeof mni_report_window);
    explore_as(0);
    for (int i = 0; i < SLOTS; i++)
        block[i] = state_take(SLOT);
}

struct visit {
    const void *out;      /* all the time */
    const void *released; /* before */
    int count;
};

static bool visit_block(const struct mn_block *found, void *context)
{
    struct visit *visit = context;

    EXPECT(found->state == MN_ALLOCATED && found->start != visit->released);
    EXPECT(found->size == KIB || found->size == SLOT || found->size == SPAN
           || found->size == 2 * SPAN);
    visit->count += found->start == visit->out;
    return true;
}

/* A walk may give up where others disturb it again and again. */
static void visit_all(const void *out, const void *released)
{
    struct visit visit = {out, released, 0};

    if (mn_heap_walk(NULL, visit_block, &visit))
        EXPECT(visit.count == (out != NULL));
}

/* A block that was released is on its way to the owner, and is not seen. */
void visit_setup(void)
{
    take_slots();
}

void visit_body(int thread)
{
    if (thread == 0) {
        (void)mn_trim();
    } else if (thread == 1) {
        state_give(block[0]);
        visit_all(block[1], block[0]);
    } else {
        state_give(block[2]);
    }
}

/* The same, and the slab becomes another heap's: two that have no heap release
 * to a thread that has ended, and the one need not wait for the other. */
void visit_left_setup(void)
{
    take_slots();
    explore_thread_ends();
}

void visit_left_body(int thread)
{
    state_give(block[thread]);
    if (thread == 1)
        visit_all(block[2], block[1]);
}

/* A span goes away, and its record and memory come back as others. */
void visit_gone_setup(void)
{
    explore_ignore(&mni_report_window, sizeof mni_report_window);
    explore_as(0);
    (void)state_take(SPAN);
    explore_as(1);
    block[SLOTS] = state_take(KIB);
    block[SLOTS + 1] = state_take(2 * SPAN);
    explore_as(2);
    block[SLOTS + 2] = state_take(SPAN);
}

void visit_gone_body(int thread)
{
    if (thread == 0) {
        visit_all(block[SLOTS], NULL);
    } else if (thread == 1) {
        state_give(block[SLOTS + 2]);
        (void)state_take(2 * SPAN);
    } else {
        state_give(block[SLOTS + 1]);
        (void)state_take(SPAN);
    }
}

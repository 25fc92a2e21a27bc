/* SPDX-License-Identifier: MIT */
/* purge_scenarios.c -- pages of slots that wait for their owner are purged,
 * whatever it does meanwhile. */
#include "purge_scenarios.h"

#include "heap/report.h"
#include "heap/returned.h"
#include "state.h"

enum {
    KIB = 1024,
    SLOT = 16 * KIB,
    SLOTS = 8,
    OTHER = SLOT - 2 * KIB /* of the class below */
};

static void *block[SLOTS + 1];

/* Those of one slab, for thread 0, and perhaps one of the next. */
static void take_slots(int count)
{
    explore_ignore(&mni_report_window, sizeof mni_report_window);
    explore_as(0);
    for (int i = 0; i < count; i++)
        block[i] = state_take(SLOT);
}

/* The pages of what was returned are purged, while the owner takes it in. */
void purge_setup(void)
{
    take_slots(SLOTS);
    explore_as(1);
    state_give(block[0]);
}

void purge_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
        (void)state_take(SLOT);
    } else if (thread == 1) {
        state_give(block[1]);
    } else {
        (void)mni_returned_purge(true, true);
    }
}

/* And while it empties the slab, so that its record becomes another's. */
void purge_empty_setup(void)
{
    take_slots(SLOTS + 1);
    for (int i = 0; i < SLOTS - 3; i++)
        state_give(block[i]);
    explore_as(1);
    state_give(block[SLOTS - 2]);
}

void purge_empty_body(int thread)
{
    if (thread == 0) {
        state_give(block[SLOTS - 1]);
        (void)mn_trim();
        (void)state_take(OTHER);
        (void)state_take(KIB);
    } else if (thread == 1) {
        state_give(block[SLOTS - 3]);
    } else {
        (void)mni_returned_purge(true, true);
    }
}

/* And while the owner ends. */
void purge_ends_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        purge_body(thread);
}

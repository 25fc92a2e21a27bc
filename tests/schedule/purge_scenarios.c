/* SPDX-License-Identifier: MIT */
/* purge_scenarios.c -- pages of slots that wait for their owner are purged, and
 * of those that nobody needs, whatever the owner does meanwhile. */
#include "purge_scenarios.h"

#include "heap/ages.h"
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

/* ---- slots that nobody needs ---- */

static void look_at_ages(void)
{
    struct mni_ages_look look = {.everything = true};

    EXPECT(mni_stock_lock(&mni_stock));
    EXPECT(mni_ages_begin(&look));
    while (!mni_ages_go_on(&look))
        continue;
    mni_stock_unlock(&mni_stock);
}

/* A slab of which slots are free is made current while they are purged. */
void ages_setup(void)
{
    take_slots(2 * SLOTS);
    state_give(block[0]);
    state_give(block[1]);
}

void ages_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
        (void)state_take(SLOT);
    } else if (thread == 1) {
        state_give(block[2]);
    } else {
        look_at_ages();
    }
}

/* It is one that an ended thread left. */
void ages_left_setup(void)
{
    ages_setup();
    explore_thread_ends();
}

void ages_left_body(int thread)
{
    if (thread == 0)
        state_give(block[2]);
    else if (thread == 1)
        (void)state_take(SLOT);
    else
        look_at_ages();
}

/* Or it is emptied, and its record becomes another's. */
void ages_empty_setup(void)
{
    take_slots(SLOTS + 1);
    for (int i = 0; i < SLOTS - 2; i++)
        state_give(block[i]);
}

void ages_empty_body(int thread)
{
    if (thread == 0) {
        state_give(block[SLOTS - 1]);
        (void)state_take(OTHER);
        (void)state_take(KIB);
    } else if (thread == 1) {
        state_give(block[SLOTS - 2]);
    } else {
        look_at_ages();
    }
}

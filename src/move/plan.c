/* SPDX-License-Identifier: MIT */
/* plan.c -- moves that somebody else makes.
 *
 * A plan goes over a run of holes and blocks by rising address. It takes the
 * holes in hand and pins the blocks, so that nothing can come between. A commit
 * does to the records what a step does, and joins what is in hand; the last one
 * gives it back, and so does abandoning. The holes in hand are found beside the
 * blocks of the pieces: a plan has no memory but these.
 */
#include <mn/plan.h>

#include "move/move.h"

static uint32_t plan_record(const struct mn_plan *plan, size_t piece)
{
    const struct mn_mover *mover = plan->mover;
    uintptr_t bits = plan->pieces[piece].handle.bits;

    return mover->records[mni_mover_number(bits & mover->mask)];
}

static bool plan_is_held(const struct mn_mover *mover, uint32_t record)
{
    return !mni_tiles_is_free(mover->tiles, record)
           && mover->owners[record].entry == MNI_MOVE_HELD;
}

static bool plan_is_fixed(const struct mn_mover *mover, uint32_t record)
{
    uint32_t number = mover->owners[record].entry;

    return number == MNI_MOVE_HELD || mover->entries[number].pins != 0;
}

/* The lowest hole from the cursor on that a block follows which can move; 0 if
 * there is none. */
static uint32_t plan_find(struct mn_mover *mover)
{
    uint32_t i = 0;

    if (mni_mover_bytes(mover->cursor) < mover->size)
        i = mni_mover_over(mover, mover->cursor);
    for (; i != 0; i = mni_mover_tile(mover, i)->right) {
        uint32_t right = mni_mover_tile(mover, i)->right;
        mover->cursor = mni_mover_tile(mover, i)->start;
        if (right != 0 && mni_tiles_is_free(mover->tiles, i)
            && !plan_is_fixed(mover, right))
            return i;
    }
    mover->cursor = 0;
    return 0;
}

/* Add the block of the record. Where the next one goes. */
static uint32_t plan_add(struct mn_plan *plan, uint32_t record, uint32_t to)
{
    struct mn_mover *mover = plan->mover;
    const struct mni_tile *tile = mni_mover_tile(mover, record);
    struct mn_mover_entry *entry =
        mni_mover_entry(mover, mover->owners[record].entry);

    plan->pieces[plan->count++] = (struct mn_move_piece){
        .handle = {entry->word},
        .from = mni_mover_bytes(tile->start),
        .to = mni_mover_bytes(to),
        .size = mni_mover_bytes(tile->size),
        .overlaps = tile->start - to < tile->size,
    };
    entry->pins++;
    return to + tile->size;
}

size_t mn_plan_begin(struct mn_plan *plan, struct mn_mover *mover,
                     struct mn_move_piece *pieces, size_t room, size_t size)
{
    size_t planned = 0;

    mni_mover_enter(mover);
    MN_CHECK(mover->threads == NULL, "a plan of a mover of many threads");
    *plan = (struct mn_plan){.mover = mover, .pieces = pieces};
    if (mover->windows) {
        mover->windows = false;
        mover->cursor = 0;
    }
    mover->limit = (uint32_t)(mover->size / MN_MOVER_GRANULE);
    uint32_t i = plan_find(mover);
    if (i == 0)
        return 0;
    uint32_t to = mni_mover_tile(mover, i)->start;
    while (i != 0 && plan->count < room
           && (planned < size || plan->count == 0)) {
        /* A hole is of use only if a block behind it is to move. */
        uint32_t block = mni_tiles_is_free(mover->tiles, i)
                             ? mni_mover_tile(mover, i)->right
                             : i;
        if (block == 0 || plan_is_fixed(mover, block))
            break;
        if (block != i)
            mni_mover_hold(mover, i);
        to = plan_add(plan, block, to);
        planned += plan->pieces[plan->count - 1].size;
        i = mni_mover_tile(mover, block)->right;
    }
    return plan->count;
}

void mn_plan_commit(struct mn_plan *plan)
{
    struct mn_mover *mover = plan->mover;

    MN_CHECK(plan->next < plan->count, "a plan has no piece left");
    mni_mover_enter(mover);
    const struct mn_move_piece *piece = &plan->pieces[plan->next];
    uint32_t record = plan_record(plan, plan->next);
    uint32_t hole = mni_mover_tile(mover, record)->left;
    struct mn_mover_entry *entry =
        mni_mover_entry(mover, mover->owners[record].entry);
    MN_CHECK(piece->size
                 == mni_mover_bytes(mni_mover_tile(mover, record)->size),
             "a block of a plan was resized");
    MN_ASSERT(plan_is_held(mover, hole));
    hole = mni_mover_exchange(mover, hole);
    entry->place = (uint32_t)(piece->to / MN_MOVER_GRANULE);
    entry->pins--;
    mover->changes++;
    plan->next++;
    if (plan->next == plan->count) {
        hole = mni_mover_let_go(mover, hole);
        mover->cursor = mni_mover_tile(mover, hole)->start;
    } else if (plan_is_held(mover, mni_mover_tile(mover, hole)->right)) {
        mni_tile_merge(mover->tiles, hole);
        mni_mover_note(mover, hole);
    } else {
        mni_mover_note(mover, hole);
    }
    if (mover->moved_fn != NULL) {
        mover->busy = true;
        mover->moved_fn(piece->handle, piece->from, piece->to, piece->size,
                        mover->context);
        mover->busy = false;
    }
}

void mn_plan_abandon(struct mn_plan *plan)
{
    struct mn_mover *mover = plan->mover;

    mni_mover_enter(mover);
    if (plan->next == plan->count)
        return;
    uint32_t i = mni_mover_tile(mover, plan_record(plan, plan->next))->left;
    uint32_t last = plan_record(plan, plan->count - 1);
    while (i != last) {
        uint32_t right = mni_mover_tile(mover, i)->right;
        if (plan_is_held(mover, i))
            (void)mni_mover_let_go(mover, i);
        i = right;
    }
    for (size_t k = plan->next; k < plan->count; k++)
        mn_mover_entry(mover, plan->pieces[k].handle)->pins--;
    mover->changes++;
    plan->count = plan->next;
}

/* SPDX-License-Identifier: MIT */
/* step.c -- compaction: blocks slide to the low end, some in each step.
 *
 * A step takes the lowest hole in hand and moves the block behind it to the
 * hole's start: the hole is then behind the block, and grows by what holes it
 * meets. So a block moves down and at most onto itself, and everything below
 * the hole is done. Before a pinned block the hole is given back, and the next
 * one is looked for. Between any two moves the records tell the truth.
 */
#include "move/move.h"

struct step {
    struct mn_mover *mover;
    const struct mn_move_goal *goal;
    size_t left; /* bytes that may still be moved or looked at */
    struct mni_mover_runs runs;
};

/* ---- one move ---- */

void mni_mover_hold(struct mn_mover *mover, uint32_t hole)
{
    tiles_withdraw(mover->tiles, hole);
    mover->owners[hole].entry = MNI_MOVE_HELD;
}

uint32_t mni_mover_let_go(struct mn_mover *mover, uint32_t hole)
{
    hole = mni_tiles_release(mover->tiles, hole);
    mni_mover_note(mover, hole);
    return hole;
}

uint32_t mni_mover_exchange(struct mn_mover *mover, uint32_t hole)
{
    struct mni_tile *low = mni_mover_tile(mover, hole);
    uint32_t record = low->right;
    struct mni_tile *high = mni_mover_tile(mover, record);
    uint32_t number = mover->owners[record].entry;
    uint32_t room = low->size;

    MN_ASSERT(number != MNI_MOVE_HELD);
    low->size = high->size;
    high->start = low->start + low->size;
    high->size = room;
    mover->owners[hole] = mover->owners[record];
    mover->owners[record].entry = MNI_MOVE_HELD;
    mover->records[number] = hole;
    mni_mover_note(mover, hole);
    mover->moved += mni_mover_bytes(low->size);
    mover->moves++;
    return record;
}

/* Note that a block has moved. False if no more can be noted. */
static bool step_note(struct step *step, uintptr_t from, size_t size,
                      size_t distance)
{
    struct mni_mover_runs *runs = &step->runs;

    if (step->mover->pointing == 0)
        return true;
    if (runs->count > 0) {
        struct mni_mover_run *run = &runs->run[runs->count - 1];
        if (run->distance == distance && run->from + run->size == from) {
            run->size += size;
            return true;
        }
    }
    runs->run[runs->count++] = (struct mni_mover_run){from, size, distance};
    return runs->count < MNI_MOVE_RUNS;
}

/* Copy down by `distance`, low bytes first. The builtins: without a C library
 * there is no header to name them, and no memmove. */
static void step_copy_down(unsigned char *to, size_t distance, size_t size)
{
    if (!MN_FREESTANDING) {
        __builtin_memmove(to, to + distance, size);
        return;
    }
    while (size > 0) {
        size_t part = size < distance ? size : distance;
        __builtin_memcpy(to, to + distance, part);
        to += part;
        size -= part;
    }
}

/* Copy a block. False if it is pinned. */
static bool step_copy(struct mn_mover *mover, struct mn_mover_entry *entry,
                      uint32_t from, uint32_t to, uint32_t size)
{
    if (!mni_mover_claim(mover, entry, from - to < size))
        return false;
    step_copy_down(mover->base + mni_mover_bytes(to),
                   mni_mover_bytes(from - to), mni_mover_bytes(size));
    return mni_mover_settle(mover, entry, to);
}

/* Move the block `record` behind the hole. The record of the hole then, or 0
 * if the block is pinned. */
static uint32_t step_move(struct step *step, uint32_t hole, uint32_t record)
{
    struct mn_mover *mover = step->mover;
    uint32_t number = mover->owners[record].entry;

    if (number == MNI_MOVE_HELD)
        return 0;
    struct mn_mover_entry *entry = mni_mover_entry(mover, number);
    uint32_t from = mni_mover_tile(mover, record)->start;
    uint32_t to = mni_mover_tile(mover, hole)->start;
    uint32_t granules = mni_mover_tile(mover, record)->size;
    size_t size = mni_mover_bytes(granules);
    if (!step_copy(mover, entry, from, to, granules))
        return 0;
    hole = mni_mover_exchange(mover, hole);
    step->left = step->left > size ? step->left - size : 0;
    if (!step_note(step, (uintptr_t)mover->base + mni_mover_bytes(from), size,
                   mni_mover_bytes(from - to)))
        step->left = 0;
    if (mover->moved_fn != NULL && mni_mover_is_live(mover, number))
        mover->moved_fn((struct mn_handle){entry->word}, mni_mover_bytes(from),
                        mni_mover_bytes(to), size, mover->context);
    return hole;
}

/* ---- one hole ---- */

/* Spend what looking at a block costs. False if nothing is left. */
static bool step_look(struct step *step)
{
    if (step->left < MN_MOVER_LOOK) {
        step->left = 0;
        return false;
    }
    step->left -= MN_MOVER_LOOK;
    return true;
}

/* Whether a hole of `size` granules is what is wanted. */
static bool step_is_enough(const struct step *step, uint32_t size)
{
    const struct mn_move_goal *goal = step->goal;
    uint64_t total = mni_mover_free(step->mover);

    if (goal->hole != 0 && mni_mover_bytes(size) >= goal->hole)
        return true;
    return goal->fragmentation != 0
           && (total - size) * 1000 <= total * goal->fragmentation;
}

/* Slide what is behind the hole, up to the limit. */
static void step_slide(struct step *step, uint32_t hole)
{
    struct mn_mover *mover = step->mover;

    mni_mover_hold(mover, hole);
    for (;;) {
        const struct mni_tile *tile = mni_mover_tile(mover, hole);
        uint32_t right = tile->right;
        mover->cursor = tile->start;
        if (right == 0 || tile->start + tile->size >= mover->limit) {
            mover->cursor = mover->limit;
            break;
        }
        if (mni_tiles_is_free(mover->tiles, right)) {
            tiles_absorb_right(mover->tiles, hole);
            continue;
        }
        if (step_is_enough(step, tile->size) || !step_look(step))
            break;
        uint32_t next = step_move(step, hole, right);
        if (next == 0) {
            mover->cursor = mni_mover_tile(mover, right)->start
                            + mni_mover_tile(mover, right)->size;
            break;
        }
        hole = next;
    }
    (void)mni_mover_let_go(mover, hole);
}

/* The lowest hole from the cursor on, below the limit; 0 if there is none, or
 * if nothing is left. */
static uint32_t step_find(struct step *step)
{
    struct mn_mover *mover = step->mover;
    uint32_t i = 0;

    if (mover->cursor < mover->limit)
        i = mni_mover_over(mover, mover->cursor);
    while (i != 0 && !mni_tiles_is_free(mover->tiles, i)) {
        const struct mni_tile *tile = mni_mover_tile(mover, i);
        mover->cursor = tile->start + tile->size;
        if (!step_look(step))
            return 0;
        i = mover->cursor < mover->limit ? tile->right : 0;
    }
    return i;
}

/* ---- a step ---- */

/* How large a hole the cheapest moves are to make: what is asked for, or twice
 * the largest there is. 0: no larger one can be. */
static uint32_t step_need(const struct step *step)
{
    const struct mn_move_goal *goal = step->goal;
    uint32_t total = mni_mover_free(step->mover);
    uint32_t largest = mni_mover_largest(step->mover);
    uint64_t need = 2 * (uint64_t)largest;

    if (goal->hole != 0 && goal->hole <= step->mover->size)
        need = mni_mover_granules(goal->hole);
    else if (goal->fragmentation != 0 && goal->fragmentation < 1000)
        need = total - (uint64_t)total * goal->fragmentation / 1000;
    if (need > total)
        need = total;
    return need > largest ? (uint32_t)need : 0;
}

/* Begin as the policy wants it, unless the step before did. */
static void step_begin(const struct step *step)
{
    struct mn_mover *mover = step->mover;
    bool windows = step->goal->policy == MN_MOVE_CHEAPEST;

    if (mover->windows == windows)
        return;
    mover->windows = windows;
    mover->limit = (uint32_t)(mover->size / MN_MOVER_GRANULE);
    mover->cursor = windows ? mover->limit : 0;
    mover->search->need = 0;
}

/* All is done up to the limit. Whether there is more to do elsewhere. */
static bool step_turn(struct step *step)
{
    struct mn_mover *mover = step->mover;

    if (!mover->windows) {
        mover->cursor = 0;
        return false;
    }
    uint32_t need = step_need(step);
    size_t looks = step->left / MN_MOVER_LOOK;
    enum mni_mover_found found =
        need == 0 ? MNI_MOVER_NONE : mni_mover_seek(mover, need, &looks);
    step->left = found == MNI_MOVER_NOT_YET ? 0 : looks * MN_MOVER_LOOK;
    return found != MNI_MOVER_NONE;
}

/* Whether one hole, at the end, is all there is, or what is wanted. */
static bool step_is_done(const struct step *step)
{
    struct mn_mover *mover = step->mover;
    const struct mni_tiles *tiles = mover->tiles;
    uint32_t last = mni_mover_over(mover, tiles->capacity - 1);
    uint32_t end =
        mni_tiles_is_free(tiles, last) ? tiles->record[last].size : 0;

    return end == mni_mover_free(mover)
           || step_is_enough(step, mni_mover_largest(mover));
}

static bool step_run(struct step *step)
{
    bool more = !step_is_done(step);

    while (more && step->left > 0) {
        uint32_t hole = step_find(step);
        if (hole != 0) {
            step_slide(step, hole);
            more = !step_is_done(step);
        } else if (step->left > 0) {
            more = step_turn(step);
        }
    }
    return more;
}

bool mn_mover_step(struct mn_mover *mover, const struct mn_move_goal *goal,
                   size_t size)
{
    static const struct mn_move_goal all = {MN_MOVE_ALL, 0, 0};
    struct step step = {
        .mover = mover,
        .goal = goal != NULL ? goal : &all,
        .left = size < MN_MOVER_LOOK ? MN_MOVER_LOOK : size,
        .runs = {.count = 0},
    };

    mni_mover_enter(mover);
    MN_CHECK(!mover->untouched, "a mover of memory that is not touched steps");
    mover->busy = true;
    step_begin(&step);
    bool more = step_run(&step);
    if (step.runs.count > 0)
        mni_mover_follow(mover, &step.runs);
    mover->busy = false;
    if (!more && mover->room != NULL)
        more = mover->room->shrink(mover);
    return more;
}

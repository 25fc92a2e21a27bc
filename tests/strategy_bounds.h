/* SPDX-License-Identifier: MIT */
/* strategy_bounds.h -- what else holds of each strategy of ours.
 *
 * Its check sees every change of what it keeps; and what it does grows at most
 * as the logarithm of the number of free blocks, by counted instructions.
 */
#ifndef MN_STRATEGY_BOUNDS_H
#define MN_STRATEGY_BOUNDS_H

#include "instructions.h"
#include "strategy_model.h"

/* ---- damage ---- */

/* Each other value of *link is seen. */
static void expect_damage_seen(MNI_TILE_LINK *link)
{
    MNI_TILE_LINK was = *link;
    uint32_t step = MN_DEBUG ? 5 : 1;

    for (uint32_t value = 0; value < tiles->count + 2; value += step) {
        *link = (MNI_TILE_LINK)value;
        EXPECT(mni_tiles_check(tiles) == (value == was));
    }
    *link = (MNI_TILE_LINK)UINT32_MAX;
    EXPECT(!mni_tiles_check(tiles));
    *link = was;
}

TEST(every_other_value_in_a_free_record_is_seen)
{
    uint64_t random = 5;

    both_begin(4000, 500, 0);
    for (int k = 0; k < 90; k++)
        (void)both_alloc(1 + model_random(&random, 30), 1);
    for (uint32_t n = both_out_from(0); n < model.count;
         n = both_out_from(n + 2))
        both_free(n);
    both_compare();
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        if (!mni_tiles_is_free(tiles, i))
            continue;
        expect_damage_seen(&MNI_TILE(tiles, i).prev);
        expect_damage_seen(&MNI_TILE(tiles, i).next);
        expect_damage_seen(&MNI_TILE(tiles, i).list);
#ifdef MNI_TILES_EXTRA
        expect_damage_seen(&MNI_TILE(tiles, i).extra);
#endif
    }
    for (int c = 0; c < MNI_TILES_HEADS; c++)
        expect_damage_seen(&tiles->head[c]);
}

/* ---- the work, counted ---- */

#if MN_COUNTS_INSTRUCTIONS

enum {
    WORK_MANY = MNI_TILE_BITS == 16 ? 20000 / MNI_TILE_UNIT : 100000,
    WORK_FEW = WORK_MANY / 10,
    WORK_SAMPLES = MN_DEBUG ? 12 : 60
};

struct model_work {
    unsigned long propose;
    unsigned long removed;
    unsigned long added;
};

static __attribute__((noinline)) unsigned long work_propose(uint32_t size)
{
    instructions_begin();
    uint32_t i = mni_strategy_propose(tiles, size);
    unsigned long count = instructions_end();
    EXPECT(i < tiles->count);
    return count;
}

static __attribute__((noinline)) unsigned long work_removed(uint32_t i)
{
    instructions_begin();
    mni_strategy_removed(tiles, i);
    return instructions_end();
}

static __attribute__((noinline)) unsigned long work_added(uint32_t i)
{
    instructions_begin();
    mni_strategy_added(tiles, i);
    return instructions_end();
}

static void work_note(unsigned long *most, unsigned long count)
{
    EXPECT(count > 0);
    *most = count > *most ? count : *most;
}

/* The most that each function does when there are `count` free blocks. */
static struct model_work work_with(uint32_t count)
{
    struct model_work most = {0, 0, 0};
    uint64_t random = 6;
    uint32_t range = MNI_TILE_BITS == 16 ? 3 : 1000;

    both_begin(MNI_TILES_CAPACITY_MAX, 2 * count + 2, 0);
    uint32_t *blocks = malloc(count * sizeof *blocks);
    EXPECT(blocks != NULL);
    for (uint32_t k = 0; k < count; k++) {
        blocks[k] = mni_tiles_alloc(tiles, 1 + model_random(&random, range), 1);
        EXPECT(blocks[k] != 0 && mni_tiles_alloc(tiles, 1, 1) != 0);
    }
    for (uint32_t k = 0; k < count; k++)
        EXPECT(mni_tiles_free(tiles, blocks[k]));
    EXPECT(mni_tiles_check(tiles));
    for (int sample = 0; sample < WORK_SAMPLES; sample++) {
        uint32_t i = blocks[model_random(&random, count)];
        work_note(&most.propose,
                  work_propose(1 + model_random(&random, range)));
        work_note(&most.removed, work_removed(i));
        work_note(&most.added, work_added(i));
    }
    EXPECT(mni_tiles_check(tiles));
    free(blocks);
    return most;
}

TEST(ten_times_the_free_blocks_cost_at_most_twice_the_work)
{
    struct model_work few = work_with(WORK_FEW);
    struct model_work many = work_with(WORK_MANY);

    EXPECT(many.propose <= 2 * few.propose);
    EXPECT(many.removed <= 2 * few.removed);
    EXPECT(many.added <= 2 * few.added);
}

#endif

#endif

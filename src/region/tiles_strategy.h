/* SPDX-License-Identifier: MIT */
/* tiles_strategy.h -- what the bookkeeping asks of every strategy.
 *
 * A strategy defines these four functions and the predicate `strategy`. The
 * bookkeeping is proved from the contracts here, so for all strategies at
 * once: a proposal may be any number. A strategy's own header is proved, or
 * tested, to keep them.
 *
 * A strategy may use summary, words, head, and of each free block prev, next,
 * list (below MNI_TILES_SPARE) and extra.
 */
#ifndef MNI_TILES_STRATEGY_H
#define MNI_TILES_STRATEGY_H

#include "region/tiles.h"

/*@ predicate inv(struct mni_tiles t) = core(t) && strategy(t);
 */

/* There is no free block. */
/*@ requires \valid(tiles);
    requires none: \forall integer j; !isfree(*tiles, j);
    requires count: 2 <= tiles->count <= MNI_TILES_MAX;
    assigns tiles->summary, tiles->words[0 .. MNI_TILES_WORDS - 1],
            tiles->head[0 .. MNI_TILES_HEADS - 1];
    ensures strategy: strategy(*tiles);
*/
static inline void mni_strategy_begin(struct mni_tiles *tiles);

/* A free block of at least `size` granules; 0 or anything else for none. */
/*@ requires \valid_read(tiles) && inv(*tiles);
    requires 0 < size <= tiles->capacity;
    assigns \nothing;
*/
static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size);

/* Block `i` is no longer free: it becomes USED. */
/*@ requires \valid(tiles) && core(*tiles) && strategy(*tiles);
    requires isfree(*tiles, i);
    assigns *tiles;
    ensures strategy: strategy(*tiles);
    ensures used: tiles->record[i].list == MNI_TILES_USED;
    ensures states: same_states(\old(*tiles), *tiles, i);
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures spares: same_spares(\old(*tiles), *tiles);
*/
static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i);

/* Block `i`, so far USED, is free; neither neighbour is. */
/*@ requires \valid(tiles) && core(*tiles) && strategy(*tiles);
    requires isused(*tiles, i);
    assigns *tiles;
    ensures strategy: strategy(*tiles);
    ensures free: tiles->record[i].list < MNI_TILES_SPARE;
    ensures states: same_states(\old(*tiles), *tiles, i);
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures spares: same_spares(\old(*tiles), *tiles);
*/
static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i);

/* Two choices that any answer is right for, and so the prover sees none. */

/* Whether to cut from the high end of free block `i` rather than the low one.
 * By default, so that the rest lies beside the smaller neighbour, where it has
 * the better chance to merge soon: measured, a hundredth more of the arena can
 * be used than by always cutting from the low end. The end of the region
 * counts as a neighbour of no size. With MNI_TILES_LOW, never: blocks can grow
 * to the right, and what has never been used lies together. */
/*@ requires \valid_read(tiles) && core(*tiles) && isfree(*tiles, i);
    assigns \nothing;
*/
static inline bool mni_tile_high(const struct mni_tiles *tiles, uint32_t i);

/* Whether `rest` granules, more than 0, are worth a block of their own. */
/*@ assigns \nothing;
 */
static inline bool mni_tile_splits(uint32_t rest);

#ifndef MNI_TILES_REST
#define MNI_TILES_REST 1
#endif

#ifndef __FRAMAC__
static inline bool mni_tile_high(const struct mni_tiles *tiles, uint32_t i)
{
#ifdef MNI_TILES_LOW
    (void)tiles;
    (void)i;
    return false;
#else
    return MNI_TILE(tiles, MNI_TILE(tiles, i).right).size
           > MNI_TILE(tiles, MNI_TILE(tiles, i).left).size;
#endif
}

static inline bool mni_tile_splits(uint32_t rest)
{
    return rest >= MNI_TILES_REST;
}

/* Whether what the strategy keeps is right, and it knows each free block and
 * no other; there are `free_count`. Reads everything, and believes none of it:
 * each index is compared with `count` before it is followed, each walk is
 * bounded. */
static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count);
#endif

#endif

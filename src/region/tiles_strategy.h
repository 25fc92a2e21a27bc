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

#ifndef __FRAMAC__
/* Whether what the strategy keeps is right, and it knows each free block and
 * no other; there are `free_count`. Reads everything, and believes none of it:
 * each index is compared with `count` before it is followed, each walk is
 * bounded. */
static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count);
#endif

#endif

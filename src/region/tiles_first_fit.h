/* SPDX-License-Identifier: MIT */
/* tiles_first_fit.h -- first fit: a strategy of the tiles.
 *
 * The free block that starts lowest is proposed, of those that are large
 * enough: O(log n).
 *
 * The order is tested against a model, not proved: see tiles_tree.h.
 */
#ifndef MNI_TILES_FIRST_FIT_H
#define MNI_TILES_FIRST_FIT_H

enum { MNI_TILES_WORDS = 1 };

#include "region/tiles_by_start.h"

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    tiles->head[0] = 0;
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    return mni_tree_lowest(tiles, tiles->head[0], size);
}

static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i)
{
    mni_tree_remove(tiles, i);
}

static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i)
{
    mni_tree_add(tiles, i);
}

static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count)
{
    return mni_tree_check(tiles, free_count);
}

#endif

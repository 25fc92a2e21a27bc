/* SPDX-License-Identifier: MIT */
/* tiles_best_fit.h -- best fit: a strategy of the tiles.
 *
 * The smallest free block that is large enough is proposed; among equal ones
 * the one that starts lowest. A tree by size, then start: O(log n).
 *
 * The order is tested against a model, not proved: see tiles_tree.h.
 */
#ifndef MNI_TILES_BEST_FIT_H
#define MNI_TILES_BEST_FIT_H

enum { MNI_TILES_WORDS = 1 };

/* A single granule is left with the block it would be cut from: next to best
 * fits such rests pile up, and serve the smallest requests only. */
#define MNI_TILES_REST 2

#include "region/tiles_tree.h"

static inline bool mni_tree_before(const struct mni_tiles *tiles, uint32_t a,
                                   uint32_t b)
{
    const struct mni_tile *first = &MNI_TILE(tiles, a);
    const struct mni_tile *second = &MNI_TILE(tiles, b);

    return first->size < second->size
           || (first->size == second->size && first->start < second->start);
}

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    tiles->head[0] = 0;
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    uint32_t found = 0;

    for (uint32_t i = tiles->head[0]; i != 0;) {
        bool enough = MNI_TILE(tiles, i).size >= size;
        found = enough ? i : found;
        i = enough ? MNI_TILE(tiles, i).prev : MNI_TILE(tiles, i).next;
    }
    return found;
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

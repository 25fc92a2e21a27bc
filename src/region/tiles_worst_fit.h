/* SPDX-License-Identifier: MIT */
/* tiles_worst_fit.h -- worst fit: a strategy of the tiles.
 *
 * The largest free block is proposed; among equal ones the one that starts
 * lowest. A tree by falling size, then rising start: its first node is the
 * proposal. O(log n).
 *
 * The order is tested against a model, not proved: see tiles_tree.h.
 */
#ifndef MNI_TILES_WORST_FIT_H
#define MNI_TILES_WORST_FIT_H

enum { MNI_TILES_WORDS = 1 };

#include "region/tiles_tree.h"

static inline bool mni_tree_before(const struct mni_tiles *tiles, uint32_t a,
                                   uint32_t b)
{
    const struct mni_tile *first = &MNI_TILE(tiles, a);
    const struct mni_tile *second = &MNI_TILE(tiles, b);

    return first->size > second->size
           || (first->size == second->size && first->start < second->start);
}

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    tiles->head[0] = 0;
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    uint32_t first = tiles->head[0];

    while (first != 0 && MNI_TILE(tiles, first).prev != 0)
        first = MNI_TILE(tiles, first).prev;
    return MNI_TILE(tiles, first).size >= size ? first : 0;
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

/* SPDX-License-Identifier: MIT */
/* tiles_by_start.h -- free blocks by their start, for strategies.
 *
 * A tree in which each node knows the largest size below it: so a subtree in
 * which nothing is large enough is passed over without a look inside.
 *
 * Blocks are cut from the low end: the bounds of first fit are those of a block
 * at the lowest address, and next fit goes on in what the last block left.
 */
#ifndef MNI_TILES_BY_START_H
#define MNI_TILES_BY_START_H

#define MNI_TILES_EXTRA
#define MNI_TILES_LOW

#include "region/tiles_tree.h"

static inline bool mni_tree_before(const struct mni_tiles *tiles, uint32_t a,
                                   uint32_t b)
{
    return MNI_TILE(tiles, a).start < MNI_TILE(tiles, b).start;
}

/* The lowest block of at least `size` granules in the tree under `i`, or 0. */
static inline uint32_t mni_tree_lowest(const struct mni_tiles *tiles,
                                       uint32_t i, uint32_t size)
{
    if (mni_tree_largest(tiles, i) < size)
        return 0;
    for (;;) {
        uint32_t before = MNI_TILE(tiles, i).prev;
        if (mni_tree_largest(tiles, before) >= size)
            i = before;
        else if (MNI_TILE(tiles, i).size >= size)
            return i;
        else
            i = MNI_TILE(tiles, i).next;
    }
}

#endif

/* SPDX-License-Identifier: MIT */
/* tiles_next_fit.h -- next fit: a strategy of the tiles.
 *
 * As first fit, but the search begins at the rover, and goes on with the
 * lowest block when there is none above: O(log n). The rover is the start of
 * the block that was allocated last, whatever has become of it since; what is
 * freed or resized leaves it where it is.
 *
 * A strategy is told that a block is no longer free, but not what for. The
 * rover follows at once, and goes back when it shows that the block was not
 * handed out but became part of one that is freed or resized: its record was
 * made spare, or it is added again and is larger.
 *
 * The order is tested against a model, not proved: see tiles_tree.h.
 */
#ifndef MNI_TILES_NEXT_FIT_H
#define MNI_TILES_NEXT_FIT_H

enum { MNI_TILES_WORDS = 4 };

/* What each word is. */
enum {
    NEXT_FIT_ROVER,
    NEXT_FIT_BEFORE, /* what the rover was before `taken` was taken */
    NEXT_FIT_TAKEN,  /* the block removed last, if none was added since, or 0 */
    NEXT_FIT_SIZE    /* of it, then */
};

#include "region/tiles_by_start.h"

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    tiles->head[0] = 0;
    tiles->words[NEXT_FIT_ROVER] = 0;
    tiles->words[NEXT_FIT_BEFORE] = 0;
    tiles->words[NEXT_FIT_TAKEN] = 0;
    tiles->words[NEXT_FIT_SIZE] = 0;
}

/* Whether the record of `taken` has been spare since: its link was used. */
static inline bool next_fit_is_merged(const struct mni_tiles *tiles)
{
    uint32_t taken = tiles->words[NEXT_FIT_TAKEN];

    return taken != 0 && MNI_TILE(tiles, taken).next != taken;
}

static inline uint32_t next_fit_rover(const struct mni_tiles *tiles)
{
    bool is_merged = next_fit_is_merged(tiles);

    return tiles->words[is_merged ? NEXT_FIT_BEFORE : NEXT_FIT_ROVER];
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    uint32_t rover = next_fit_rover(tiles);
    uint32_t found = 0;

    /* On the way to the rover, each node that is passed on its left is nearer
     * to it than the one before, and so is all that comes right after it. */
    for (uint32_t i = tiles->head[0]; i != 0;) {
        bool above = MNI_TILE(tiles, i).start >= rover;
        if (above
            && (MNI_TILE(tiles, i).size >= size
                || mni_tree_largest(tiles, MNI_TILE(tiles, i).next) >= size))
            found = i;
        i = above ? MNI_TILE(tiles, i).prev : MNI_TILE(tiles, i).next;
    }
    if (found == 0)
        return mni_tree_lowest(tiles, tiles->head[0], size);
    if (MNI_TILE(tiles, found).size >= size)
        return found;
    return mni_tree_lowest(tiles, MNI_TILE(tiles, found).next, size);
}

static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i)
{
    tiles->words[NEXT_FIT_BEFORE] = next_fit_rover(tiles);
    tiles->words[NEXT_FIT_ROVER] = MNI_TILE(tiles, i).start;
    tiles->words[NEXT_FIT_TAKEN] = i;
    tiles->words[NEXT_FIT_SIZE] = MNI_TILE(tiles, i).size;
    mni_tree_remove(tiles, i);
    MNI_TILE(tiles, i).next = (MNI_TILE_LINK)i;
}

/* The rover when block `i` is added. */
static inline uint32_t next_fit_settled(const struct mni_tiles *tiles,
                                        uint32_t i)
{
    uint32_t rover = next_fit_rover(tiles);
    uint32_t size = MNI_TILE(tiles, i).size;

    if (i != tiles->words[NEXT_FIT_TAKEN] || next_fit_is_merged(tiles))
        return rover;
    if (size > tiles->words[NEXT_FIT_SIZE])
        return tiles->words[NEXT_FIT_BEFORE];
    /* Smaller: it is the gap in front of an aligned block. Else it was handed
     * out, and comes back. */
    return size < tiles->words[NEXT_FIT_SIZE] ? rover + size : rover;
}

static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i)
{
    tiles->words[NEXT_FIT_ROVER] = next_fit_settled(tiles, i);
    tiles->words[NEXT_FIT_TAKEN] = 0;
    mni_tree_add(tiles, i);
}

static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count)
{
    return tiles->words[NEXT_FIT_ROVER] < tiles->capacity
           && tiles->words[NEXT_FIT_BEFORE] < tiles->capacity
           && tiles->words[NEXT_FIT_TAKEN] < tiles->count
           && mni_tree_check(tiles, free_count);
}

#endif

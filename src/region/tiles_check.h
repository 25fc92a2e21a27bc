/* SPDX-License-Identifier: MIT */
/* tiles_check.h -- the invariant of the tiles, as a predicate to run.
 *
 * It mirrors tiles_spec.h, and believes nothing that it reads: every index is
 * compared with the count before it is followed, and every walk is bounded.
 * Where the specification says "every record", counting what was visited
 * replaces marks.
 */
#ifndef MNI_TILES_CHECK_H
#define MNI_TILES_CHECK_H

#include "region/tiles_strategy.h"

/* Whether there is a record at that link. */
static inline bool mni_tiles_is_link(const struct mni_tiles *tiles, uint32_t i)
{
    return i < tiles->count && i % MNI_TILE_UNIT == 0;
}

static inline bool tiles_check_shape(const struct mni_tiles *tiles)
{
    return tiles->capacity > 0 && tiles->capacity <= MNI_TILES_CAPACITY_MAX
           && tiles->count >= 2 * MNI_TILE_UNIT && tiles->count <= MNI_TILES_MAX
           && tiles->count % MNI_TILE_UNIT == 0
           && MNI_TILE(tiles, 0).list == MNI_TILES_USED
           && MNI_TILE(tiles, 0).size == 0;
}

/* Count the records that are blocks and those that are spare; false if one is
 * in no state that exists. */
static inline bool tiles_check_states(const struct mni_tiles *tiles,
                                      uint32_t *blocks, uint32_t *spare)
{
    *blocks = 0;
    *spare = 0;
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        uint32_t list = MNI_TILE(tiles, i).list;
        if (list > MNI_TILES_USED)
            return false;
        *blocks += list != MNI_TILES_SPARE;
        *spare += list == MNI_TILES_SPARE;
    }
    return true;
}

/* Blocks touch from 0 to the capacity, no two free ones do, and there are
 * `blocks` of them: so no other record is a block, and none overlap. Counts
 * the free ones. */
static inline bool tiles_check_blocks(const struct mni_tiles *tiles,
                                      uint32_t blocks, uint32_t *free_count)
{
    uint32_t left = 0;
    uint32_t end = 0;
    bool left_free = false;

    *free_count = 0;
    for (uint32_t i = MNI_TILES_FIRST; i != 0; blocks--) {
        if (!mni_tiles_is_link(tiles, i) || blocks == 0)
            return false;
        const struct mni_tile *tile = &MNI_TILE(tiles, i);
        bool is_free = mni_tiles_is_free(tiles, i);
        if (tile->list == MNI_TILES_SPARE || tile->start != end
            || tile->left != left || tile->size == 0
            || tile->size > tiles->capacity - end || (is_free && left_free))
            return false;
        *free_count += is_free;
        end += tile->size;
        left = i;
        left_free = is_free;
        i = tile->right;
    }
    return blocks == 0 && end == tiles->capacity;
}

/* The list of spare records holds `spare` of them. */
static inline bool tiles_check_spare(const struct mni_tiles *tiles,
                                     uint32_t spare)
{
    uint32_t prev = 0;

    for (uint32_t i = tiles->spare; i != 0; spare--) {
        if (!mni_tiles_is_link(tiles, i) || spare == 0
            || MNI_TILE(tiles, i).list != MNI_TILES_SPARE
            || MNI_TILE(tiles, i).prev != prev)
            return false;
        prev = i;
        i = MNI_TILE(tiles, i).next;
    }
    return spare == 0;
}

/* True if every invariant holds. Reads every record. */
static inline bool mni_tiles_check(const struct mni_tiles *tiles)
{
    uint32_t blocks = 0;
    uint32_t spare = 0;
    uint32_t free_count = 0;

    return tiles_check_shape(tiles)
           && tiles_check_states(tiles, &blocks, &spare)
           && tiles_check_blocks(tiles, blocks, &free_count)
           && tiles_check_spare(tiles, spare)
           && mni_strategy_check(tiles, free_count);
}

#endif

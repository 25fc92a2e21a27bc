/* SPDX-License-Identifier: MIT */
/* tiles_check.c -- the invariant of the tiles, as a predicate to run.
 *
 * It mirrors tiles_spec.h, and believes nothing that it reads: every index is
 * compared with the count before it is followed, and every walk is bounded.
 * Where the specification says "every record", counting what was visited
 * replaces marks.
 */
#include "region/tiles_leaf.h"

static bool tiles_check_shape(const struct mni_tiles *tiles)
{
    return tiles->capacity > 0 && tiles->capacity <= MNI_TILES_CAPACITY_MAX
           && tiles->count >= 2 && tiles->count <= MNI_TILES_MAX
           && tiles->record[0].list == MNI_TILES_USED
           && tiles->record[0].size == 0;
}

/* Count the records that are blocks and those that are on a list; false if
 * one is in no state that exists. */
static bool tiles_check_states(const struct mni_tiles *tiles, uint32_t *blocks,
                               uint32_t *listed)
{
    *blocks = 0;
    *listed = 0;
    for (uint32_t i = 1; i < tiles->count; i++) {
        uint32_t list = tiles->record[i].list;
        if (list > MNI_TILES_USED)
            return false;
        *blocks += list != MNI_TILES_SPARE;
        *listed += list <= MNI_TILES_SPARE;
    }
    return true;
}

/* Blocks touch from 0 to the capacity, no two free ones do, and there are
 * `blocks` of them: so no other record is a block, and none overlap. */
static bool tiles_check_blocks(const struct mni_tiles *tiles, uint32_t blocks)
{
    uint32_t left = 0;
    uint32_t end = 0;
    bool left_free = false;

    for (uint32_t i = MNI_TILES_FIRST; i != 0; blocks--) {
        if (i >= tiles->count || blocks == 0)
            return false;
        const struct mni_tile *tile = &tiles->record[i];
        bool is_free = tile->list < MNI_TILES_CLASSES;
        if (tile->list == MNI_TILES_SPARE || tile->start != end
            || tile->left != left || tile->size == 0
            || tile->size > tiles->capacity - end || (is_free && left_free)
            || (is_free && tile->list != mni_tile_class(tile->size)))
            return false;
        end += tile->size;
        left = i;
        left_free = is_free;
        i = tile->right;
    }
    return blocks == 0 && end == tiles->capacity;
}

/* The lists hold `listed` records, each in its own list. */
static bool tiles_check_lists(const struct mni_tiles *tiles, uint32_t listed)
{
    for (uint32_t list = 0; list <= MNI_TILES_SPARE; list++) {
        uint32_t prev = 0;
        for (uint32_t i = tiles->head[list]; i != 0; listed--) {
            if (i >= tiles->count || listed == 0
                || tiles->record[i].list != list
                || tiles->record[i].prev != prev)
                return false;
            prev = i;
            i = tiles->record[i].next;
        }
    }
    return listed == 0;
}

static bool tiles_check_bitmap(const struct mni_tiles *tiles)
{
    uint32_t summary = 0;

    for (uint32_t w = 0; w < MNI_TILES_WORDS; w++) {
        uint32_t word = 0;
        for (uint32_t k = 0; k < 32 && 32 * w + k < MNI_TILES_CLASSES; k++)
            word |= (uint32_t)(tiles->head[32 * w + k] != 0) << k;
        if (tiles->words[w] != word)
            return false;
        summary |= (uint32_t)(word != 0) << w;
    }
    return tiles->summary == summary;
}

bool mni_tiles_check(const struct mni_tiles *tiles)
{
    uint32_t blocks = 0;
    uint32_t listed = 0;

    return tiles_check_shape(tiles)
           && tiles_check_states(tiles, &blocks, &listed)
           && tiles_check_blocks(tiles, blocks)
           && tiles_check_lists(tiles, listed) && tiles_check_bitmap(tiles);
}

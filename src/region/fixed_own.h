/* SPDX-License-Identifier: MIT */
/* fixed_own.h -- the strategy of the tiles that calls three functions of the
 * user's, known while compiling.
 *
 * As tiles_user.h, which asks a table. Requires: MN_FIXED_OWN is what the
 * names of the functions begin with, and `state` of the tiles is set before
 * mni_tiles_init.
 */
#ifndef MNI_FIXED_OWN_H
#define MNI_FIXED_OWN_H

#include <mn/strategy.h>

#define MNI_TILES_USER
enum { MNI_TILES_HEADS = 1, MNI_TILES_WORDS = 1 };

#include "region/tiles_strategy.h"

#define FIXED_OWN_JOIN(name, function) name##_##function
#define FIXED_OWN_NAME(name, function) FIXED_OWN_JOIN(name, function)
#define FIXED_OWN(function) FIXED_OWN_NAME(MN_FIXED_OWN, function)

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    tiles->head[0] = 0;
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    return FIXED_OWN(propose)(tiles->state, size);
}

static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i)
{
    const struct mni_tile *tile = &MNI_TILE(tiles, i);

    FIXED_OWN(removed)(tiles->state, i, tile->start, tile->size);
    MNI_TILE(tiles, i).list = MNI_TILES_USED;
}

static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i)
{
    const struct mni_tile *tile = &MNI_TILE(tiles, i);

    MNI_TILE(tiles, i).list = 0;
    FIXED_OWN(added)(tiles->state, i, tile->start, tile->size);
}

static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count)
{
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        if (mni_tiles_is_free(tiles, i) && MNI_TILE(tiles, i).list != 0)
            return false;
        free_count -= mni_tiles_is_free(tiles, i);
    }
    return free_count == 0;
}

#endif

/* SPDX-License-Identifier: MIT */
/* tiles_user.h -- the strategy of the tiles that asks a table of the user's.
 *
 * The region tells the table of each free block and checks what it proposes;
 * nothing is kept here. Requires: `user` and `state` of the tiles are set
 * before mni_tiles_init.
 */
#ifndef MNI_TILES_USER_H
#define MNI_TILES_USER_H

#include <mn/strategy.h>

#define MNI_TILES_USER
enum { MNI_TILES_HEADS = 1, MNI_TILES_WORDS = 1 };

#include "region/tiles_strategy.h"

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    tiles->head[0] = 0;
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    return tiles->user->propose(tiles->state, size);
}

static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i)
{
    const struct mni_tile *tile = &MNI_TILE(tiles, i);

    tiles->user->removed(tiles->state, i, tile->start, tile->size);
    MNI_TILE(tiles, i).list = MNI_TILES_USED;
}

static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i)
{
    const struct mni_tile *tile = &MNI_TILE(tiles, i);

    MNI_TILE(tiles, i).list = 0;
    tiles->user->added(tiles->state, i, tile->start, tile->size);
}

static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count)
{
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        if (mni_tiles_is_free(tiles, i) && MNI_TILE(tiles, i).list != 0)
            return false;
        free_count -= mni_tiles_is_free(tiles, i);
    }
    return tiles->user != NULL && free_count == 0;
}

#endif

/* SPDX-License-Identifier: MIT */
/* tiles.c -- blocks are cut from free ones and merge again when they return.
 *
 * The strategy proposes a free block; tiles_claim disposes: it checks the
 * proposal, then does all the bookkeeping. The checks are cheap and make a
 * wrong strategy slow or wasteful, never unsafe.
 *
 * The contracts are in tiles.h. This file is what the prover reads.
 */
#include "region/tiles_tlsf.h"

/* If the right neighbour of block `i` is free, make it part of `i`. */
static inline void tiles_absorb_right(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t right = tiles->record[i].right;

    if (tiles->record[right].list < MNI_TILES_CLASSES) {
        mni_tlsf_remove(tiles, right);
        mni_tile_merge(tiles, i);
    }
}

/* If the left neighbour of block `i` is free, make `i` part of it, USED. The
 * record of the block that results. */
static inline uint32_t tiles_absorb_left(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t left = tiles->record[i].left;

    if (tiles->record[left].list >= MNI_TILES_CLASSES)
        return i;
    mni_tlsf_remove(tiles, left);
    mni_tile_merge(tiles, left);
    return left;
}

/* Free what block `i` has beyond `size`, if a record is spare for it. */
static inline void tiles_trim(struct mni_tiles *tiles, uint32_t i,
                              uint32_t size)
{
    if (tiles->record[i].size > size && tiles->head[MNI_TILES_SPARE] != 0) {
        uint32_t rest = mni_tile_split(tiles, i, size);
        mni_tlsf_add(tiles, rest);
    }
}

/* Whether a block of `size` granules can be cut from the proposed record `i`,
 * `gap` granules after its start. */
static inline bool tiles_fits(const struct mni_tiles *tiles, uint32_t i,
                              uint32_t gap, uint32_t size)
{
    return tiles->record[i].size >= size && tiles->record[i].size - size >= gap
           && (gap == 0 || tiles->head[MNI_TILES_SPARE] != 0);
}

/* Cut `size` granules from free block `i`, `gap` granules after its start.
 * The record of the block. */
static inline uint32_t tiles_claim(struct mni_tiles *tiles, uint32_t i,
                                   uint32_t gap, uint32_t size)
{
    mni_tlsf_remove(tiles, i);
    if (gap != 0) {
        uint32_t block = mni_tile_split(tiles, i, gap);
        mni_tlsf_add(tiles, i);
        i = block;
    }
    tiles_trim(tiles, i, size);
    return i;
}

uint32_t mni_tiles_alloc(struct mni_tiles *tiles, uint32_t size, uint32_t align)
{
    if (size == 0 || size > tiles->capacity)
        return 0;
    uint32_t i = mni_tlsf_propose(tiles, size);
    if (i == 0)
        return 0;
    uint32_t gap = mni_tile_gap(tiles->origin, tiles->record[i].start, align);
    if (!tiles_fits(tiles, i, gap, size)) {
        /* A block that is large enough wherever it starts. */
        if (align - 1 > tiles->capacity - size)
            return 0;
        i = mni_tlsf_propose(tiles, size + (align - 1));
        if (i == 0)
            return 0;
        gap = mni_tile_gap(tiles->origin, tiles->record[i].start, align);
        if (!tiles_fits(tiles, i, gap, size))
            return 0;
    }
    return tiles_claim(tiles, i, gap, size);
}

bool mni_tiles_free(struct mni_tiles *tiles, uint32_t i)
{
    if (i == 0 || i >= tiles->count || tiles->record[i].list != MNI_TILES_USED)
        return false;
    tiles_absorb_right(tiles, i);
    uint32_t block = tiles_absorb_left(tiles, i);
    mni_tlsf_add(tiles, block);
    return true;
}

bool mni_tiles_resize(struct mni_tiles *tiles, uint32_t i, uint32_t size)
{
    if (i == 0 || i >= tiles->count || tiles->record[i].list != MNI_TILES_USED
        || size == 0)
        return false;
    uint32_t right = tiles->record[i].right;
    uint32_t room = tiles->record[i].size;
    if (tiles->record[right].list < MNI_TILES_CLASSES)
        room += tiles->record[right].size;
    if (size > room)
        return false;
    tiles_absorb_right(tiles, i);
    tiles_trim(tiles, i, size);
    return true;
}

/* Let record `count` exist, spare. */
static inline void tiles_add_spare(struct mni_tiles *tiles)
{
    uint32_t i = tiles->count;

    tiles->record[i].list = MNI_TILES_USED;
    tiles->count = i + 1;
    mni_tile_push(tiles, MNI_TILES_SPARE, i);
}

void mni_tiles_grow(struct mni_tiles *tiles, uint32_t count)
{
    while (tiles->count < count)
        tiles_add_spare(tiles);
}

/* The region as one free block, without spare records. */
static inline void tiles_init_first(struct mni_tiles *tiles, uint32_t capacity,
                                    uint32_t origin)
{
    tiles->capacity = capacity;
    tiles->count = 2;
    tiles->origin = origin;
    tiles->summary = 0;
    for (uint32_t w = 0; w < MNI_TILES_WORDS; w++)
        tiles->words[w] = 0;
    for (uint32_t c = 0; c <= MNI_TILES_SPARE; c++)
        tiles->head[c] = 0;
    tiles->record[0].list = MNI_TILES_USED;
    tiles->record[0].size = 0;
    tiles->record[1].list = MNI_TILES_USED;
    tiles->record[1].start = 0;
    tiles->record[1].size = capacity;
    tiles->record[1].left = 0;
    tiles->record[1].right = 0;
    mni_tlsf_add(tiles, 1);
}

void mni_tiles_init(struct mni_tiles *tiles, uint32_t capacity, uint32_t count,
                    uint32_t origin)
{
    tiles_init_first(tiles, capacity, origin);
    mni_tiles_grow(tiles, count);
}

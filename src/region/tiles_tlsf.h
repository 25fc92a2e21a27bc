/* SPDX-License-Identifier: MIT */
/* tiles_tlsf.h -- two-level segregated fit: the strategy of the tiles.
 *
 * Free blocks of one size class form a list; a bit for each class tells which
 * lists hold something, and a bit for each word of those which words do. The
 * first block of the request's own class is proposed if it is large enough,
 * else the first of the next class that has any: all of those are.
 */
#ifndef MNI_TILES_TLSF_H
#define MNI_TILES_TLSF_H

#include "region/tiles_block.h"
#include "region/tiles_leaf.h"

/*@ requires k < 32;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 32 ==>
      (bit(\result, j) <==> j == k || bit(word, j));
*/
static inline uint32_t tlsf_bit_set(uint32_t word, uint32_t k)
{
    return word | (1u << k);
}

/*@ requires k < 32;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 32 ==>
      (bit(\result, j) <==> j != k && bit(word, j));
    ensures word == 0 ==> \result == 0;
*/
static inline uint32_t tlsf_bit_clear(uint32_t word, uint32_t k)
{
    return word & ~(1u << k);
}

/*@ requires k < 32;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 32 ==>
      (bit(\result, j) <==> j >= k && bit(word, j));
*/
static inline uint32_t tlsf_bits_from(uint32_t word, uint32_t k)
{
    return (word >> k) << k;
}

/* The first free block of the lowest class from `c` on, or 0. */
/*@ requires \valid_read(tiles) && lists(*tiles) && bitmap(*tiles);
    requires c <= MNI_TILES_CLASSES;
    assigns \nothing;
    ensures found: \result != 0 ==>
      isfree(*tiles, \result) && tiles->record[\result].list >= c;
    ensures none: \result == 0 ==>
      \forall integer d; c <= d < MNI_TILES_CLASSES ==> tiles->head[d] == 0;
*/
static inline uint32_t tlsf_first_from(const struct mni_tiles *tiles,
                                       uint32_t c)
{
    uint32_t w = c / 32;
    uint32_t word = tlsf_bits_from(tiles->words[w], c % 32);

    if (word == 0) {
        uint32_t later = tlsf_bits_from(tiles->summary, w + 1);
        if (later == 0)
            return 0;
        w = mni_tile_lowest_bit(later);
        word = tiles->words[w];
    }
    return tiles->head[32 * w + mni_tile_lowest_bit(word)];
}

/* A free block of at least `size` granules, or 0. */
/*@ requires \valid_read(tiles) && core(*tiles) && bitmap(*tiles);
    requires 0 < size <= tiles->capacity;
    assigns \nothing;
    ensures found: \result != 0 ==>
      isfree(*tiles, \result) && tiles->record[\result].size >= size;
*/
static inline uint32_t mni_tlsf_propose(const struct mni_tiles *tiles,
                                        uint32_t size)
{
    uint32_t c = mni_tile_class(size);
    uint32_t first = tiles->head[c];

    if (tiles->record[first].size >= size)
        return first;
    return tlsf_first_from(tiles, c + 1);
}

/* Block `i` is no longer free: it becomes USED. */
/*@ requires \valid(tiles) && core(*tiles) && bitmap(*tiles);
    requires isfree(*tiles, i);
    assigns *tiles;
    ensures lists: lists(*tiles);
    ensures b1: block_range(*tiles);
    ensures b2: block_right(*tiles);
    ensures b3: block_left(*tiles);
    ensures b4: block_ends(*tiles);
    ensures b5: block_apart(*tiles);
    ensures b6: block_first(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures classed: classed(*tiles);
    ensures sink: sink(*tiles);
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures used: tiles->record[i].list == MNI_TILES_USED;
    ensures others: same_but(\old(*tiles), *tiles, i, i);
    ensures spare:
      tiles->head[MNI_TILES_SPARE] == \old(tiles->head[MNI_TILES_SPARE]);
*/
static inline void mni_tlsf_remove(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t c = tiles->record[i].list;
    uint32_t w = c / 32;

    mni_tile_unlink(tiles, i);
    if (tiles->head[c] == 0) {
        uint32_t word = tlsf_bit_clear(tiles->words[w], c % 32);
        tiles->words[w] = word;
        if (word == 0)
            tiles->summary = tlsf_bit_clear(tiles->summary, w);
    }
}

/* Block `i`, so far USED, is free; neither neighbour is. */
/*@ requires \valid(tiles) && core(*tiles) && bitmap(*tiles);
    requires isused(*tiles, i);
    requires !isfree(*tiles, tiles->record[i].right);
    requires !isfree(*tiles, tiles->record[i].left);
    assigns *tiles;
    ensures lists: lists(*tiles);
    ensures b1: block_range(*tiles);
    ensures b2: block_right(*tiles);
    ensures b3: block_left(*tiles);
    ensures b4: block_ends(*tiles);
    ensures b5: block_apart(*tiles);
    ensures b6: block_first(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures classed: classed(*tiles);
    ensures sink: sink(*tiles);
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures free: isfree(*tiles, i);
    ensures others: same_but(\old(*tiles), *tiles, i, i);
    ensures spare:
      tiles->head[MNI_TILES_SPARE] == \old(tiles->head[MNI_TILES_SPARE]);
*/
static inline void mni_tlsf_add(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t c = mni_tile_class(tiles->record[i].size);
    uint32_t w = c / 32;

    mni_tile_push(tiles, c, i);
    tiles->words[w] = tlsf_bit_set(tiles->words[w], c % 32);
    tiles->summary = tlsf_bit_set(tiles->summary, w);
}

#endif

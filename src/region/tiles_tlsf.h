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
    ensures in: \result < tiles->count;
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
        /*@ assert z0: \forall integer d; c <= d < 32 * w + 32 ==>
              d / 32 == w && c % 32 <= d % 32 < 32; */
        /*@ assert z1: \forall integer k; c % 32 <= k < 32 ==>
              !bit(tiles->words[w], k); */
        /*@ assert z2: \forall integer d; c <= d < 32 * w + 32
              && d < MNI_TILES_CLASSES ==> tiles->head[d] == 0; */
        uint32_t later = tlsf_bits_from(tiles->summary, w + 1);
        if (later == 0) {
            /*@ assert z3: \forall integer v; w < v < MNI_TILES_WORDS ==>
                  !bit(tiles->summary, v) && tiles->words[v] == 0; */
            /*@ assert z4: \forall integer d;
                  32 * w + 32 <= d < MNI_TILES_CLASSES ==>
                  w < d / 32 < MNI_TILES_WORDS && tiles->words[d / 32] == 0; */
            /*@ assert z5: \forall integer d;
                  32 * w + 32 <= d < MNI_TILES_CLASSES ==>
                  tiles->head[d] == 0; */
            return 0;
        }
        w = mni_tile_lowest_bit(later);
        word = tiles->words[w];
        /*@ assert y1: c < 32 * w && w < MNI_TILES_WORDS - 1
              && word != 0; */
    }
    uint32_t k = mni_tile_lowest_bit(word);
    //@ assert x0: (32 * w + k) / 32 == w && (32 * w + k) % 32 == k;
    //@ assert x1: c <= 32 * w + k < MNI_TILES_CLASSES;
    //@ assert x2: bit(tiles->words[w], k) && tiles->head[32 * w + k] != 0;
    return tiles->head[32 * w + k];
}

/* A free block of at least `size` granules, or 0. */
/*@ requires \valid_read(tiles) && core(*tiles) && bitmap(*tiles);
    requires 0 < size <= tiles->capacity;
    assigns \nothing;
    ensures in: \result < tiles->count;
    ensures found: \result != 0 ==>
      isfree(*tiles, \result) && tiles->record[\result].size >= size;
*/
static inline uint32_t mni_tlsf_propose(const struct mni_tiles *tiles,
                                        uint32_t size)
{
    uint32_t c = mni_tile_class(size);
    uint32_t first = tiles->head[c];

    //@ assert in: first < tiles->count;
    if (tiles->record[first].size >= size)
        return first;
    /*@ assert large: \forall integer i; isfree(*tiles, i)
          && tiles->record[i].list >= c + 1 ==>
          least(c + 1) <= tiles->record[i].size; */
    return tlsf_first_from(tiles, c + 1);
}

/* A block of class `c` has left its list: clear bits that say there are any.
 */
/*@ requires \valid(tiles) && c < MNI_TILES_CLASSES;
    requires \forall integer d; 0 <= d < MNI_TILES_CLASSES && d != c ==>
      (bit(tiles->words[d / 32], d % 32) <==> tiles->head[d] != 0);
    requires tiles->head[c] != 0 ==> bit(tiles->words[c / 32], c % 32);
    requires bit_summary(*tiles);
    assigns tiles->words[c / 32], tiles->summary;
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
*/
static inline void tlsf_note_removal(struct mni_tiles *tiles, uint32_t c)
{
    uint32_t w = c / 32;
    uint32_t k = c % 32;

    /*@ assert word: 0 <= w < MNI_TILES_WORDS - 1 && c == 32 * w + k
          && k < 32; */
    /*@ assert only: \forall integer d; 0 <= d < MNI_TILES_CLASSES
          && d / 32 == w && d % 32 == k ==> d == c; */
    if (tiles->head[c] == 0) {
        uint32_t word = tlsf_bit_clear(tiles->words[w], k);
        tiles->words[w] = word;
        if (word == 0)
            tiles->summary = tlsf_bit_clear(tiles->summary, w);
    }
}

/* Block `i` is no longer free: it becomes USED. */
/*@ requires \valid(tiles) && core(*tiles) && bitmap(*tiles);
    requires isfree(*tiles, i);
    assigns *tiles;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
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

    mni_tile_unlink(tiles, i);
    //@ assert lists: lists(*tiles);
    tlsf_note_removal(tiles, c);
    //@ assert places: same_places(\at(*tiles, Pre), *tiles);
    /*@ assert apart: \forall integer j, m; 0 <= j < tiles->count
          && 0 <= m < tiles->count && apart(\at(*tiles, Pre), j, m) ==>
          apart(*tiles, j, m); */
    /*@ assert live: \forall integer j; live(*tiles, j) <==>
          live(\at(*tiles, Pre), j); */
}

/* Block `i`, so far USED, is free; neither neighbour is. */
/*@ requires \valid(tiles) && core(*tiles) && bitmap(*tiles);
    requires isused(*tiles, i);
    requires !isfree(*tiles, tiles->record[i].right);
    requires !isfree(*tiles, tiles->record[i].left);
    assigns *tiles;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
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
    uint32_t k = c % 32;

    //@ assert word: 0 <= w < MNI_TILES_WORDS - 1 && c == 32 * w + k && k < 32;
    /*@ assert only: \forall integer d; 0 <= d < MNI_TILES_CLASSES
          && d / 32 == w && d % 32 == k ==> d == c; */
    mni_tile_push(tiles, c, i);
    tiles->words[w] = tlsf_bit_set(tiles->words[w], k);
    tiles->summary = tlsf_bit_set(tiles->summary, w);
    //@ assert places: same_places(\at(*tiles, Pre), *tiles);
    /*@ assert apart: \forall integer j, m; 0 <= j < tiles->count
          && 0 <= m < tiles->count && apart(\at(*tiles, Pre), j, m) ==>
          apart(*tiles, j, m); */
    /*@ assert live: \forall integer j; live(*tiles, j) <==>
          live(\at(*tiles, Pre), j); */
}

#endif

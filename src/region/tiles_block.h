/* SPDX-License-Identifier: MIT */
/* tiles_block.h -- the bookkeeping of tiles: lists, split and merge.
 *
 * It knows no strategy. A record that is on no list is USED; only a USED
 * record is split or merged, so that a strategy hears of every change of a
 * free block as its removal and addition.
 */
#ifndef MNI_TILES_BLOCK_H
#define MNI_TILES_BLOCK_H

#include "region/tiles.h"

/*@ requires \valid(tiles) && lists(*tiles);
    requires list <= MNI_TILES_SPARE && 1 <= i < tiles->count;
    requires tiles->record[i].list > MNI_TILES_SPARE;
    assigns tiles->head[list], tiles->record[i].next, tiles->record[i].prev,
            tiles->record[i].list, tiles->record[tiles->head[list]].prev;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures on: tiles->record[i].list == list && tiles->head[list] == i;
*/
static inline void mni_tile_push(struct mni_tiles *tiles, uint32_t list,
                                 uint32_t i)
{
    uint32_t first = tiles->head[list];

    //@ assert in: first < tiles->count;
    tiles->record[i].next = first;
    tiles->record[i].prev = 0;
    tiles->record[first].prev = i;
    tiles->head[list] = i;
    tiles->record[i].list = list;
}

/*@ requires \valid(tiles) && lists(*tiles);
    requires 1 <= i < tiles->count;
    requires tiles->record[i].list <= MNI_TILES_SPARE;
    assigns tiles->head[tiles->record[i].list], tiles->record[i].list,
            tiles->record[tiles->record[i].prev].next,
            tiles->record[tiles->record[i].next].prev;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures off: tiles->record[i].list == MNI_TILES_USED;
    ensures head: tiles->head[\old(tiles->record[i].list)]
      == (\old(tiles->record[i].prev) == 0
            ? \old(tiles->record[i].next)
            : \old(tiles->head[tiles->record[i].list]));
*/
static inline void mni_tile_unlink(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t prev = tiles->record[i].prev;
    uint32_t next = tiles->record[i].next;

    //@ assert in: prev < tiles->count && next < tiles->count;
    if (prev != 0)
        tiles->record[prev].next = next;
    else
        tiles->head[tiles->record[i].list] = next;
    tiles->record[next].prev = prev;
    tiles->record[i].list = MNI_TILES_USED;
}

/* Cut block `i` after `size` granules. The right part's record, USED. */
/*@ requires \valid(tiles) && lists(*tiles) && blocks(*tiles);
    requires coalesced(*tiles) && classed(*tiles) && sink(*tiles);
    requires isused(*tiles, i) && 0 < size < tiles->record[i].size;
    requires tiles->head[MNI_TILES_SPARE] != 0;
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
    ensures k0: \result == \old(tiles->head[MNI_TILES_SPARE]);
    ensures k1: 1 <= \result < tiles->count && \result != i
      && \old(*tiles).record[\result].list == MNI_TILES_SPARE;
    ensures k2: tiles->record[\result].list == MNI_TILES_USED
      && tiles->record[\result].start == tiles->record[i].start + size
      && tiles->record[\result].size == \old(tiles->record[i].size) - size;
    ensures k3: tiles->record[i].list == MNI_TILES_USED
      && tiles->record[i].start == \old(tiles->record[i].start)
      && tiles->record[i].size == size;
    ensures k4: tiles->record[\result].left == i
      && tiles->record[\result].right == \old(tiles->record[i].right)
      && tiles->record[i].right == \result
      && tiles->record[i].left == \old(tiles->record[i].left);
    ensures k5: same_but(\old(*tiles), *tiles, i, \result);
    ensures k6: same_heads(\old(*tiles), *tiles);
    ensures k7: same_shape(\old(*tiles), *tiles);
    ensures k8: same_bits(\old(*tiles), *tiles);
*/
static inline uint32_t mni_tile_split(struct mni_tiles *tiles, uint32_t i,
                                      uint32_t size)
{
    uint32_t rest = tiles->head[MNI_TILES_SPARE];
    uint32_t right = tiles->record[i].right;

    //@ assert in: rest < tiles->count && right < tiles->count;
    mni_tile_unlink(tiles, rest);
    //@ ghost Unlinked: ;
    tiles->record[rest].start = tiles->record[i].start + size;
    tiles->record[rest].size = tiles->record[i].size - size;
    tiles->record[rest].right = right;
    tiles->record[rest].left = i;
    tiles->record[right].left = rest;
    tiles->record[i].right = rest;
    tiles->record[i].size = size;
    /*@ assert links: same_links(\at(*tiles, Unlinked), *tiles); */
    /*@ assert right: right != i && right != rest
          && (right == 0 || (tiles->record[right].left == rest
              && tiles->record[right].start
                   == tiles->record[rest].start + tiles->record[rest].size
              && live(*tiles, right))); */
    /*@ assert e0: \forall integer j; 0 <= j < tiles->count
          && j != right && j != rest ==>
          tiles->record[j].left == \at(*tiles, Pre).record[j].left; */
    /*@ assert e1: \forall integer j; 0 <= j < tiles->count
          && j != i && j != rest ==>
          tiles->record[j].right == \at(*tiles, Pre).record[j].right
          && tiles->record[j].start == \at(*tiles, Pre).record[j].start
          && tiles->record[j].size == \at(*tiles, Pre).record[j].size; */
    /*@ assert e2: \forall integer j; live(*tiles, j) && j != i && j != rest
          ==> live(\at(*tiles, Pre), j) && tiles->record[j].right != rest
              && (tiles->record[j].right != right || right == 0); */
    /*@ assert e3: \forall integer j; live(*tiles, j) && j != i && j != rest
          && tiles->record[j].right != 0 ==>
          live(*tiles, tiles->record[j].right)
          && tiles->record[tiles->record[j].right].left == j
          && tiles->record[tiles->record[j].right].start
               == tiles->record[j].start + tiles->record[j].size; */
    /*@ assert s0: \forall integer j; live(*tiles, j) && j != i && j != rest
          ==> live(\at(*tiles, Pre), j) && apart(\at(*tiles, Pre), j, i); */
    /*@ assert s1: \forall integer j; live(*tiles, j) && j != i && j != rest
          ==> apart(*tiles, j, i) && apart(*tiles, j, rest)
              && apart(*tiles, i, j) && apart(*tiles, rest, j); */
    /*@ assert s2: \forall integer j, m;
          live(*tiles, j) && j != i && j != rest
          && live(*tiles, m) && m != i && m != rest && j != m ==>
          apart(\at(*tiles, Pre), j, m)
          && (apart(*tiles, j, m) <==> apart(\at(*tiles, Pre), j, m)); */
    /*@ assert s3: apart(*tiles, i, rest) && apart(*tiles, rest, i); */
    return rest;
}

/* Join block `i` and its right neighbour, whose record becomes spare. */
/*@ requires \valid(tiles) && lists(*tiles) && blocks(*tiles);
    requires coalesced(*tiles) && classed(*tiles) && sink(*tiles);
    requires isused(*tiles, i) && isused(*tiles, tiles->record[i].right);
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
    ensures m1: tiles->record[i].list == MNI_TILES_USED
      && tiles->record[i].start == \old(tiles->record[i].start)
      && tiles->record[i].size
           == \old(tiles->record[i].size
                   + tiles->record[tiles->record[i].right].size);
    ensures m2: tiles->record[\old(tiles->record[i].right)].list
      == MNI_TILES_SPARE;
    ensures m3: tiles->record[i].left == \old(tiles->record[i].left)
      && tiles->record[i].right
           == \old(tiles->record[tiles->record[i].right].right);
    ensures m4: tiles->head[MNI_TILES_SPARE] != 0;
    ensures k5: same_but(\old(*tiles), *tiles, i,
                         \old(tiles->record[i].right));
    ensures k6: same_heads(\old(*tiles), *tiles);
    ensures k7: same_shape(\old(*tiles), *tiles);
    ensures k8: same_bits(\old(*tiles), *tiles);
*/
static inline void mni_tile_merge(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t gone = tiles->record[i].right;
    //@ assert in: gone < tiles->count;
    uint32_t right = tiles->record[gone].right;

    //@ assert beyond: right < tiles->count;
    tiles->record[i].size += tiles->record[gone].size;
    tiles->record[i].right = right;
    tiles->record[right].left = i;
    //@ assert links: same_links(\at(*tiles, Pre), *tiles);
    mni_tile_push(tiles, MNI_TILES_SPARE, gone);
    /*@ assert s0: \forall integer m; live(*tiles, m) && m != i ==>
          m != gone && live(\at(*tiles, Pre), m)
          && apart(\at(*tiles, Pre), m, i)
          && apart(\at(*tiles, Pre), m, gone); */
    /*@ assert s1: \forall integer m; live(*tiles, m) && m != i ==>
          apart(*tiles, m, i) && apart(*tiles, i, m); */
    /*@ assert s2: \forall integer m, q; live(*tiles, q) && q != i
          && live(*tiles, m) && m != i && q != m ==>
          apart(\at(*tiles, Pre), q, m)
          && (apart(*tiles, q, m) <==> apart(\at(*tiles, Pre), q, m)); */
}

#endif

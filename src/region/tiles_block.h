/* SPDX-License-Identifier: MIT */
/* tiles_block.h -- the bookkeeping of tiles: spare records, split and merge.
 *
 * It knows no strategy. Only a USED record is split or merged, so that a
 * strategy hears of every change of a free block as its removal and addition.
 */
#ifndef MNI_TILES_BLOCK_H
#define MNI_TILES_BLOCK_H

#include "region/tiles.h"

/* Record `i`, which is no block any more, becomes spare. */
/*@ requires \valid(tiles) && spares(*tiles);
    requires 1 <= i < tiles->count && tiles->record[i].list != MNI_TILES_SPARE;
    assigns tiles->spare, tiles->record[i].next, tiles->record[i].prev,
            tiles->record[i].list, tiles->record[tiles->spare].prev;
    ensures p1: spare_range(*tiles);
    ensures p2: spare_next(*tiles);
    ensures p3: spare_prev(*tiles);
    ensures p4: spare_first(*tiles);
    ensures p5: spare_head(*tiles);
    ensures on: tiles->record[i].list == MNI_TILES_SPARE && tiles->spare == i;
*/
static inline void mni_tile_give(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t first = tiles->spare;

    //@ assert in: first < tiles->count;
    MNI_TILE(tiles, i).next = (MNI_TILE_LINK)first;
    MNI_TILE(tiles, i).prev = 0;
    MNI_TILE(tiles, first).prev = (MNI_TILE_LINK)i;
    tiles->spare = i;
    MNI_TILE(tiles, i).list = MNI_TILES_SPARE;
}

/* Take a spare record; it is USED. */
/*@ requires \valid(tiles) && spares(*tiles) && tiles->spare != 0;
    assigns tiles->spare, tiles->record[tiles->spare].list,
            tiles->record[tiles->record[tiles->spare].next].prev;
    ensures p1: spare_range(*tiles);
    ensures p2: spare_next(*tiles);
    ensures p3: spare_prev(*tiles);
    ensures p4: spare_first(*tiles);
    ensures p5: spare_head(*tiles);
    ensures off: tiles->record[\result].list == MNI_TILES_USED;
    ensures was: \result == \old(tiles->spare);
*/
static inline uint32_t mni_tile_take(struct mni_tiles *tiles)
{
    uint32_t i = tiles->spare;
    uint32_t next = MNI_TILE(tiles, i).next;

    //@ assert in: i < tiles->count && next < tiles->count && next != i;
    MNI_TILE(tiles, next).prev = 0;
    tiles->spare = next;
    MNI_TILE(tiles, i).list = MNI_TILES_USED;
    return i;
}

/* Cut block `i` after `size` granules. The right part's record, USED. */
/*@ requires \valid(tiles) && core(*tiles);
    requires isused(*tiles, i) && 0 < size < tiles->record[i].size;
    requires tiles->spare != 0;
    assigns *tiles;
    ensures p1: spare_range(*tiles);
    ensures p2: spare_next(*tiles);
    ensures p3: spare_prev(*tiles);
    ensures p4: spare_first(*tiles);
    ensures p5: spare_head(*tiles);
    ensures b1: block_range(*tiles);
    ensures b2: block_right(*tiles);
    ensures b3: block_left(*tiles);
    ensures b4: block_ends(*tiles);
    ensures b5: block_apart(*tiles);
    ensures b6: block_first(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures k0: \result == \old(tiles->spare);
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
    ensures k6: same_free(\old(*tiles), *tiles);
    ensures k7: same_shape(\old(*tiles), *tiles);
    ensures k8: same_granules(\old(*tiles), *tiles);
*/
static inline uint32_t mni_tile_split(struct mni_tiles *tiles, uint32_t i,
                                      uint32_t size)
{
    uint32_t right = MNI_TILE(tiles, i).right;
    uint32_t start = MNI_TILE(tiles, i).start + size;
    uint32_t left_over = MNI_TILE(tiles, i).size - size;
    //@ assert in: tiles->spare < tiles->count && right < tiles->count;
    uint32_t rest = mni_tile_take(tiles);

    //@ ghost Taken: ;
    MNI_TILE(tiles, rest).start = (MNI_TILE_LINK)start;
    MNI_TILE(tiles, rest).size = (MNI_TILE_LINK)left_over;
    MNI_TILE(tiles, rest).right = (MNI_TILE_LINK)right;
    MNI_TILE(tiles, rest).left = (MNI_TILE_LINK)i;
    MNI_TILE(tiles, right).left = (MNI_TILE_LINK)rest;
    MNI_TILE(tiles, i).right = (MNI_TILE_LINK)rest;
    MNI_TILE(tiles, i).size = (MNI_TILE_LINK)size;
    /*@ assert links: same_links(\at(*tiles, Taken), *tiles); */
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
    /*@ assert over: \forall integer j, g; isfree(*tiles, j) ==>
          isfree(\at(*tiles, Pre), j)
          && (over(*tiles, j, g) <==> over(\at(*tiles, Pre), j, g)); */
    /*@ assert s3: apart(*tiles, i, rest) && apart(*tiles, rest, i); */
    return rest;
}

/* Join block `i` and its right neighbour, whose record becomes spare. */
/*@ requires \valid(tiles) && core(*tiles);
    requires isused(*tiles, i) && isused(*tiles, tiles->record[i].right);
    assigns *tiles;
    ensures p1: spare_range(*tiles);
    ensures p2: spare_next(*tiles);
    ensures p3: spare_prev(*tiles);
    ensures p4: spare_first(*tiles);
    ensures p5: spare_head(*tiles);
    ensures b1: block_range(*tiles);
    ensures b2: block_right(*tiles);
    ensures b3: block_left(*tiles);
    ensures b4: block_ends(*tiles);
    ensures b5: block_apart(*tiles);
    ensures b6: block_first(*tiles);
    ensures coalesced: coalesced(*tiles);
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
    ensures m4: tiles->spare != 0;
    ensures k5: same_but(\old(*tiles), *tiles, i,
                         \old(tiles->record[i].right));
    ensures k6: same_free(\old(*tiles), *tiles);
    ensures k7: same_shape(\old(*tiles), *tiles);
    ensures k8: same_granules(\old(*tiles), *tiles);
*/
static inline void mni_tile_merge(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t gone = MNI_TILE(tiles, i).right;
    //@ assert in: gone < tiles->count;
    uint32_t right = MNI_TILE(tiles, gone).right;

    //@ assert beyond: right < tiles->count;
    uint32_t size =
        MNI_TILE(tiles, i).size + (uint32_t)MNI_TILE(tiles, gone).size;
    MNI_TILE(tiles, i).size = (MNI_TILE_LINK)size;
    MNI_TILE(tiles, i).right = (MNI_TILE_LINK)right;
    MNI_TILE(tiles, right).left = (MNI_TILE_LINK)i;
    //@ assert links: same_links(\at(*tiles, Pre), *tiles);
    mni_tile_give(tiles, gone);
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
    /*@ assert over: \forall integer j, g; isfree(*tiles, j) ==>
          isfree(\at(*tiles, Pre), j)
          && (over(*tiles, j, g) <==> over(\at(*tiles, Pre), j, g)); */
}

#endif

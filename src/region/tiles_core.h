/* SPDX-License-Identifier: MIT */
/* tiles_core.h -- blocks are cut from free ones and merge again on release.
 *
 * The strategy proposes a free block; the bookkeeping disposes. It checks the
 * proposal, then does everything itself: a wrong strategy is slow or wasteful,
 * never unsafe. A strategy's header is included first, and its four functions
 * are inlined here; the proof is of the contracts of tiles_strategy.h, and so
 * for every strategy. Nothing here has a loop but init and grow.
 */
#ifndef MNI_TILES_CORE_H
#define MNI_TILES_CORE_H

#include "region/tiles_block.h"
#include "region/tiles_leaf.h"
#include "region/tiles_strategy.h"

/* The strategy no longer knows block `i`, which is USED. */
/*@ requires \valid(tiles) && inv(*tiles) && isfree(*tiles, i);
    assigns *tiles;
    ensures spares: spares(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures strategy: strategy(*tiles);
    ensures used: isused(*tiles, i);
    ensures states: same_states(\old(*tiles), *tiles, i);
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures spare: tiles->spare == \old(tiles->spare);
    ensures granules: freed(*tiles, \old(*tiles), tiles->record[i].start,
                            tiles->record[i].start + tiles->record[i].size);
*/
static inline void tiles_withdraw(struct mni_tiles *tiles, uint32_t i)
{
    mni_strategy_removed(tiles, i);
    /*@ assert apart: \forall integer j, m; 0 <= j < tiles->count
          && 0 <= m < tiles->count && apart(\at(*tiles, Pre), j, m) ==>
          apart(*tiles, j, m); */
    /*@ assert live: \forall integer j; live(*tiles, j) <==>
          live(\at(*tiles, Pre), j); */
    //@ assert pairs: block_apart(*tiles);
    /*@ assert spare: \forall integer j; spare(*tiles, j) <==>
          spare(\at(*tiles, Pre), j); */
    /*@ assert over: \forall integer j, g; 0 <= j < tiles->count ==>
          (over(*tiles, j, g) <==> over(\at(*tiles, Pre), j, g)); */
    /*@ assert other: \forall integer j; live(*tiles, j) && j != i ==>
          apart(*tiles, i, j)
          && (isfree(*tiles, j) <==> isfree(\at(*tiles, Pre), j)); */
}

/* The strategy is told of block `i`, so far USED, which is free from now on. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    requires !isfree(*tiles, tiles->record[i].right);
    requires !isfree(*tiles, tiles->record[i].left);
    assigns *tiles;
    ensures spares: spares(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures strategy: strategy(*tiles);
    ensures free: isfree(*tiles, i);
    ensures states: same_states(\old(*tiles), *tiles, i);
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures spare: tiles->spare == \old(tiles->spare);
    ensures granules: freed(\old(*tiles), *tiles, tiles->record[i].start,
                            tiles->record[i].start + tiles->record[i].size);
*/
static inline void tiles_offer(struct mni_tiles *tiles, uint32_t i)
{
    mni_strategy_added(tiles, i);
    /*@ assert apart: \forall integer j, m; 0 <= j < tiles->count
          && 0 <= m < tiles->count && apart(\at(*tiles, Pre), j, m) ==>
          apart(*tiles, j, m); */
    /*@ assert live: \forall integer j; live(*tiles, j) <==>
          live(\at(*tiles, Pre), j); */
    //@ assert pairs: block_apart(*tiles);
    /*@ assert spare: \forall integer j; spare(*tiles, j) <==>
          spare(\at(*tiles, Pre), j); */
    /*@ assert over: \forall integer j, g; 0 <= j < tiles->count ==>
          (over(*tiles, j, g) <==> over(\at(*tiles, Pre), j, g)); */
    /*@ assert other: \forall integer j; live(*tiles, j) && j != i ==>
          apart(*tiles, i, j)
          && (isfree(*tiles, j) <==> isfree(\at(*tiles, Pre), j)); */
    //@ assert range: block_range(*tiles);
    //@ assert right: block_right(*tiles);
    //@ assert left: block_left(*tiles);
    //@ assert ends: block_ends(*tiles);
    //@ assert first: block_first(*tiles);
    //@ assert disjoint: block_apart(*tiles);
}

/* If the right neighbour of block `i` is free, make it part of `i`. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    assigns *tiles;
    ensures spares: spares(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures strategy: strategy(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures place: isused(*tiles, i)
      && tiles->record[i].start == \old(tiles->record[i].start)
      && tiles->record[i].size >= \old(tiles->record[i].size)
      && tiles->record[i].left == \old(tiles->record[i].left);
    ensures room: isfree(\old(*tiles), \old(tiles->record[i].right)) ==>
      tiles->record[i].size == \old(tiles->record[i].size)
        + \old(*tiles).record[\old(tiles->record[i].right)].size;
    ensures right: !isfree(*tiles, tiles->record[i].right);
    ensures left: isfree(*tiles, tiles->record[i].left) <==>
      isfree(\old(*tiles), \old(tiles->record[i].left));
    ensures kept: kept(\old(*tiles), *tiles, i);
    ensures granules: freed(*tiles, \old(*tiles),
      tiles->record[i].start + \old(tiles->record[i].size),
      tiles->record[i].start + tiles->record[i].size);
    ensures began: none_new(\old(*tiles), *tiles);
*/
static inline void tiles_absorb_right(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t right = MNI_TILE(tiles, i).right;
    //@ ghost uint32_t left = tiles->record[i].left;

    //@ assert in: right < tiles->count;
    //@ assert ends: right != i && left != i && (left == right ==> left == 0);
    if (MNI_TILE(tiles, right).list < MNI_TILES_SPARE) {
        /*@ assert beyond: right != 0 && tiles->record[right].left == i
              && !isfree(*tiles, tiles->record[right].right)
              && tiles->record[right].right != right
              && tiles->record[right].right != i; */
        tiles_withdraw(tiles, right);
        /*@ assert pair: tiles->record[i].right == right
              && isused(*tiles, right) && isused(*tiles, i)
              && tiles->record[i].left == left
              && tiles->record[right].right != i; */
        //@ assert open: !isfree(*tiles, tiles->record[right].right);
        /*@ assert before: isfree(*tiles, left) <==>
              isfree(\at(*tiles, Pre), left); */
        //@ assert kept: kept(\at(*tiles, Pre), *tiles, i);
        /*@ assert live: \forall integer j; live(*tiles, j) ==>
              live(\at(*tiles, Pre), j); */
        //@ assert began: none_new(\at(*tiles, Pre), *tiles);
        //@ ghost Removed: ;
        mni_tile_merge(tiles, i);
        //@ assert joined: none_new(\at(*tiles, Removed), *tiles);
        /*@ assert merged: kept(\at(*tiles, Removed), *tiles, i)
              || \at(*tiles, Removed).record[right].list == MNI_TILES_USED; */
    }
}

/* If the left neighbour of block `i` is free, make `i` part of it, USED. The
 * record of the block that results. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    requires !isfree(*tiles, tiles->record[i].right);
    assigns *tiles;
    ensures spares: spares(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures strategy: strategy(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures which: 1 <= \result < tiles->count
      && (\result == i || (tiles->record[i].list == MNI_TILES_SPARE
                           && isfree(\old(*tiles), \result)));
    ensures place: isused(*tiles, \result)
      && tiles->record[\result].start <= \old(tiles->record[i].start)
      && tiles->record[\result].start + tiles->record[\result].size
           == \old(tiles->record[i].start + tiles->record[i].size);
    ensures right: !isfree(*tiles, tiles->record[\result].right);
    ensures left: !isfree(*tiles, tiles->record[\result].left);
    ensures kept: \forall integer j; 1 <= j < tiles->count && j != i
      && \old(*tiles).record[j].list >= MNI_TILES_USED ==>
      tiles->record[j].list == \old(*tiles).record[j].list
      && tiles->record[j].start == \old(*tiles).record[j].start
      && tiles->record[j].size == \old(*tiles).record[j].size;
    ensures granules: freed(*tiles, \old(*tiles), tiles->record[\result].start,
                            \old(tiles->record[i].start));
    ensures began: none_new(\old(*tiles), *tiles);
*/
static inline uint32_t tiles_absorb_left(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t left = MNI_TILE(tiles, i).left;

    //@ assert in: left < tiles->count;
    if (MNI_TILE(tiles, left).list >= MNI_TILES_SPARE)
        return i;
    /*@ assert pair: left != 0 && left != i && tiles->record[left].right == i
          && tiles->record[left].start + tiles->record[left].size
               == tiles->record[i].start; */
    /*@ assert before: !isfree(*tiles, tiles->record[left].left)
          && tiles->record[left].left != left
          && tiles->record[left].left != i; */
    /*@ assert after: tiles->record[i].right == 0
          || (tiles->record[i].right != i && tiles->record[i].right != left); */
    tiles_withdraw(tiles, left);
    /*@ assert joined: tiles->record[left].right == i && isused(*tiles, left)
          && isused(*tiles, i); */
    //@ assert open: !isfree(*tiles, tiles->record[left].left);
    //@ assert began: none_new(\at(*tiles, Pre), *tiles);
    //@ assert kept: kept(\at(*tiles, Pre), *tiles, left);
    //@ ghost Withdrawn: ;
    mni_tile_merge(tiles, left);
    /*@ assert still: \forall integer j; isfree(*tiles, j) ==>
          isfree(\at(*tiles, Withdrawn), j); */
    //@ assert joined: none_new(\at(*tiles, Withdrawn), *tiles);
    return left;
}

/* Free what block `i` has beyond `size`, if a record is spare for it and it is
 * worth one. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    requires 0 < size <= tiles->record[i].size;
    requires !isfree(*tiles, tiles->record[i].right);
    assigns *tiles;
    ensures spares: spares(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures strategy: strategy(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures place: isused(*tiles, i)
      && tiles->record[i].start == \old(tiles->record[i].start)
      && size <= tiles->record[i].size <= \old(tiles->record[i].size);
    ensures kept: kept(\old(*tiles), *tiles, i);
    ensures granules: freed(\old(*tiles), *tiles,
      tiles->record[i].start + tiles->record[i].size,
      tiles->record[i].start + \old(tiles->record[i].size));
    ensures began: new_right(\old(*tiles), *tiles, i);
    ensures left: tiles->record[i].left == \old(tiles->record[i].left)
      && (isfree(*tiles, tiles->record[i].left) <==>
          isfree(\old(*tiles), \old(tiles->record[i].left)));
*/
MNI_TILE_INLINE void tiles_trim(struct mni_tiles *tiles, uint32_t i,
                                uint32_t size)
{
    if (MNI_TILE(tiles, i).size > size && tiles->spare != 0
        && mni_tile_splits(MNI_TILE(tiles, i).size - size)) {
        //@ ghost uint32_t right = tiles->record[i].right;
        //@ assert other: right != i;
        uint32_t rest = mni_tile_split(tiles, i, size);
        /*@ assert parts: tiles->record[rest].right == right
              && tiles->record[rest].left == i && right != rest
              && isused(*tiles, i) && isused(*tiles, rest)
              && \at(*tiles, Pre).record[rest].list == MNI_TILES_SPARE; */
        //@ assert beyond: !isfree(*tiles, right);
        //@ assert kept: kept(\at(*tiles, Pre), *tiles, i);
        /*@ assert began: \forall integer j; live(*tiles, j) && j != rest ==>
              began(\at(*tiles, Pre), *tiles, j); */
        //@ ghost Cut: ;
        tiles_offer(tiles, rest);
        //@ assert as: none_new(\at(*tiles, Cut), *tiles);
        /*@ assert still: \forall integer j; 1 <= j < tiles->count
              && j != rest && \at(*tiles, Cut).record[j].list
                                >= MNI_TILES_USED ==>
              tiles->record[j].list == \at(*tiles, Cut).record[j].list
              && tiles->record[j].start == \at(*tiles, Cut).record[j].start
              && tiles->record[j].size == \at(*tiles, Cut).record[j].size; */
    }
}

/* Nothing can be cut from the block. */
#define TILES_NO_GAP UINT32_C(0xffffffff)

/* Granules between the start of the proposed record `i` and a block of `size`
 * granules, at a multiple of `align`, that can be cut from it; TILES_NO_GAP if
 * none can, or if `i` is no free block. Here proposals are checked. */
/*@ requires \valid_read(tiles) && inv(*tiles) && power(align);
    requires 0 < size <= tiles->capacity;
    assigns \nothing;
    ensures fits: \result != TILES_NO_GAP ==>
      isfree(*tiles, i) && \result + size <= tiles->record[i].size
      && (\result == 0 || tiles->spare != 0);
    ensures aligned: \result != TILES_NO_GAP ==>
      (tiles->origin + tiles->record[i].start + \result) % align == 0;
*/
static inline uint32_t tiles_gap(const struct mni_tiles *tiles, uint32_t i,
                                 uint32_t size, uint32_t align)
{
    if (i >= tiles->count || !mni_tiles_is_free(tiles, i))
        return TILES_NO_GAP;
    uint32_t gap = mni_tile_gap(tiles->origin, MNI_TILE(tiles, i).start, align);
    if (gap + size > MNI_TILE(tiles, i).size || (gap != 0 && tiles->spare == 0))
        return TILES_NO_GAP;
    if (align == 1 && tiles->spare != 0 && mni_tile_high(tiles, i)
        && mni_tile_splits(MNI_TILE(tiles, i).size - size))
        return MNI_TILE(tiles, i).size - size;
    return gap;
}

/* Cut `size` granules from free block `i`, `gap` granules after its start.
 * The record of the block. */
/*@ requires \valid(tiles) && inv(*tiles) && isfree(*tiles, i);
    requires 0 < size && gap + size <= tiles->record[i].size;
    requires gap == 0 || tiles->spare != 0;
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures place: isused(*tiles, \result)
      && tiles->record[\result].start == \old(tiles->record[i].start) + gap
      && tiles->record[\result].size >= size;
    ensures fresh: \old(*tiles).record[\result].list < MNI_TILES_USED;
    ensures kept: kept(\old(*tiles), *tiles, \result);
    ensures granules: freed(*tiles, \old(*tiles), tiles->record[\result].start,
      tiles->record[\result].start + tiles->record[\result].size);
    ensures began: new_sides(\old(*tiles), *tiles, \result);
*/
MNI_TILE_INLINE uint32_t tiles_claim(struct mni_tiles *tiles, uint32_t i,
                                     uint32_t gap, uint32_t size)
{
    /*@ assert left: !isfree(*tiles, tiles->record[i].left)
          && tiles->record[i].left != i; */
    /*@ assert right: !isfree(*tiles, tiles->record[i].right)
          && tiles->record[i].right != i; */
    tiles_withdraw(tiles, i);
    //@ assert removed: kept(\at(*tiles, Pre), *tiles, i);
    //@ assert began: none_new(\at(*tiles, Pre), *tiles);
    if (gap != 0) {
        uint32_t block = mni_tile_split(tiles, i, gap);
        /*@ assert cut: kept(\at(*tiles, Pre), *tiles, block)
              && \at(*tiles, Pre).record[block].list == MNI_TILES_SPARE; */
        /*@ assert fits: tiles->record[block].size >= size
              && tiles->record[block].start
                   == \at(*tiles, Pre).record[i].start + gap
              && !isfree(*tiles, tiles->record[block].right); */
        /*@ assert bare: freed(*tiles, \at(*tiles, Pre),
              \at(*tiles, Pre).record[i].start,
              \at(*tiles, Pre).record[i].start
              + \at(*tiles, Pre).record[i].size); */
        /*@ assert rest: \forall integer j; live(*tiles, j) && j != block ==>
              began(\at(*tiles, Pre), *tiles, j); */
        //@ ghost Cut: ;
        tiles_offer(tiles, i);
        /*@ assert live: \forall integer j; live(*tiles, j) ==>
              live(\at(*tiles, Cut), j); */
        //@ assert as: none_new(\at(*tiles, Cut), *tiles);
        /*@ assert given: isused(*tiles, block)
              && tiles->record[block].size >= size
              && tiles->record[block].start
                   == \at(*tiles, Pre).record[i].start + gap
              && !isfree(*tiles, tiles->record[block].right); */
        /*@ assert still: \forall integer j; 1 <= j < tiles->count
              && j != i && \at(*tiles, Cut).record[j].list
                             >= MNI_TILES_USED ==>
              tiles->record[j].list == \at(*tiles, Cut).record[j].list
              && tiles->record[j].start == \at(*tiles, Cut).record[j].start
              && tiles->record[j].size == \at(*tiles, Cut).record[j].size; */
        //@ assert offered: kept(\at(*tiles, Pre), *tiles, block);
        /*@ assert behind: \forall integer j; live(*tiles, j) && j != block ==>
              began(\at(*tiles, Pre), *tiles, j); */
        //@ assert beside: isfree(*tiles, tiles->record[block].left);
        /*@ assert parts: tiles->record[i].start + tiles->record[i].size
                == tiles->record[block].start
              && tiles->record[block].start + tiles->record[block].size
                == \at(*tiles, Pre).record[i].start
                   + \at(*tiles, Pre).record[i].size
              && tiles->record[i].start == \at(*tiles, Pre).record[i].start; */
        /*@ assert without: freed(*tiles, \at(*tiles, Pre),
              tiles->record[block].start,
              tiles->record[block].start + tiles->record[block].size); */
        i = block;
    }
    //@ assert out: isused(*tiles, i) && tiles->record[i].size >= size;
    //@ assert beyond: !isfree(*tiles, tiles->record[i].right);
    /*@ assert start: tiles->record[i].start
          == \at(*tiles, Pre).record[\at(i, Pre)].start + gap; */
    /*@ assert before: kept(\at(*tiles, Pre), *tiles, i)
          && \at(*tiles, Pre).record[i].list < MNI_TILES_USED; */
    /*@ assert without: freed(*tiles, \at(*tiles, Pre),
          tiles->record[i].start,
          tiles->record[i].start + tiles->record[i].size); */
    //@ assert began: new_sides(\at(*tiles, Pre), *tiles, i);
    tiles_trim(tiles, i, size);
    return i;
}

/* Hand out a block of at least `size` granules at a multiple of `align`, a
 * power of two. The record, or 0 if none fits. It is larger than `size` only
 * while no record is spare. Loop-free. */
/*@ requires \valid(tiles) && inv(*tiles) && power(align);
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures range: \result < tiles->count;
    ensures geometry: tiles->capacity == \old(tiles->capacity)
      && tiles->count == \old(tiles->count)
      && tiles->origin == \old(tiles->origin);
    ensures got: \result != 0 ==>
      tiles->record[\result].list == MNI_TILES_USED
      && tiles->record[\result].size >= size > 0
      && tiles->record[\result].start + tiles->record[\result].size
           <= tiles->capacity;
    ensures aligned: \result != 0 ==>
      (tiles->origin + tiles->record[\result].start) % align == 0;
    ensures fresh: \result != 0 ==>
      \old(*tiles).record[\result].list < MNI_TILES_USED;
    ensures kept: kept(\old(*tiles), *tiles, \result);
    ensures granules: \result != 0 ==>
      freed(*tiles, \old(*tiles), tiles->record[\result].start,
            tiles->record[\result].start + tiles->record[\result].size);
    ensures began: \result != 0 ==>
      new_sides(\old(*tiles), *tiles, \result);
    ensures none: \result == 0 ==> *tiles == \old(*tiles);
*/
MNI_TILE_INLINE uint32_t mni_tiles_alloc(struct mni_tiles *tiles, uint32_t size,
                                         uint32_t align)
{
    if (size == 0 || size > tiles->capacity)
        return 0;
    uint32_t i = mni_strategy_propose(tiles, size);
    uint32_t gap = tiles_gap(tiles, i, size, align);
    if (gap == TILES_NO_GAP) {
        if (align == 1 || align - 1 > tiles->capacity - size)
            return 0;
        //@ assert wide: size <= size + (align - 1) <= tiles->capacity;
        /* A block that is large enough wherever it starts. */
        i = mni_strategy_propose(tiles, size + (align - 1));
        gap = tiles_gap(tiles, i, size, align);
        if (gap == TILES_NO_GAP)
            return 0;
    }
    return tiles_claim(tiles, i, gap, size);
}

/* Take block `i`, which is out, back and merge it with its free neighbours;
 * the left one's record stays. The record of the free block that results.
 * Loop-free. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures geometry: same_shape(\old(*tiles), *tiles);
    ensures gone: tiles->record[i].list <= MNI_TILES_SPARE;
    ensures kept: kept(\old(*tiles), *tiles, i);
    ensures merged: isfree(*tiles, \result)
      && tiles->record[\result].start <= \old(tiles->record[i].start)
      && \old(tiles->record[i].start + tiles->record[i].size)
           <= tiles->record[\result].start + tiles->record[\result].size;
    ensures granules: freed(\old(*tiles), *tiles, \old(tiles->record[i].start),
      \old(tiles->record[i].start + tiles->record[i].size));
    ensures began: none_new(\old(*tiles), *tiles);
*/
MNI_TILE_INLINE uint32_t mni_tiles_release(struct mni_tiles *tiles, uint32_t i)
{
    tiles_absorb_right(tiles, i);
    uint32_t block = tiles_absorb_left(tiles, i);
    /*@ assert around: tiles->record[block].start
            <= \at(*tiles, Pre).record[i].start
          && \at(*tiles, Pre).record[i].start + \at(*tiles, Pre).record[i].size
            <= tiles->record[block].start + tiles->record[block].size; */
    /*@ assert without: \forall integer g; free_at(*tiles, g) <==>
          free_at(\at(*tiles, Pre), g) && !over(*tiles, block, g); */
    /*@ assert out: \forall integer g; over(\at(*tiles, Pre), i, g) ==>
          !free_at(\at(*tiles, Pre), g); */
    //@ assert began: none_new(\at(*tiles, Pre), *tiles);
    //@ ghost Whole: ;
    tiles_offer(tiles, block);
    /*@ assert live: \forall integer j; live(*tiles, j) ==>
          live(\at(*tiles, Whole), j); */
    //@ assert as: none_new(\at(*tiles, Whole), *tiles);
    /*@ assert joined: \forall integer g; free_at(*tiles, g) <==>
          free_at(\at(*tiles, Whole), g)
          || over(\at(*tiles, Whole), block, g); */
    return block;
}

/* Take block `i` back and merge it with its free neighbours; the left one's
 * record stays. False, and nothing is changed, if `i` is no block that is
 * out. Loop-free. */
/*@ requires \valid(tiles) && inv(*tiles);
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures geometry: tiles->capacity == \old(tiles->capacity)
      && tiles->count == \old(tiles->count)
      && tiles->origin == \old(tiles->origin);
    behavior refused:
      assumes !isused(*tiles, i);
      ensures said: \result == \false;
      ensures none: *tiles == \old(*tiles);
    behavior freed:
      assumes isused(*tiles, i);
      ensures said: \result == \true;
      ensures gone: tiles->record[i].list < MNI_TILES_USED;
      ensures kept: kept(\old(*tiles), *tiles, i);
      ensures merged: \exists integer j; isfree(*tiles, j)
        && tiles->record[j].start <= \old(*tiles).record[i].start
        && \old(*tiles).record[i].start + \old(*tiles).record[i].size
             <= tiles->record[j].start + tiles->record[j].size;
      ensures granules: freed(\old(*tiles), *tiles,
        \old(*tiles).record[i].start,
        \old(*tiles).record[i].start + \old(*tiles).record[i].size);
    complete behaviors; disjoint behaviors;
*/
static inline bool mni_tiles_free(struct mni_tiles *tiles, uint32_t i)
{
    if (i == 0 || i >= tiles->count
        || MNI_TILE(tiles, i).list != MNI_TILES_USED)
        return false;
    (void)mni_tiles_release(tiles, i);
    return true;
}

/* Change block `i` to at least `size` granules without moving its start; it
 * is larger only while no record is spare. False, and nothing is changed, if
 * `i` is no block that is out, if `size` is 0, or if what follows is not free
 * or too short. Loop-free. */
/*@ requires \valid(tiles) && inv(*tiles);
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures geometry: tiles->capacity == \old(tiles->capacity)
      && tiles->count == \old(tiles->count)
      && tiles->origin == \old(tiles->origin);
    ensures none: \result == \false ==> *tiles == \old(*tiles);
    ensures done: \result == \true ==> isused(\old(*tiles), i)
      && isused(*tiles, i)
      && tiles->record[i].start == \old(*tiles).record[i].start
      && tiles->record[i].size >= size > 0;
    ensures kept: kept(\old(*tiles), *tiles, i);
    ensures wider: \result == \true
      && tiles->record[i].size >= \old(*tiles).record[i].size ==>
      freed(*tiles, \old(*tiles),
            tiles->record[i].start + \old(*tiles).record[i].size,
            tiles->record[i].start + tiles->record[i].size);
    ensures narrower: \result == \true
      && tiles->record[i].size <= \old(*tiles).record[i].size ==>
      freed(\old(*tiles), *tiles,
            tiles->record[i].start + tiles->record[i].size,
            tiles->record[i].start + \old(*tiles).record[i].size);
    ensures began: \result == \true ==> new_right(\old(*tiles), *tiles, i);
*/
static inline bool mni_tiles_resize(struct mni_tiles *tiles, uint32_t i,
                                    uint32_t size)
{
    if (i == 0 || i >= tiles->count || MNI_TILE(tiles, i).list != MNI_TILES_USED
        || size == 0)
        return false;
    uint32_t right = MNI_TILE(tiles, i).right;
    uint32_t room = MNI_TILE(tiles, i).size;
    //@ assert in: right < tiles->count;
    if (MNI_TILE(tiles, right).list < MNI_TILES_SPARE)
        room += MNI_TILE(tiles, right).size;
    if (size > room)
        return false;
    tiles_absorb_right(tiles, i);
    tiles_trim(tiles, i, size);
    return true;
}

/* Let record `count` exist, spare. */
/*@ requires \valid(tiles) && inv(*tiles) && tiles->count < MNI_TILES_MAX;
    assigns *tiles;
    ensures spares: spares(*tiles);
    ensures b1: block_range(*tiles);
    ensures b2: block_right(*tiles);
    ensures b3: block_left(*tiles);
    ensures b4: block_ends(*tiles);
    ensures b5: block_apart(*tiles);
    ensures b6: block_first(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures sink: sink(*tiles);
    ensures strategy: strategy(*tiles);
    ensures more: tiles->count == \old(tiles->count) + 1;
    ensures geometry: tiles->capacity == \old(tiles->capacity)
      && tiles->origin == \old(tiles->origin);
    ensures same: same_blocks(\old(*tiles), *tiles);
*/
static inline void tiles_add_spare(struct mni_tiles *tiles)
{
    uint32_t i = tiles->count;

    MNI_TILE(tiles, i).list = MNI_TILES_USED;
    tiles->count = i + MNI_TILE_UNIT;
    //@ assert links: spares(*tiles);
    mni_tile_give(tiles, i);
    /*@ assert live: \forall integer j; live(*tiles, j) <==>
          live(\at(*tiles, Pre), j); */
    /*@ assert free: \forall integer j; isfree(*tiles, j) <==>
          isfree(\at(*tiles, Pre), j); */
    /*@ assert apart: \forall integer j, m; live(*tiles, j)
          && live(*tiles, m) && apart(\at(*tiles, Pre), j, m) ==>
          apart(*tiles, j, m); */
}

/* Add records. Requires: count <= MNI_TILES_MAX; memory for count records. */
/*@ requires \valid(tiles) && inv(*tiles);
    requires count <= MNI_TILES_MAX;
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures count: tiles->count == \max(count, \old(tiles->count));
    ensures geometry: tiles->capacity == \old(tiles->capacity)
      && tiles->origin == \old(tiles->origin);
    ensures kept: kept(\old(*tiles), *tiles, 0);
    ensures blocks: same_blocks(\old(*tiles), *tiles);
*/
static inline void mni_tiles_grow(struct mni_tiles *tiles, uint32_t count)
{
    /*@ loop invariant inv(*tiles);
        loop invariant \at(*tiles, Pre).count <= tiles->count;
        loop invariant tiles->count <= \max(count, \at(*tiles, Pre).count);
        loop invariant tiles->capacity == \at(*tiles, Pre).capacity
          && tiles->origin == \at(*tiles, Pre).origin;
        loop invariant same_blocks(\at(*tiles, Pre), *tiles);
        loop assigns *tiles;
        loop variant count - tiles->count;
    */
    while (tiles->count < count)
        tiles_add_spare(tiles);
}

/* The region as one free block, without spare records. */
/*@ requires \valid(tiles) && 0 < capacity <= MNI_TILES_CAPACITY_MAX;
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures shape: tiles->capacity == capacity && tiles->count == 2
      && tiles->origin == origin;
    ensures whole: isfree(*tiles, 1) && tiles->record[1].size == capacity;
*/
static inline void tiles_init_first(struct mni_tiles *tiles, uint32_t capacity,
                                    uint32_t origin)
{
    tiles->capacity = capacity;
    tiles->count = 2 * MNI_TILE_UNIT;
    tiles->origin = origin;
    tiles->spare = 0;
    MNI_TILE(tiles, 0).list = MNI_TILES_USED;
    MNI_TILE(tiles, 0).start = 0;
    MNI_TILE(tiles, 0).size = 0;
    MNI_TILE(tiles, MNI_TILES_FIRST).list = MNI_TILES_USED;
    MNI_TILE(tiles, MNI_TILES_FIRST).start = 0;
    MNI_TILE(tiles, MNI_TILES_FIRST).size = (MNI_TILE_LINK)capacity;
    MNI_TILE(tiles, MNI_TILES_FIRST).left = 0;
    MNI_TILE(tiles, MNI_TILES_FIRST).right = 0;
    //@ assert only: \forall integer j; live(*tiles, j) ==> j == 1;
    mni_strategy_begin(tiles);
    tiles_offer(tiles, MNI_TILES_FIRST);
}

/* Make one free block of `capacity` granules. `origin` is the number of its
 * first granule in the address space, modulo 2^32; alignments count from it.
 * Requires: two records or more, up to MNI_TILES_MAX; memory for them. */
/*@ requires \valid(tiles);
    requires 0 < capacity <= MNI_TILES_CAPACITY_MAX && 2 <= count <=
   MNI_TILES_MAX; assigns *tiles; ensures inv: inv(*tiles); ensures geometry:
   tiles->capacity == capacity && tiles->count == count
      && tiles->origin == origin;
    ensures whole: isfree(*tiles, 1) && tiles->record[1].size == capacity;
*/
static inline void mni_tiles_init(struct mni_tiles *tiles, uint32_t capacity,
                                  uint32_t count, uint32_t origin)
{
    tiles_init_first(tiles, capacity, origin);
    mni_tiles_grow(tiles, count);
}

/* Whether at least two records are spare: what an aligned alloc may use. */
/*@ requires \valid_read(tiles) && spares(*tiles);
    assigns \nothing;
    ensures \result == \true ==> tiles->spare != 0
      && tiles->record[tiles->spare].next != 0;
*/
static inline bool mni_tiles_has_spare(const struct mni_tiles *tiles)
{
    uint32_t spare = tiles->spare;

    return spare != 0 && MNI_TILE(tiles, spare).next != 0;
}

#endif

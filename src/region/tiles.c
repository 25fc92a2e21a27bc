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
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    assigns *tiles;
    ensures lists: lists(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures classed: classed(*tiles);
    ensures sink: sink(*tiles);
    ensures bitmap: bitmap(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures place: isused(*tiles, i)
      && tiles->record[i].start == \old(tiles->record[i].start)
      && tiles->record[i].size >= \old(tiles->record[i].size)
      && tiles->record[i].left == \old(tiles->record[i].left);
    ensures room: isfree(\old(*tiles), \old(tiles->record[i].right)) ==>
      tiles->record[i].size == \old(tiles->record[i].size)
        + \old(*tiles).record[\old(tiles->record[i].right)].size;
    ensures right: !isfree(*tiles, tiles->record[i].right);
    ensures left: tiles->record[tiles->record[i].left].list
      == \old(tiles->record[tiles->record[i].left].list);
    ensures kept: kept(\old(*tiles), *tiles, i);
*/
static inline void tiles_absorb_right(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t right = tiles->record[i].right;
    //@ ghost uint32_t left = tiles->record[i].left;

    //@ assert in: right < tiles->count;
    //@ assert ends: right != i && left != i && (left == right ==> left == 0);
    if (tiles->record[right].list < MNI_TILES_CLASSES) {
        /*@ assert beyond: right != 0 && tiles->record[right].left == i
              && !isfree(*tiles, tiles->record[right].right)
              && tiles->record[right].right != right
              && tiles->record[right].right != i; */
        mni_tlsf_remove(tiles, right);
        /*@ assert pair: tiles->record[i].right == right
              && isused(*tiles, right) && isused(*tiles, i)
              && tiles->record[i].left == left; */
        //@ assert kept: kept(\at(*tiles, Pre), *tiles, i);
        //@ ghost Removed: ;
        mni_tile_merge(tiles, i);
        /*@ assert merged: kept(\at(*tiles, Removed), *tiles, i)
              || \at(*tiles, Removed).record[right].list == MNI_TILES_USED; */
    }
}

/* If the left neighbour of block `i` is free, make `i` part of it, USED. The
 * record of the block that results. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    requires !isfree(*tiles, tiles->record[i].right);
    assigns *tiles;
    ensures lists: lists(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures classed: classed(*tiles);
    ensures sink: sink(*tiles);
    ensures bitmap: bitmap(*tiles);
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
*/
static inline uint32_t tiles_absorb_left(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t left = tiles->record[i].left;

    //@ assert in: left < tiles->count;
    if (tiles->record[left].list >= MNI_TILES_CLASSES)
        return i;
    /*@ assert pair: left != 0 && left != i && tiles->record[left].right == i
          && tiles->record[left].start + tiles->record[left].size
               == tiles->record[i].start; */
    /*@ assert before: !isfree(*tiles, tiles->record[left].left)
          && tiles->record[left].left != left
          && tiles->record[left].left != i; */
    /*@ assert after: tiles->record[i].right == 0
          || (tiles->record[i].right != i && tiles->record[i].right != left); */
    mni_tlsf_remove(tiles, left);
    /*@ assert joined: tiles->record[left].right == i && isused(*tiles, left)
          && isused(*tiles, i); */
    mni_tile_merge(tiles, left);
    return left;
}

/* Free what block `i` has beyond `size`, if a record is spare for it. */
/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    requires 0 < size <= tiles->record[i].size;
    requires !isfree(*tiles, tiles->record[i].right);
    assigns *tiles;
    ensures lists: lists(*tiles);
    ensures blocks: blocks(*tiles);
    ensures coalesced: coalesced(*tiles);
    ensures classed: classed(*tiles);
    ensures sink: sink(*tiles);
    ensures bitmap: bitmap(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures place: isused(*tiles, i)
      && tiles->record[i].start == \old(tiles->record[i].start)
      && tiles->record[i].size >= size;
    ensures exact: \old(tiles->head[MNI_TILES_SPARE]) != 0 ==>
      tiles->record[i].size == size;
    ensures kept: kept(\old(*tiles), *tiles, i);
*/
static inline void tiles_trim(struct mni_tiles *tiles, uint32_t i,
                              uint32_t size)
{
    if (tiles->record[i].size > size && tiles->head[MNI_TILES_SPARE] != 0) {
        //@ ghost uint32_t right = tiles->record[i].right;
        //@ assert other: right != i;
        uint32_t rest = mni_tile_split(tiles, i, size);
        /*@ assert parts: tiles->record[rest].right == right
              && tiles->record[rest].left == i && right != rest
              && isused(*tiles, i) && isused(*tiles, rest); */
        //@ assert beyond: !isfree(*tiles, right);
        //@ assert kept: kept(\at(*tiles, Pre), *tiles, i);
        mni_tlsf_add(tiles, rest);
    }
}

/* Whether a block of `size` granules can be cut from the proposed record `i`,
 * `gap` granules after its start. */
/*@ requires \valid_read(tiles) && inv(*tiles) && i < tiles->count;
    requires gap <= 0x80000000 && 0 < size <= 0x7fffffff;
    assigns \nothing;
    ensures fits: \result == \true ==>
      i != 0 && gap + size <= tiles->record[i].size
      && (gap == 0 || tiles->head[MNI_TILES_SPARE] != 0);
*/
static inline bool tiles_fits(const struct mni_tiles *tiles, uint32_t i,
                              uint32_t gap, uint32_t size)
{
    return gap + size <= tiles->record[i].size
           && (gap == 0 || tiles->head[MNI_TILES_SPARE] != 0);
}

/* Cut `size` granules from free block `i`, `gap` granules after its start.
 * The record of the block. */
/*@ requires \valid(tiles) && inv(*tiles) && isfree(*tiles, i);
    requires 0 < size && gap + size <= tiles->record[i].size;
    requires gap == 0 || tiles->head[MNI_TILES_SPARE] != 0;
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures place: isused(*tiles, \result)
      && tiles->record[\result].start == \old(tiles->record[i].start) + gap
      && tiles->record[\result].size >= size;
    ensures fresh: \old(*tiles).record[\result].list < MNI_TILES_USED;
    ensures kept: kept(\old(*tiles), *tiles, \result);
*/
static inline uint32_t tiles_claim(struct mni_tiles *tiles, uint32_t i,
                                   uint32_t gap, uint32_t size)
{
    /*@ assert left: !isfree(*tiles, tiles->record[i].left)
          && tiles->record[i].left != i; */
    /*@ assert right: !isfree(*tiles, tiles->record[i].right)
          && tiles->record[i].right != i; */
    mni_tlsf_remove(tiles, i);
    //@ assert removed: kept(\at(*tiles, Pre), *tiles, i);
    if (gap != 0) {
        uint32_t block = mni_tile_split(tiles, i, gap);
        /*@ assert cut: kept(\at(*tiles, Pre), *tiles, block)
              && \at(*tiles, Pre).record[block].list == MNI_TILES_SPARE; */
        /*@ assert fits: tiles->record[block].size >= size
              && !isfree(*tiles, tiles->record[block].right); */
        mni_tlsf_add(tiles, i);
        /*@ assert given: isused(*tiles, block)
              && tiles->record[block].size >= size
              && !isfree(*tiles, tiles->record[block].right); */
        i = block;
    }
    //@ assert out: isused(*tiles, i) && tiles->record[i].size >= size;
    //@ assert beyond: !isfree(*tiles, tiles->record[i].right);
    /*@ assert start: tiles->record[i].start
          == \at(*tiles, Pre).record[\at(i, Pre)].start + gap; */
    /*@ assert before: kept(\at(*tiles, Pre), *tiles, i)
          && \at(*tiles, Pre).record[i].list < MNI_TILES_USED; */
    tiles_trim(tiles, i, size);
    return i;
}

uint32_t mni_tiles_alloc(struct mni_tiles *tiles, uint32_t size, uint32_t align)
{
    if (size == 0 || size > tiles->capacity)
        return 0;
    uint32_t i = mni_tlsf_propose(tiles, size);
    uint32_t gap = mni_tile_gap(tiles->origin, tiles->record[i].start, align);
    if (!tiles_fits(tiles, i, gap, size)) {
        if (align == 1 || align - 1 > tiles->capacity - size)
            return 0;
        //@ assert wide: size <= size + (align - 1) <= tiles->capacity;
        /* A block that is large enough wherever it starts. */
        i = mni_tlsf_propose(tiles, size + (align - 1));
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
    /*@ assert merged: isfree(*tiles, block)
          && tiles->record[block].start
               <= \at(*tiles, Pre).record[i].start
          && \at(*tiles, Pre).record[i].start
               + \at(*tiles, Pre).record[i].size
               <= tiles->record[block].start + tiles->record[block].size; */
    return true;
}

bool mni_tiles_resize(struct mni_tiles *tiles, uint32_t i, uint32_t size)
{
    if (i == 0 || i >= tiles->count || tiles->record[i].list != MNI_TILES_USED
        || size == 0)
        return false;
    uint32_t right = tiles->record[i].right;
    uint32_t room = tiles->record[i].size;
    //@ assert in: right < tiles->count;
    if (tiles->record[right].list < MNI_TILES_CLASSES)
        room += tiles->record[right].size;
    if (size > room)
        return false;
    tiles_absorb_right(tiles, i);
    tiles_trim(tiles, i, size);
    return true;
}

/* Let record `count` exist, spare. */
/*@ requires \valid(tiles) && inv(*tiles) && tiles->count < MNI_TILES_MAX;
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
    ensures bitmap: bitmap(*tiles);
    ensures more: tiles->count == \old(tiles->count) + 1;
    ensures geometry: tiles->capacity == \old(tiles->capacity)
      && tiles->origin == \old(tiles->origin);
    ensures same: same_blocks(\old(*tiles), *tiles);
*/
static inline void tiles_add_spare(struct mni_tiles *tiles)
{
    uint32_t i = tiles->count;

    tiles->record[i].list = MNI_TILES_USED;
    tiles->count = i + 1;
    //@ assert links: lists(*tiles);
    mni_tile_push(tiles, MNI_TILES_SPARE, i);
    /*@ assert live: \forall integer j; live(*tiles, j) <==>
          live(\at(*tiles, Pre), j); */
    /*@ assert free: \forall integer j; isfree(*tiles, j) <==>
          isfree(\at(*tiles, Pre), j); */
    /*@ assert apart: \forall integer j, m; live(*tiles, j)
          && live(*tiles, m) && apart(\at(*tiles, Pre), j, m) ==>
          apart(*tiles, j, m); */
}

void mni_tiles_grow(struct mni_tiles *tiles, uint32_t count)
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
/*@ requires \valid(tiles) && 0 < capacity <= 0x7fffffff;
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
    tiles->count = 2;
    tiles->origin = origin;
    tiles->summary = 0;
    /*@ loop invariant 0 <= w <= MNI_TILES_WORDS;
        loop invariant \forall integer v; 0 <= v < w ==> tiles->words[v] == 0;
        loop assigns w, tiles->words[0 .. MNI_TILES_WORDS - 1];
        loop variant MNI_TILES_WORDS - w;
    */
    for (uint32_t w = 0; w < MNI_TILES_WORDS; w++)
        tiles->words[w] = 0;
    /*@ loop invariant 0 <= c <= MNI_TILES_SPARE + 1;
        loop invariant \forall integer d; 0 <= d < c ==> tiles->head[d] == 0;
        loop assigns c, tiles->head[0 .. MNI_TILES_SPARE];
        loop variant MNI_TILES_SPARE + 1 - c;
    */
    for (uint32_t c = 0; c <= MNI_TILES_SPARE; c++)
        tiles->head[c] = 0;
    tiles->record[0].list = MNI_TILES_USED;
    tiles->record[0].start = 0;
    tiles->record[0].size = 0;
    tiles->record[1].list = MNI_TILES_USED;
    tiles->record[1].start = 0;
    tiles->record[1].size = capacity;
    tiles->record[1].left = 0;
    tiles->record[1].right = 0;
    //@ assert only: \forall integer j; live(*tiles, j) ==> j == 1;
    mni_tlsf_add(tiles, 1);
}

void mni_tiles_init(struct mni_tiles *tiles, uint32_t capacity, uint32_t count,
                    uint32_t origin)
{
    tiles_init_first(tiles, capacity, origin);
    mni_tiles_grow(tiles, count);
}

/* SPDX-License-Identifier: MIT */
/* tiles_index.h -- from a granule to the block that it lies in.
 *
 * The region is seen as chunks of 2^shift granules, with one entry each. An
 * entry is written for two reasons only:
 *
 *   1. where blocks begin in a chunk, it names the first that does;
 *   2. of the chunks that lie wholly in a block, the one whose number has the
 *      most zeros at its end, the pivot, names the block.
 *
 * No entry serves two blocks: none begins inside a chunk that lies wholly in
 * another. All other entries are what was there before, and may say anything:
 * what a record says of itself decides, and since blocks tile the region, a
 * live record that covers a granule is the block of it. So nothing has to be
 * cleared when blocks go, and each operation writes a constant number of
 * entries. From any chunk of a block the pivot is found by rounding the
 * chunk's number down or up to some power of two: at most 62 looks.
 *
 * An exact start is found by walking right from the first block of its chunk,
 * fewer than 2^shift steps: none at all for a shift of 0.
 */
#ifndef MNI_TILES_INDEX_H
#define MNI_TILES_INDEX_H

#include "base/bits.h"
#include "region/tiles.h"

struct mni_tile_index {
    MNI_TILE_LINK *entry;
    unsigned shift;
};

/*@ // ---- for a shift of 0: where a block begins, the entry names it
    predicate entries{L}(struct mni_tiles t, MNI_TILE_LINK *entry) =
      \forall integer g; 0 <= g < t.capacity ==> entry[g] < t.count;
    predicate exact{L}(struct mni_tiles t, MNI_TILE_LINK *entry) =
      \forall integer i; live(t, i) ==> entry[t.record[i].start] == i;
*/

static inline uint32_t mni_tile_chunks(uint32_t capacity, unsigned shift)
{
    return ((capacity - 1) >> shift) + 1;
}

/* The number between first and last with the most zeros at its end. */
/*@ requires first <= last;
    assigns \nothing;
    ensures first <= \result <= last;
*/
static inline uint32_t tile_index_pivot(uint32_t first, uint32_t last);

#ifndef __FRAMAC__
static inline uint32_t tile_index_pivot(uint32_t first, uint32_t last)
{
    uint32_t shift = 31u ^ (uint32_t)__builtin_clz((first - 1) ^ last);

    return last >> shift << shift;
}
#endif

/* Rule 1 for block `i`. */
/*@ requires \valid_read(tiles) && core(*tiles) && live(*tiles, i);
    requires index.shift == 0;
    requires \valid(index.entry + (0 .. tiles->capacity - 1));
    assigns index.entry[tiles->record[i].start];
    ensures index.entry[tiles->record[i].start] == i;
*/
static inline void mni_tile_index_start(struct mni_tile_index index,
                                        const struct mni_tiles *tiles,
                                        uint32_t i)
{
    uint32_t left = MNI_TILE(tiles, i).left;
    uint32_t chunk = (uint32_t)MNI_TILE(tiles, i).start >> index.shift;

    if (index.shift == 0 || left == 0
        || (uint32_t)MNI_TILE(tiles, left).start >> index.shift != chunk)
        index.entry[chunk] = (MNI_TILE_LINK)i;
}

/* Rule 2 for block `i`. */
/*@ requires \valid_read(tiles) && core(*tiles) && live(*tiles, i);
    requires index.shift == 0;
    requires \valid(index.entry + (0 .. tiles->capacity - 1));
    assigns index.entry[tiles->record[i].start
              .. tiles->record[i].start + tiles->record[i].size - 1];
    ensures \forall integer g; over(*tiles, i, g) ==>
      index.entry[g] == i || index.entry[g] == \old(index.entry[g]);
*/
static inline void mni_tile_index_pivot(struct mni_tile_index index,
                                        const struct mni_tiles *tiles,
                                        uint32_t i)
{
    uint32_t start = MNI_TILE(tiles, i).start;
    uint32_t first = (start + (1u << index.shift) - 1) >> index.shift;
    uint32_t end = (start + MNI_TILE(tiles, i).size) >> index.shift;

    if (first < end)
        index.entry[tile_index_pivot(first, end - 1)] = (MNI_TILE_LINK)i;
}

/* Block `i` has just been handed out, and what it left of a free block is
 * before or behind it. */
/*@ requires \valid_read(tiles) && core(*tiles) && live(*tiles, i);
    requires index.shift == 0;
    requires \valid(index.entry + (0 .. tiles->capacity - 1));
    requires entries(*tiles, index.entry);
    requires \forall integer j; live(*tiles, j)
      && !(j == tiles->record[i].right && isfree(*tiles, j))
      && !(j == i && isfree(*tiles, tiles->record[i].left)) ==>
      index.entry[tiles->record[j].start] == j;
    assigns index.entry[0 .. tiles->capacity - 1];
    ensures entries: entries(*tiles, index.entry);
    ensures exact: exact(*tiles, index.entry);
*/
MNI_TILE_INLINE void mni_tile_index_taken(struct mni_tile_index index,
                                          const struct mni_tiles *tiles,
                                          uint32_t i)
{
    uint32_t left = MNI_TILE(tiles, i).left;
    uint32_t right = MNI_TILE(tiles, i).right;

    /*@ assert apart: \forall integer j, m; live(*tiles, j)
          && live(*tiles, m) && j != m ==>
          !over(*tiles, j, tiles->record[m].start); */
    mni_tile_index_pivot(index, tiles, i);
    /*@ assert both: \forall integer j; live(*tiles, j)
          && !(j == right && isfree(*tiles, j))
          && !(j == i && isfree(*tiles, left)) ==>
          index.entry[tiles->record[j].start] == j; */
    if (mni_tiles_is_free(tiles, right)) {
        /*@ assert alone: live(*tiles, right)
              && over(*tiles, right, tiles->record[right].start)
              && \forall integer j; live(*tiles, j) && j != right ==>
                   tiles->record[j].start != tiles->record[right].start; */
        mni_tile_index_start(index, tiles, right);
        /*@ assert right: \forall integer j; live(*tiles, j)
              && !(j == i && isfree(*tiles, left)) ==>
              index.entry[tiles->record[j].start] == j; */
        mni_tile_index_pivot(index, tiles, right);
    }
    /*@ assert one: \forall integer j; live(*tiles, j)
          && !(j == i && isfree(*tiles, left)) ==>
          index.entry[tiles->record[j].start] == j; */
    if (mni_tiles_is_free(tiles, left)) {
        mni_tile_index_pivot(index, tiles, left);
        /*@ assert left: \forall integer j; live(*tiles, j) && j != i ==>
              index.entry[tiles->record[j].start] == j; */
        /*@ assert differ: \forall integer j; live(*tiles, j) && j != i ==>
              over(*tiles, i, tiles->record[i].start)
              && tiles->record[j].start != tiles->record[i].start; */
        mni_tile_index_start(index, tiles, i);
        //@ assert last: exact(*tiles, index.entry);
    }
}

/* Block `i` is what a release has made free. */
/*@ requires \valid_read(tiles) && core(*tiles) && live(*tiles, i);
    requires index.shift == 0;
    requires \valid(index.entry + (0 .. tiles->capacity - 1));
    requires entries(*tiles, index.entry) && exact(*tiles, index.entry);
    assigns index.entry[0 .. tiles->capacity - 1];
    ensures entries: entries(*tiles, index.entry);
    ensures exact: exact(*tiles, index.entry);
*/
MNI_TILE_INLINE void mni_tile_index_released(struct mni_tile_index index,
                                             const struct mni_tiles *tiles,
                                             uint32_t i)
{
    uint32_t right = MNI_TILE(tiles, i).right;

    /*@ assert apart: \forall integer j, m; live(*tiles, j)
          && live(*tiles, m) && j != m ==>
          !over(*tiles, j, tiles->record[m].start); */
    mni_tile_index_pivot(index, tiles, i);
    //@ assert exact: exact(*tiles, index.entry);
    if (right != 0)
        mni_tile_index_start(index, tiles, right);
}

/* The block that begins at `granule`, or 0. */
/*@ requires \valid_read(tiles) && core(*tiles) && granule < tiles->capacity;
    requires index.shift == 0;
    requires \valid_read(index.entry + (0 .. tiles->capacity - 1));
    requires entries(*tiles, index.entry) && exact(*tiles, index.entry);
    assigns \nothing;
    ensures found: \result != 0 ==>
      live(*tiles, \result) && tiles->record[\result].start == granule;
    ensures none: \result == 0 ==>
      \forall integer i; live(*tiles, i) ==>
        tiles->record[i].start != granule;
*/
static inline uint32_t mni_tile_index_find(struct mni_tile_index index,
                                           const struct mni_tiles *tiles,
                                           uint32_t granule)
{
    uint32_t i = index.entry[granule >> index.shift];

    if (MNI_TILE(tiles, i).list == MNI_TILES_SPARE
        || (uint32_t)MNI_TILE(tiles, i).start >> index.shift
               != granule >> index.shift)
        return 0;
    /*@ loop invariant i == index.entry[granule] && i < tiles->count
          && tiles->record[i].start == granule
          && tiles->record[i].list != MNI_TILES_SPARE;
        loop assigns i;
        loop variant granule - tiles->record[i].start;
    */
    while (MNI_TILE(tiles, i).start < granule && i != 0)
        i = MNI_TILE(tiles, i).right;
    return MNI_TILE(tiles, i).start == granule ? i : 0;
}

static inline bool tile_index_covers(const struct mni_tiles *tiles, uint32_t i,
                                     uint32_t granule)
{
    const struct mni_tile *tile = &MNI_TILE(tiles, i);

    return tile->list != MNI_TILES_SPARE && i != 0
           && granule - tile->start < tile->size;
}

/* The block over `granule`, in whose chunk none begins. */
static inline uint32_t tile_index_over(struct mni_tile_index index,
                                       const struct mni_tiles *tiles,
                                       uint32_t granule)
{
    uint32_t count = mni_tile_chunks(tiles->capacity, index.shift);
    uint32_t chunk = granule >> index.shift;

    for (unsigned k = 0; k < 32; k++) {
        uint32_t i = index.entry[chunk >> k << k];
        if (tile_index_covers(tiles, i, granule))
            return i;
        uint64_t above = ((uint64_t)(chunk >> k) + 1) << k;
        i = above < count ? index.entry[above] : 0;
        if (tile_index_covers(tiles, i, granule))
            return i;
    }
    return 0;
}

/* The block that `granule` lies in. Requires: granule < capacity. */
static inline uint32_t mni_tile_index_at(struct mni_tile_index index,
                                         const struct mni_tiles *tiles,
                                         uint32_t granule)
{
    uint32_t chunk = granule >> index.shift;
    uint32_t i = index.entry[chunk];

    if (MNI_TILE(tiles, i).list == MNI_TILES_SPARE || i == 0
        || (uint32_t)MNI_TILE(tiles, i).start >> index.shift != chunk) {
        /* The last chunk may be short, and is then no block's pivot. */
        if (chunk != 0 && (chunk + 1) << index.shift > tiles->capacity)
            return mni_tile_index_at(index, tiles, (chunk << index.shift) - 1);
        return tile_index_over(index, tiles, granule);
    }
    if (MNI_TILE(tiles, i).start > granule)
        return MNI_TILE(tiles, i).left;
    while (!tile_index_covers(tiles, i, granule))
        i = MNI_TILE(tiles, i).right;
    return i;
}

/* True if both rules hold for every block, and no entry is out of range.
 * Requires: mni_tiles_check. */
static inline bool mni_tile_index_check(struct mni_tile_index index,
                                        const struct mni_tiles *tiles)
{
    uint32_t count = mni_tile_chunks(tiles->capacity, index.shift);

    for (uint32_t c = 0; c < count; c++) {
        if (index.entry[c] >= tiles->count
            || index.entry[c] % MNI_TILE_UNIT != 0)
            return false;
    }
    for (uint32_t i = MNI_TILES_FIRST; i != 0; i = MNI_TILE(tiles, i).right) {
        const struct mni_tile *tile = &MNI_TILE(tiles, i);
        uint32_t last = (uint32_t)tile->start + tile->size - 1;
        if (mni_tile_index_find(index, tiles, tile->start) != i
            || mni_tile_index_at(index, tiles, tile->start) != i
            || mni_tile_index_at(index, tiles, last) != i
            || mni_tile_index_at(index, tiles,
                                 tile->start + (last - tile->start) / 2)
                   != i)
            return false;
    }
    return true;
}

#endif

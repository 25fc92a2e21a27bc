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

#include "region/tiles_leaf.h"

enum {
    MNI_TILES_HEADS = MNI_TILE_CLASSES,
    MNI_TILES_WORDS = MNI_TILES_HEADS / 32 + 1 /* one more: it stays 0 */
};

#include "region/tiles_list.h"

/*@ // ---- each free block is in the list of its class
    predicate classed(struct mni_tiles t) =
      \forall integer i; isfree(t, i) ==>
        t.record[i].list == class_of(t.record[i].size);
    predicate strategy(struct mni_tiles t) = lists(t) && bitmap(t) &&
   classed(t);

    // What a strategy may rely on is enough.
    lemma strategy_frame: \forall struct mni_tiles a, b;
      a.count <= b.count && b.count <= MNI_TILES_MAX && 2 <= a.count
      && same_free(a, b) && strategy(a) ==> strategy(b);
*/

#include "region/tiles_strategy.h"

static inline void mni_strategy_begin(struct mni_tiles *tiles)
{
    mni_tile_list_begin(tiles);
}

/* Beyond what every proposal must be: it is free and large enough; and if it
 * is 0, neither the first block of the request's class nor any of a higher
 * class would do. */
/*@ requires \valid_read(tiles) && inv(*tiles);
    requires 0 < size <= tiles->capacity;
    assigns \nothing;
    ensures in: \result < tiles->count;
    ensures found: \result != 0 ==>
      isfree(*tiles, \result) && tiles->record[\result].size >= size;
    ensures none: \result == 0 ==>
      (tiles->head[class_of(size)] == 0
       || tiles->record[tiles->head[class_of(size)]].size < size)
      && \forall integer d; class_of(size) < d < MNI_TILES_HEADS ==>
           tiles->head[d] == 0;
*/
static inline uint32_t tlsf_propose(const struct mni_tiles *tiles,
                                    uint32_t size)
{
    uint32_t c = mni_tile_class(size);
    uint32_t first = tiles->head[c];

    //@ assert in: first < tiles->count;
    if (MNI_TILE(tiles, first).size >= size)
        return first;
    /*@ assert large: \forall integer i; isfree(*tiles, i)
          && tiles->record[i].list >= c + 1 ==>
          least(c + 1) <= tiles->record[i].size; */
    return mni_tile_list_first(tiles, c + 1);
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    return tlsf_propose(tiles, size);
}

static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i)
{
    mni_tile_list_remove(tiles, i);
    /*@ assert others: \forall integer j; isfree(*tiles, j) ==>
          j != i && isfree(\at(*tiles, Pre), j)
          && tiles->record[j].list == \at(*tiles, Pre).record[j].list
          && tiles->record[j].size == \at(*tiles, Pre).record[j].size; */
    //@ assert classed: classed(*tiles);
}

static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t c = mni_tile_class(MNI_TILE(tiles, i).size);

    mni_tile_list_add(tiles, i, c);
    //@ assert own: c == class_of(tiles->record[i].size);
    /*@ assert others: \forall integer j; isfree(*tiles, j) && j != i ==>
          isfree(\at(*tiles, Pre), j)
          && tiles->record[j].list == \at(*tiles, Pre).record[j].list
          && tiles->record[j].size == \at(*tiles, Pre).record[j].size; */
    //@ assert classed: classed(*tiles);
}

#ifndef __FRAMAC__
static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count)
{
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        const struct mni_tile *tile = &MNI_TILE(tiles, i);
        if (mni_tiles_is_free(tiles, i)
            && tile->list != mni_tile_class(tile->size))
            return false;
    }
    return mni_tile_list_check(tiles, free_count);
}
#endif

#endif

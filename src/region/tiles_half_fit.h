/* SPDX-License-Identifier: MIT */
/* tiles_half_fit.h -- half fit: a strategy of the tiles.
 *
 * The class of a free block is a power of two, its size rounded down. A
 * request begins with its own size rounded up, where every block is large
 * enough, and takes the first of the lowest class that has any: no size is
 * ever looked at, so nothing is simpler or quicker. The price is memory: a
 * block is missed by requests of more than half of it, if they are above the
 * power of two that it was rounded down to. (Ogasawara, 1995.)
 */
#ifndef MNI_TILES_HALF_FIT_H
#define MNI_TILES_HALF_FIT_H

#include "region/tiles_leaf.h"

enum {
    MNI_TILES_HEADS = 32,
    MNI_TILES_WORDS = 2 /* one for the classes, and one that stays 0 */
};

#include "region/tiles_list.h"

/*@ // ---- each free block is in the list of its class
    predicate half_classed(struct mni_tiles t) =
      \forall integer i; isfree(t, i) ==>
        t.record[i].list == half_class(t.record[i].size);
    predicate strategy(struct mni_tiles t) =
      lists(t) && bitmap(t) && half_classed(t);

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
 * is 0, no block is in a class all of which would do. */
/*@ requires \valid_read(tiles) && inv(*tiles);
    requires 0 < size <= tiles->capacity;
    assigns \nothing;
    ensures in: \result < tiles->count;
    ensures found: \result != 0 ==>
      isfree(*tiles, \result) && tiles->record[\result].size >= size;
    ensures none: \result == 0 ==>
      \forall integer d; half_from(size) <= d < MNI_TILES_HEADS ==>
        tiles->head[d] == 0;
*/
static inline uint32_t half_fit_propose(const struct mni_tiles *tiles,
                                        uint32_t size)
{
    uint32_t c = mni_tile_half_from(size);

    /*@ assert large: \forall integer i; isfree(*tiles, i)
          && tiles->record[i].list >= c ==>
          half_least(c) <= tiles->record[i].size; */
    return mni_tile_list_first(tiles, c);
}

static inline uint32_t mni_strategy_propose(const struct mni_tiles *tiles,
                                            uint32_t size)
{
    return half_fit_propose(tiles, size);
}

static inline void mni_strategy_removed(struct mni_tiles *tiles, uint32_t i)
{
    mni_tile_list_remove(tiles, i);
    /*@ assert others: \forall integer j; isfree(*tiles, j) ==>
          j != i && isfree(\at(*tiles, Pre), j)
          && tiles->record[j].list == \at(*tiles, Pre).record[j].list
          && tiles->record[j].size == \at(*tiles, Pre).record[j].size; */
    //@ assert classed: half_classed(*tiles);
}

static inline void mni_strategy_added(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t c = mni_tile_half_class(MNI_TILE(tiles, i).size);

    mni_tile_list_add(tiles, i, c);
    //@ assert own: c == half_class(tiles->record[i].size);
    /*@ assert others: \forall integer j; isfree(*tiles, j) && j != i ==>
          isfree(\at(*tiles, Pre), j)
          && tiles->record[j].list == \at(*tiles, Pre).record[j].list
          && tiles->record[j].size == \at(*tiles, Pre).record[j].size; */
    //@ assert classed: half_classed(*tiles);
}

#ifndef __FRAMAC__
static inline bool mni_strategy_check(const struct mni_tiles *tiles,
                                      uint32_t free_count)
{
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        const struct mni_tile *tile = &MNI_TILE(tiles, i);
        if (mni_tiles_is_free(tiles, i)
            && tile->list != mni_tile_half_class(tile->size))
            return false;
    }
    return mni_tile_list_check(tiles, free_count);
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/* index.c -- the index of a tiled region with one granule to a chunk.
 *
 * Only the prover reads this: what tiled_kind.h does with the tiles and the
 * index keeps each start's entry exact. Nothing is known of the strategy.
 */
enum { MNI_TILES_HEADS = 1, MNI_TILES_WORDS = 1 };

#include "region/tiles.h"

/*@ axiomatic Strategy {
      predicate strategy(struct mni_tiles t);
      axiom strategy_frame: \forall struct mni_tiles a, b;
        a.count <= b.count && b.count <= MNI_TILES_MAX && 2 <= a.count
        && same_free(a, b) && strategy(a) ==> strategy(b);
    }
*/

#include "region/tiles_core.h"
#include "region/tiles_index.h"

/*@ predicate indexed{L}(struct mni_tiles t, struct mni_tile_index index) =
      index.shift == 0 && \valid(index.entry + (0 .. t.capacity - 1))
      && entries(t, index.entry) && exact(t, index.entry);
*/

/*@ requires \valid(tiles) && inv(*tiles) && power(align);
    requires indexed(*tiles, index);
    assigns *tiles, index.entry[0 .. tiles->capacity - 1];
    ensures inv: inv(*tiles);
    ensures indexed: indexed(*tiles, index);
*/
uint32_t index_alloc(struct mni_tile_index index, struct mni_tiles *tiles,
                     uint32_t size, uint32_t align);

uint32_t index_alloc(struct mni_tile_index index, struct mni_tiles *tiles,
                     uint32_t size, uint32_t align)
{
    uint32_t i = mni_tiles_alloc(tiles, size, align);

    if (i != 0)
        mni_tile_index_taken(index, tiles, i);
    return i;
}

/*@ requires \valid(tiles) && inv(*tiles) && isused(*tiles, i);
    requires indexed(*tiles, index);
    assigns *tiles, index.entry[0 .. tiles->capacity - 1];
    ensures inv: inv(*tiles);
    ensures indexed: indexed(*tiles, index);
*/
void index_release(struct mni_tile_index index, struct mni_tiles *tiles,
                   uint32_t i);

void index_release(struct mni_tile_index index, struct mni_tiles *tiles,
                   uint32_t i)
{
    mni_tile_index_released(index, tiles, mni_tiles_release(tiles, i));
}

/* As tiled_resize does. */
/*@ requires \valid(tiles) && inv(*tiles) && indexed(*tiles, index);
    assigns *tiles, index.entry[0 .. tiles->capacity - 1];
    ensures inv: inv(*tiles);
    ensures indexed: indexed(*tiles, index);
*/
void index_resize(struct mni_tile_index index, struct mni_tiles *tiles,
                  uint32_t i, uint32_t size);

void index_resize(struct mni_tile_index index, struct mni_tiles *tiles,
                  uint32_t i, uint32_t size)
{
    if (!mni_tiles_resize(tiles, i, size))
        return;
    uint32_t right = tiles->record[i].right;
    /*@ assert apart: \forall integer j, m; live(*tiles, j)
          && live(*tiles, m) && j != m ==>
          !over(*tiles, j, tiles->record[m].start); */
    /*@ assert before: \forall integer j; live(*tiles, j)
          && !(j == right && isfree(*tiles, j)) ==>
          index.entry[tiles->record[j].start] == j; */
    mni_tile_index_pivot(index, tiles, i);
    /*@ assert one: \forall integer j; live(*tiles, j)
          && !(j == right && isfree(*tiles, j)) ==>
          index.entry[tiles->record[j].start] == j; */
    if (right != 0) {
        /*@ assert differ: \forall integer j; live(*tiles, j) && j != right ==>
              over(*tiles, right, tiles->record[right].start)
              && tiles->record[j].start != tiles->record[right].start; */
        mni_tile_index_start(index, tiles, right);
        //@ assert exact: exact(*tiles, index.entry);
        mni_tile_index_pivot(index, tiles, right);
        //@ assert still: exact(*tiles, index.entry);
    }
    //@ assert all: exact(*tiles, index.entry);
    if (right != 0 && tiles->record[right].right != 0)
        mni_tile_index_start(index, tiles, tiles->record[right].right);
}

/* As the beginning of a region does, with memory that is zero. */
/*@ requires \valid(tiles) && 0 < capacity <= MNI_TILES_CAPACITY_MAX;
    requires 2 <= count <= MNI_TILES_MAX && index.shift == 0;
    requires \valid(index.entry + (0 .. capacity - 1));
    requires \forall integer g; 0 <= g < capacity ==> index.entry[g] == 0;
    assigns *tiles, index.entry[0 .. capacity - 1];
    ensures inv: inv(*tiles);
    ensures indexed: indexed(*tiles, index);
*/
void index_begin(struct mni_tile_index index, struct mni_tiles *tiles,
                 uint32_t capacity, uint32_t count);

void index_begin(struct mni_tile_index index, struct mni_tiles *tiles,
                 uint32_t capacity, uint32_t count)
{
    mni_tiles_init(tiles, capacity, count, 0);
    /*@ assert only: \forall integer j; live(*tiles, j) ==>
          j == 1 || apart(*tiles, 1, j); */
    mni_tile_index_start(index, tiles, MNI_TILES_FIRST);
    mni_tile_index_pivot(index, tiles, MNI_TILES_FIRST);
}

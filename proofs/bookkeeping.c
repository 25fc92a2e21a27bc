/* SPDX-License-Identifier: MIT */
/* bookkeeping.c -- the tiles, under a strategy of which nothing is known.
 *
 * Only the prover reads this. What a strategy keeps in order is a predicate
 * of which nothing is known but that it speaks of free blocks alone; what a
 * strategy proposes may be any number.
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

/* ---- what follows from the invariant: the blocks tile the region ---- */

/* A proof that can be carried out: walking from the first block it finds the
 * block of any granule, and no other block holds that granule. */
/*@ requires \valid_read(tiles) && inv(*tiles) && granule < tiles->capacity;
    assigns \nothing;
    ensures inside: live(*tiles, \result)
      && tiles->record[\result].start <= granule
           < tiles->record[\result].start + tiles->record[\result].size;
    ensures alone: \forall integer j; live(*tiles, j)
      && tiles->record[j].start <= granule
           < tiles->record[j].start + tiles->record[j].size ==>
      j == \result;
*/
uint32_t tiling_block_of(const struct mni_tiles *tiles, uint32_t granule);

uint32_t tiling_block_of(const struct mni_tiles *tiles, uint32_t granule)
{
    uint32_t i = MNI_TILES_FIRST;

    /*@ loop invariant live(*tiles, i) && tiles->record[i].start <= granule;
        loop assigns i;
        loop variant granule - tiles->record[i].start;
    */
    while (tiles->record[i].start + tiles->record[i].size <= granule)
        i = tiles->record[i].right;
    /*@ assert others: \forall integer j; live(*tiles, j) && j != i ==>
          apart(*tiles, i, j); */
    return i;
}

/* An aligned block needs two records: what mni_tiles_has_spare promises. */
/*@ requires \valid(tiles) && inv(*tiles);
    assigns \nothing;
    ensures \result == \true ==> \exists integer j, k; j != k
      && 1 <= j < tiles->count && tiles->record[j].list == MNI_TILES_SPARE
      && 1 <= k < tiles->count && tiles->record[k].list == MNI_TILES_SPARE;
*/
bool tiling_two_spare(const struct mni_tiles *tiles);

bool tiling_two_spare(const struct mni_tiles *tiles)
{
    bool spare = mni_tiles_has_spare(tiles);

    /*@ assert two: spare == \true ==>
          \let j = tiles->spare;
          \let k = tiles->record[j].next;
          j != k && 1 <= k < tiles->count
          && tiles->record[j].list == MNI_TILES_SPARE
          && tiles->record[k].list == MNI_TILES_SPARE; */
    return spare;
}

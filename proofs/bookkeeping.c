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

/* ---- and so the free granules add up ---- */

/*@ // Granules below n that are free.
    axiomatic Count {
      logic integer free_below(struct mni_tiles t, integer n);
      axiom below_none: \forall struct mni_tiles t; free_below(t, 0) == 0;
      axiom below_free: \forall struct mni_tiles t, integer n;
        0 <= n && free_at(t, n) ==>
        free_below(t, n + 1) == free_below(t, n) + 1;
      axiom below_other: \forall struct mni_tiles t, integer n;
        0 <= n && !free_at(t, n) ==>
        free_below(t, n + 1) == free_below(t, n);
    }
    predicate more_free(struct mni_tiles a, struct mni_tiles b, integer n) =
      b.capacity == a.capacity
      && free_below(b, b.capacity) == free_below(a, a.capacity) + n;
*/

/* What `freed` says of the granules, in numbers: by induction. */
/*@ requires \valid_read(a) && \valid_read(b);
    requires from <= to <= a->capacity && a->capacity == b->capacity;
    requires freed(*a, *b, from, to);
    assigns \nothing;
    ensures more_free(*a, *b, to - from);
*/
void tiling_count(const struct mni_tiles *a, const struct mni_tiles *b,
                  uint32_t from, uint32_t to);

void tiling_count(const struct mni_tiles *a, const struct mni_tiles *b,
                  uint32_t from, uint32_t to)
{
    /*@ loop invariant n <= a->capacity;
        loop invariant below: n <= from ==>
          free_below(*b, n) == free_below(*a, n);
        loop invariant among: from <= n <= to ==>
          free_below(*b, n) == free_below(*a, n) + n - from;
        loop invariant above: to <= n ==>
          free_below(*b, n) == free_below(*a, n) + to - from;
        loop assigns n;
        loop variant a->capacity - n;
    */
    for (uint32_t n = 0; n < a->capacity; n++)
        ;
}

/* An allocation takes its own size from the free granules, and no more. */
/*@ requires \valid(tiles) && inv(*tiles) && power(align);
    assigns *tiles;
    ensures taken: \result != 0 ==>
      more_free(*tiles, \old(*tiles), tiles->record[\result].size);
    ensures none: \result == 0 ==> *tiles == \old(*tiles);
*/
uint32_t tiling_alloc(struct mni_tiles *tiles, uint32_t size, uint32_t align);

uint32_t tiling_alloc(struct mni_tiles *tiles, uint32_t size, uint32_t align)
{
    struct mni_tiles before = *tiles;
    uint32_t i = mni_tiles_alloc(tiles, size, align);

    if (i != 0)
        tiling_count(tiles, &before, tiles->record[i].start,
                     tiles->record[i].start + tiles->record[i].size);
    return i;
}

/* A release gives them back. */
/*@ requires \valid(tiles) && inv(*tiles);
    assigns *tiles;
    ensures given: \result == \true ==>
      more_free(\old(*tiles), *tiles, \old(*tiles).record[i].size);
    ensures none: \result == \false ==> *tiles == \old(*tiles);
*/
bool tiling_free(struct mni_tiles *tiles, uint32_t i);

bool tiling_free(struct mni_tiles *tiles, uint32_t i)
{
    struct mni_tiles before = *tiles;
    bool freed = mni_tiles_free(tiles, i);

    if (freed)
        tiling_count(&before, tiles, before.record[i].start,
                     before.record[i].start + before.record[i].size);
    return freed;
}

/* A change of size takes or gives the difference. */
/*@ requires \valid(tiles) && inv(*tiles);
    assigns *tiles;
    ensures difference: \result == \true ==>
      more_free(\old(*tiles), *tiles,
                \old(*tiles).record[i].size - tiles->record[i].size);
    ensures none: \result == \false ==> *tiles == \old(*tiles);
*/
bool tiling_resize(struct mni_tiles *tiles, uint32_t i, uint32_t size);

bool tiling_resize(struct mni_tiles *tiles, uint32_t i, uint32_t size)
{
    struct mni_tiles before = *tiles;

    if (!mni_tiles_resize(tiles, i, size))
        return false;
    uint32_t end = tiles->record[i].start + tiles->record[i].size;
    uint32_t end_before = before.record[i].start + before.record[i].size;
    /*@ assert ends: end_before <= before.capacity && end <= tiles->capacity
          && before.capacity == tiles->capacity
          && before.record[i].start == tiles->record[i].start; */
    /*@ assert wider: end >= end_before ==>
          freed(*tiles, before, end_before, end); */
    /*@ assert narrower: end <= end_before ==>
          freed(before, *tiles, end, end_before); */
    if (end < end_before)
        tiling_count(&before, tiles, end, end_before);
    else
        tiling_count(tiles, &before, end_before, end);
    return true;
}

/* The number of free granules is the sum of the sizes of the free blocks. */
/*@ requires \valid_read(tiles) && inv(*tiles);
    assigns \nothing;
    ensures \result == free_below(*tiles, tiles->capacity);
*/
uint32_t tiling_free_sum(const struct mni_tiles *tiles);

uint32_t tiling_free_sum(const struct mni_tiles *tiles)
{
    uint32_t sum = 0;
    uint32_t end = 0;
    uint32_t i = MNI_TILES_FIRST;

    /*@ loop invariant block: i < tiles->count && end <= tiles->capacity
          && (i == 0 ==> end == tiles->capacity)
          && (i != 0 ==> live(*tiles, i) && end == tiles->record[i].start);
        loop invariant sum: sum == free_below(*tiles, end) && sum <= end;
        loop assigns i, end, sum;
        loop variant tiles->capacity - end;
    */
    while (i != 0) {
        uint32_t from = end;
        uint32_t size = mni_tiles_is_free(tiles, i) ? tiles->record[i].size : 0;
        /*@ assert alone: \forall integer j; live(*tiles, j) && j != i ==>
              apart(*tiles, i, j); */
        /*@ assert all: \forall integer g; over(*tiles, i, g) ==>
              (free_at(*tiles, g) <==> isfree(*tiles, i)); */
        end += tiles->record[i].size;
        /*@ loop invariant from <= n <= end;
            loop invariant size != 0 ==>
              free_below(*tiles, n) == sum + n - from;
            loop invariant size == 0 ==> free_below(*tiles, n) == sum;
            loop assigns n;
            loop variant end - n;
        */
        for (uint32_t n = from; n < end; n++)
            ;
        sum += size;
        i = tiles->record[i].right;
    }
    return sum;
}

/* SPDX-License-Identifier: MIT */
/* tiles.h -- the records of a tiled region: which granules form which block.
 *
 * One block is one record, linked with its neighbours by address and, while
 * free, with the free blocks of its size class. All of it lies apart from the
 * memory that it describes, in one struct; links are indices, so that it can
 * lie anywhere. Record 0 is a sink: a link to nothing leads there, and what
 * is written there is never read as a neighbour. Sizes are in granules.
 *
 * The invariant is written twice: for the prover in tiles_spec.h, and as
 * mni_tiles_check. The struct has room for MNI_TILES_MAX records, but no
 * record from `count` on is ever touched: memory need only be there for those
 * below it.
 */
#ifndef MNI_TILES_H
#define MNI_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MNI_TILES_MAX = 1 << 24,
    MNI_TILES_CLASSES = 448, /* 16 for each power of two */
    MNI_TILES_SPARE = 448,   /* on the list of unused records */
    MNI_TILES_USED = 449,    /* handed out: on no list */
    MNI_TILES_WORDS = 15     /* one more than the classes fill: stays 0 */
};

/* Requires of every region: 0 < capacity <= this. */
#define MNI_TILES_CAPACITY_MAX UINT32_C(0x7fffffff)

struct mni_tile {
    uint32_t start; /* granules from the start of the region */
    uint32_t size;
    uint32_t left; /* neighbours by address, or 0 */
    uint32_t right;
    uint32_t prev; /* neighbours in its list, or 0 */
    uint32_t next;
    uint32_t list; /* the state: its size class while free; SPARE or USED */
};

struct mni_tiles {
    uint32_t capacity;               /* granules covered */
    uint32_t count;                  /* of records, with the sink */
    uint32_t origin;                 /* granule number of the first address */
    uint32_t summary;                /* bit w is set while words[w] != 0 */
    uint32_t words[MNI_TILES_WORDS]; /* a bit for each class: head != 0 */
    uint32_t head[MNI_TILES_CLASSES + 1];
    struct mni_tile record[MNI_TILES_MAX];
};

#include "region/tiles_spec.h"

/* Bytes of memory that `count` records need. */
static inline size_t mni_tiles_bytes(uint32_t count)
{
    return offsetof(struct mni_tiles, record)
           + (size_t)count * sizeof(struct mni_tile);
}

/* Make one free block of `capacity` granules. `origin` is the number of its
 * first granule in the address space, modulo 2^32; alignments count from it.
 * Requires: 2 <= count <= MNI_TILES_MAX; memory for count records. */
/*@ requires \valid(tiles);
    requires 0 < capacity <= 0x7fffffff && 2 <= count <= MNI_TILES_MAX;
    assigns *tiles;
    ensures inv: inv(*tiles);
    ensures geometry: tiles->capacity == capacity && tiles->count == count
      && tiles->origin == origin;
    ensures whole: isfree(*tiles, 1) && tiles->record[1].size == capacity;
*/
void mni_tiles_init(struct mni_tiles *tiles, uint32_t capacity, uint32_t count,
                    uint32_t origin);

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
void mni_tiles_grow(struct mni_tiles *tiles, uint32_t count);

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
    ensures none: \result == 0 ==> *tiles == \old(*tiles);
*/
uint32_t mni_tiles_alloc(struct mni_tiles *tiles, uint32_t size,
                         uint32_t align);

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
    complete behaviors; disjoint behaviors;
*/
bool mni_tiles_free(struct mni_tiles *tiles, uint32_t i);

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
    ensures done: \result == \true ==> isused(*tiles, i)
      && tiles->record[i].start == \old(*tiles).record[i].start
      && tiles->record[i].size >= size > 0;
    ensures kept: kept(\old(*tiles), *tiles, i);
*/
bool mni_tiles_resize(struct mni_tiles *tiles, uint32_t i, uint32_t size);

/* True if every invariant holds. Reads every record. */
bool mni_tiles_check(const struct mni_tiles *tiles);

/* Whether at least two records are spare: what an aligned alloc may use. */
/*@ requires \valid_read(tiles) && lists(*tiles);
    assigns \nothing;
    ensures \result == \true ==> tiles->head[MNI_TILES_SPARE] != 0
      && tiles->record[tiles->head[MNI_TILES_SPARE]].next != 0;
*/
static inline bool mni_tiles_has_spare(const struct mni_tiles *tiles)
{
    uint32_t spare = tiles->head[MNI_TILES_SPARE];

    return spare != 0 && tiles->record[spare].next != 0;
}

/*@ requires \valid_read(tiles) && lists(*tiles) && i < tiles->count;
    assigns \nothing;
    ensures \result == \true <==> tiles->record[i].list < MNI_TILES_CLASSES;
*/
static inline bool mni_tiles_is_free(const struct mni_tiles *tiles, uint32_t i)
{
    return tiles->record[i].list < MNI_TILES_CLASSES;
}

/* The block before every other, which begins the region: always record 1. */
enum { MNI_TILES_FIRST = 1 };

#endif

/* SPDX-License-Identifier: MIT */
/* tiles.h -- the records of a tiled region: which granules form which block.
 *
 * One block is one record, linked with its neighbours by address and, while
 * free, known to the strategy, which has two links and a number in it. All of
 * it lies apart from the memory that it describes, in one struct; links are
 * indices, so that it can lie anywhere. Record 0 is a sink: a link to nothing
 * leads there, and what is written there is never read as a neighbour. Sizes
 * are in granules.
 *
 * The same text serves links of 16 and of 32 bits (MNI_TILE_BITS), and every
 * strategy: a strategy's header says how many MNI_TILES_HEADS and
 * MNI_TILES_WORDS it keeps, then includes this one. The invariant is written
 * twice: for the prover in tiles_spec.h, and as mni_tiles_check. The struct
 * has room for MNI_TILES_MAX records, but no record from `count` on is ever
 * touched: memory need only be there for those below it.
 */
#ifndef MNI_TILES_H
#define MNI_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef MNI_TILE_BITS
#define MNI_TILE_BITS 32
#endif

#if MNI_TILE_BITS == 16
#define MNI_TILE_LINK uint16_t
enum { MNI_TILES_MAX = 0xffff };
/* Requires of every region: 0 < capacity <= this. */
#define MNI_TILES_CAPACITY_MAX UINT32_C(0xffff)
#else
#define MNI_TILE_LINK uint32_t
enum { MNI_TILES_MAX = 1 << 24 };
#define MNI_TILES_CAPACITY_MAX UINT32_C(0x7fffffff)
#endif

/* A link is the number of a record times this. With a record's length in words
 * of a link, an address takes no multiplication; the proof, and what does not
 * care, has 1: nothing but MNI_TILE and the counting of records knows. */
#if !defined MNI_TILE_UNIT || defined __FRAMAC__
#undef MNI_TILE_UNIT
#define MNI_TILE_UNIT 1
#endif

/* Inlined into each caller, so that a constant argument counts, unless size is
 * what matters. */
#ifdef __OPTIMIZE_SIZE__
#define MNI_TILE_INLINE static inline
#else
#define MNI_TILE_INLINE static inline __attribute__((always_inline))
#endif

/* The state of a record: below MNI_TILES_SPARE it is a free block, and the
 * number is the strategy's to choose. */
enum {
    MNI_TILES_SPARE = 448, /* no block: on the list of unused records */
    MNI_TILES_USED = 449   /* handed out, or in the hands of an operation */
};

struct mni_tile {
    MNI_TILE_LINK start; /* granules from the start of the region */
    MNI_TILE_LINK size;
    MNI_TILE_LINK left; /* neighbours by address, or 0 */
    MNI_TILE_LINK right;
    MNI_TILE_LINK prev; /* the strategy's while free; else of the spare list */
    MNI_TILE_LINK next;
    MNI_TILE_LINK list; /* the state */
#ifdef MNI_TILES_EXTRA
    MNI_TILE_LINK extra; /* for a strategy that needs one number more */
#endif
};

struct mni_tiles {
#ifdef MNI_TILES_USER
    const struct mn_strategy *user; /* whose functions choose, */
    void *state;                    /* and what they are handed */
#endif
    uint32_t capacity; /* granules covered */
    uint32_t count;    /* of records, with the sink */
    uint32_t origin;   /* granule number of the first address */
    uint32_t spare;    /* the first unused record, or 0 */
    uint32_t summary;  /* the strategy's, and what follows */
    uint32_t words[MNI_TILES_WORDS];
    MNI_TILE_LINK head[MNI_TILES_HEADS];
    struct mni_tile record[MNI_TILES_MAX];
};

#if MNI_TILE_UNIT == 1
#define MNI_TILE(tiles, link) ((tiles)->record[link])
#else
_Static_assert(sizeof(struct mni_tile) == MNI_TILE_UNIT * sizeof(MNI_TILE_LINK),
               "links count words");
#define MNI_TILE(tiles, link)                                                  \
    (*(struct mni_tile *)((uintptr_t)(tiles)->record                           \
                          + (uintptr_t)(link) * sizeof(MNI_TILE_LINK)))
#endif

#include "region/tiles_spec.h"

/* Bytes of memory that `count` records need. */
static inline size_t mni_tiles_bytes(uint32_t count)
{
    return offsetof(struct mni_tiles, record)
           + (size_t)count / MNI_TILE_UNIT * sizeof(struct mni_tile);
}

/*@ requires \valid_read(tiles) && i < MNI_TILES_MAX;
    assigns \nothing;
    ensures \result == \true <==> tiles->record[i].list < MNI_TILES_SPARE;
*/
static inline bool mni_tiles_is_free(const struct mni_tiles *tiles, uint32_t i)
{
    return MNI_TILE(tiles, i).list < MNI_TILES_SPARE;
}

/* The block before every other, which begins the region: always record 1. */
enum { MNI_TILES_FIRST = MNI_TILE_UNIT };

#endif

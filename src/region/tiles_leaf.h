/* SPDX-License-Identifier: MIT */
/* tiles_leaf.h -- the arithmetic that the proof of the tiles trusts.
 *
 * The prover sees only the contracts; tests/unit/tiles_leaves_test.c holds
 * the compiled functions to them for every argument there is.
 */
#ifndef MNI_TILES_LEAF_H
#define MNI_TILES_LEAF_H

#include "region/tiles.h"

/*@ requires word != 0;
    assigns \nothing;
    ensures range: 0 <= \result < 32 && bit(word, \result);
    ensures lowest: \forall integer k; 0 <= k < \result ==> !bit(word, k);
*/
static inline uint32_t mni_tile_lowest_bit(uint32_t word);

/* The size class of a free block. Sizes below 32 have a class of their own;
 * from there on a class is a sixteenth of a power of two. */
/*@ requires 0 < size <= 0x7fffffff;
    assigns \nothing;
    ensures \result == class_of(size);
*/
static inline uint32_t mni_tile_class(uint32_t size);

/* Granules from `start` to the next multiple of `align`. */
/*@ requires power(align);
    assigns \nothing;
    ensures range: 0 <= \result < align && \result <= 0x7fffffff;
    ensures aligned: (origin + start + \result) % align == 0;
*/
static inline uint32_t mni_tile_gap(uint32_t origin, uint32_t start,
                                    uint32_t align);

#ifndef __FRAMAC__
static inline uint32_t mni_tile_lowest_bit(uint32_t word)
{
    return (uint32_t)__builtin_ctz(word);
}

/* With the exponent e of size: (e - 4) * 16 + (size >> (e - 4)); for a size
 * below 16 the size itself, which the same line gives for e = 4. */
static inline uint32_t mni_tile_class(uint32_t size)
{
    uint32_t shift = (31u ^ (uint32_t)__builtin_clz(size | 16)) - 4;

    return (shift << 4) + (size >> shift);
}

static inline uint32_t mni_tile_gap(uint32_t origin, uint32_t start,
                                    uint32_t align)
{
    return (0u - (origin + start)) & (align - 1);
}
#endif

#endif

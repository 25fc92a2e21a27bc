/* SPDX-License-Identifier: MIT */
/* tiles_leaf.h -- the arithmetic that the proof of the tiles trusts.
 *
 * The prover sees only the contracts; tests/unit/tiles_leaves_test.c holds
 * the compiled functions to them for every argument there is.
 */
#ifndef MNI_TILES_LEAF_H
#define MNI_TILES_LEAF_H

#ifndef MNI_TILE_BITS
#define MNI_TILE_BITS 32
#endif

#include <stdint.h>

/* A size is at most this. */
#define MNI_TILE_SIZE_MAX                                                      \
    (MNI_TILE_BITS == 16 ? UINT32_C(0xffff) : UINT32_C(0x7fffffff))

/* Size classes there are: 16 for each power of two, rounded up to words. */
enum { MNI_TILE_CLASSES = MNI_TILE_BITS == 16 ? 224 : 448 };

/*@ // ---- words of bits
    predicate bit(integer word, integer k) = (word & (1 << k)) != 0;
    lemma bit_zero: \forall integer k; 0 <= k < 32 ==> !bit(0, k);

    // ---- size classes: least(c) is the smallest size in class c
    axiomatic Class {
      logic integer class_of(integer size);
      logic integer least(integer c);
      axiom class_range: \forall integer s; 0 < s <= MNI_TILE_SIZE_MAX ==>
        0 <= class_of(s) < MNI_TILE_CLASSES;
      axiom class_size: \forall integer s; 0 < s <= MNI_TILE_SIZE_MAX ==>
        least(class_of(s)) <= s < least(class_of(s) + 1);
      axiom class_order: \forall integer c, d;
        0 <= c <= d <= MNI_TILE_CLASSES ==> least(c) <= least(d);
    }

    // ---- powers of two: class k begins at half_least(k), which is 2^k
    axiomatic Half {
      logic integer half_class(integer size);
      logic integer half_from(integer size);
      logic integer half_least(integer k);
      axiom half_range: \forall integer s; 0 < s <= MNI_TILE_SIZE_MAX ==>
        0 <= half_class(s) < 32 && 0 <= half_from(s) < 32;
      axiom half_size: \forall integer s; 0 < s <= MNI_TILE_SIZE_MAX ==>
        half_least(half_class(s)) <= s <= half_least(half_from(s));
      axiom half_order: \forall integer c, d;
        0 <= c <= d < 32 ==> half_least(c) <= half_least(d);
    }
*/

/*@ requires word != 0;
    assigns \nothing;
    ensures range: 0 <= \result < 32 && bit(word, \result);
    ensures lowest: \forall integer k; 0 <= k < \result ==> !bit(word, k);
*/
static inline uint32_t mni_tile_lowest_bit(uint32_t word);

/* The size class of a free block. Sizes below 32 have a class of their own;
 * from there on a class is a sixteenth of a power of two. */
/*@ requires 0 < size <= MNI_TILE_SIZE_MAX;
    assigns \nothing;
    ensures \result == class_of(size);
*/
static inline uint32_t mni_tile_class(uint32_t size);

/* The largest k with 2^k <= size: the class of a free block in half fit. */
/*@ requires 0 < size <= MNI_TILE_SIZE_MAX;
    assigns \nothing;
    ensures \result == half_class(size);
*/
static inline uint32_t mni_tile_half_class(uint32_t size);

/* The least k with 2^k >= size: every block of that class, or of a higher
 * one, is large enough. */
/*@ requires 0 < size <= MNI_TILE_SIZE_MAX;
    assigns \nothing;
    ensures \result == half_from(size);
*/
static inline uint32_t mni_tile_half_from(uint32_t size);

/* Granules from `start` to the next multiple of `align`. */
/*@ predicate power(integer a) = \exists integer k; 0 <= k < 32 && a == 1 << k;
 */

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

static inline uint32_t mni_tile_half_class(uint32_t size)
{
    return 31u ^ (uint32_t)__builtin_clz(size);
}

static inline uint32_t mni_tile_half_from(uint32_t size)
{
    return 31u ^ (uint32_t)__builtin_clz(2 * size - 1);
}

static inline uint32_t mni_tile_gap(uint32_t origin, uint32_t start,
                                    uint32_t align)
{
    return (0u - (origin + start)) & (align - 1);
}
#endif

#endif

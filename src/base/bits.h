/* SPDX-License-Identifier: MIT */
/* bits.h -- counting bits and rounding; each function is total as stated. */
#ifndef MNI_BITS_H
#define MNI_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Requires: word != 0. */
static inline unsigned mni_lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/* Requires: word != 0. */
static inline unsigned mni_highest_bit(uint64_t word)
{
    return 63u ^ (unsigned)__builtin_clzll(word); /* one instruction */
}

static inline unsigned mni_count_bits(uint64_t word)
{
    return (unsigned)__builtin_popcountll(word);
}

static inline bool mni_is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Requires: unit is a power of two. */
static inline size_t mni_round_down(size_t value, size_t unit)
{
    return value & ~(unit - 1);
}

/* Requires: unit is a power of two, and the result fits. */
static inline size_t mni_round_up(size_t value, size_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

/* *result = a + b, or false if that overflows. */
static inline bool mni_add(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

/* *result = a * b, or false if that overflows. */
static inline bool mni_multiply(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

#endif

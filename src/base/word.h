/* SPDX-License-Identifier: MIT */
/* word.h -- bits of a word, in the instructions that processors have for them.
 *
 * Compilers make several of some, and extend what they count from 32 bits.
 */
#ifndef MNI_WORD_H
#define MNI_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

/* The number of the lowest set bit, as it is wanted for an address.
 * Requires: word != 0. */
static inline uint64_t mni_word_lowest(uint64_t word)
{
#if defined(__x86_64__) && !MN_PORTABLE
    uint64_t lowest;
    __asm__("rep bsfq %1, %0" : "=r"(lowest) : "r"(word) : "cc");
    return lowest;
#else
    return (uint64_t)__builtin_ctzll(word);
#endif
}

/* Whether bit `index` modulo 64 is set. */
static inline bool mni_word_test(uint64_t word, uint64_t index)
{
#if defined(__x86_64__) && !MN_PORTABLE
    bool has;
    __asm__("btq %2, %1" : "=@ccc"(has) : "r"(word), "r"(index));
    return has;
#else
    return word >> index % 64 & 1;
#endif
}

/* Whether bit `index` modulo 64 is set; *with is the word with it. */
static inline bool mni_word_has(uint64_t word, uint64_t index, uint64_t *with)
{
#if defined(__x86_64__) && !MN_PORTABLE
    bool has;
    __asm__("btsq %2, %1" : "=@ccc"(has), "+r"(word) : "r"(index));
    *with = word;
    return has;
#else
    *with = word | UINT64_C(1) << index % 64;
    return *with == word;
#endif
}

/* Let the pointer at `place` lead `bytes` further, in one instruction where
 * processors have one for what is in memory. */
static inline void mni_word_advance(void **place, int64_t bytes)
{
#if defined(__x86_64__) && !MN_PORTABLE
    __asm__("addq %1, %0" : "+m"(*place) : "er"(bytes) : "cc");
#else
    *place = (unsigned char *)*place + bytes;
#endif
}

#ifndef __FRAMAC__ /* which knows no products of 128 bits */
/* *low is the low half of *low times *factor. The high half. */
static inline uint64_t mni_word_multiply(uint64_t *low, const uint64_t *factor)
{
#if defined(__x86_64__) && !MN_PORTABLE
    uint64_t high;
    __asm__("mulq %2" : "+a"(*low), "=d"(high) : "m"(*factor) : "cc");
    return high;
#else
    __extension__ unsigned __int128 product = (unsigned __int128)*low * *factor;
    *low = (uint64_t)product;
    return (uint64_t)(product >> 64);
#endif
}

#endif

#endif

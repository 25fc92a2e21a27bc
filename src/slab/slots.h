/* SPDX-License-Identifier: MIT */
/* slots.h -- words with one bit for each slot, set while the slot is free.
 *
 * The first two functions are arithmetic that the proof trusts;
 * tests/unit/slab_leaves_test.c holds them to their contracts.
 */
#ifndef MNI_SLOTS_H
#define MNI_SLOTS_H

#include "base/bits.h"
#include "base/word.h"

/*@ // ---- words of 64 bits
    predicate bit(integer word, integer k) = (word & (1 << k)) != 0;
    lemma bit_zero: \forall integer k; 0 <= k < 64 ==> !bit(0, k);
    lemma bit_or: \forall integer a, b, k; 0 <= k < 64 ==>
      (bit(a | b, k) <==> bit(a, k) || bit(b, k));
    predicate lowest(integer word, integer k) =
      0 <= k < 64 && bit(word, k)
      && \forall integer j; 0 <= j < k ==> !bit(word, j);

    axiomatic Words {
      logic integer ones(integer word); // how many bits are set
      axiom ones_range: \forall integer word; 0 <= ones(word) <= 64;
      logic integer all_slots(integer count); // min(count, 64) bits from 0 on
      axiom all_bits: \forall integer count, k; 0 < count && 0 <= k < 64 ==>
        (bit(all_slots(count), k) <==> k < count);
      predicate is_all(integer word, integer count);
      axiom all_is: \forall integer word, count;
        is_all(word, count) <==> word == all_slots(count);
      axiom all_only: \forall integer word, count;
        0 <= word <= 0xffffffffffffffff && 0 < count && !is_all(word, count)
        ==> \exists integer k; 0 <= k < 64 && !(bit(word, k) <==> k < count);
      axiom all_few: \forall integer count; 0 < count < 64 ==>
        0 < all_slots(count) < 1 << count;
      axiom all_many: \forall integer count; 64 <= count ==>
        all_slots(count) == 0xffffffffffffffff;
    }
*/

#ifdef __FRAMAC__
/* What base/word.h and base/bits.h do to a word, for the prover. */

/*@ requires word != 0;
    assigns \nothing;
    ensures lowest(word, \result);
*/
static inline uint64_t mni_word_lowest(uint64_t word);

/*@ assigns \nothing;
    ensures \result == \true <==> bit(word, index % 64);
*/
static inline bool mni_word_test(uint64_t word, uint64_t index);

/*@ requires \valid(with);
    assigns *with;
    ensures set: \forall integer k; 0 <= k < 64 ==>
      (bit(*with, k) <==> k == index % 64 || bit(word, k));
    ensures had: \result == \true <==> bit(word, index % 64);
    ensures larger: \forall integer k; 0 <= k <= index % 64 ==> *with >= 1 << k;
*/
static inline bool mni_word_has(uint64_t word, uint64_t index, uint64_t *with);

/*@ assigns \nothing;
    ensures \result == ones(word);
*/
static inline unsigned mni_count_bits(uint64_t word);
#endif

/* The first word when all of `count` slots are free: all ones from 64 on.
 * Requires: count > 0. */
/*@ requires count > 0;
    assigns \nothing;
    ensures \result == all_slots(count);
*/
static inline uint64_t mni_slots_all(uint32_t count);

/* A word without its lowest bit. */
/*@ requires word != 0;
    assigns \nothing;
    ensures \forall integer k; lowest(word, k) ==>
      \forall integer j; 0 <= j < 64 ==>
        (bit(\result, j) <==> j != k && bit(word, j));
*/
static inline uint64_t mni_slots_rest(uint64_t word);

#ifndef __FRAMAC__
static inline uint64_t mni_slots_all(uint32_t count)
{
    return UINT64_MAX >> (count < 64 ? 64 - count : 0);
}

static inline uint64_t mni_slots_rest(uint64_t word)
{
    return word & (word - 1);
}
#endif

/* The owner's changes are a load and a store: no other thread changes these
 * words, and a signal handler in between finds the heap busy. What makes slots
 * free is a release: it pairs with the acquire in gone_free_word. */

/* Owner: take the lowest free slot of *word; *seen is the word before. False
 * if there is none. */
/*@ requires \valid(word) && \valid(seen) && \separated(word, seen);
    assigns *word, *seen;
    ensures none: \result == \false ==> \old(*word) == 0 && *word == 0;
    ensures seen: \result == \true ==> *seen == \old(*word) && *seen != 0;
    ensures taken: \result == \true ==>
      \forall integer k; lowest(*seen, k) ==>
        \forall integer j; 0 <= j < 64 ==>
          (bit(*word, j) <==> j != k && bit(\old(*word), j));
*/
static inline __attribute__((always_inline)) bool
mni_slots_take(_Atomic uint64_t *word, uint64_t *seen)
{
    *seen = mn_atomic_load_relaxed(word);
    if (__builtin_expect(*seen == 0, 0))
        return false;
    mn_atomic_store_relaxed(word, mni_slots_rest(*seen));
    return true;
}

/* Owner: return the slot that has bit `index` % 64 in *word, which is *next
 * then. False, and *word is as it was, if the slot is free already. */
/*@ requires \valid(word) && \valid(next) && \separated(word, next);
    assigns *word, *next;
    ensures refused: \result == \false ==> *word == \old(*word);
    ensures twice: \result == \false <==> bit(\old(*word), index % 64);
    ensures set: \result == \true ==>
      \forall integer k; 0 <= k < 64 ==>
        (bit(*word, k) <==> k == index % 64 || bit(\old(*word), k));
    ensures next: \result == \true ==> *next == *word;
    ensures larger: \result == \true ==>
      \forall integer k; 0 <= k <= index % 64 ==> *next >= 1 << k;
*/
static inline __attribute__((always_inline)) bool
mni_slots_return(_Atomic uint64_t *word, uint64_t index, uint64_t *next)
{
    if (mni_word_has(mn_atomic_load_relaxed(word), index, next))
        return false;
    mn_atomic_store_release(word, *next);
    return true;
}

/* Owner: make the slots of `bits` free in *word. */
/*@ requires \valid(word);
    assigns *word;
    ensures \forall integer k; 0 <= k < 64 ==>
      (bit(*word, k) <==> bit(\old(*word), k) || bit(bits, k));
    ensures *word == (\old(*word) | bits);
*/
static inline void mni_slots_add(_Atomic uint64_t *word, uint64_t bits)
{
    mn_atomic_store_release(word, mn_atomic_load_relaxed(word) | bits);
}

#endif

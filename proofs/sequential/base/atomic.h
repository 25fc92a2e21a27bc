/* SPDX-License-Identifier: MIT */
/* atomic.h -- the atomic operations where nobody else runs, for the prover.
 *
 * It stands in for src/base/atomic.h: each operation is what the C standard
 * says it does to the word, without its order. That a weak exchange may fail
 * for no reason is kept. The words are plain: the prover reads _Atomic as
 * nothing.
 */
#ifndef MNI_ATOMIC_H
#define MNI_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define mn_atomic_load_relaxed(p) (*(p))
#define mn_atomic_load_acquire(p) (*(p))
#define mn_atomic_store_relaxed(p, v) (*(p) = (v))
#define mn_atomic_store_release(p, v) (*(p) = (v))

/*@ requires \valid(word);
    assigns *word;
    ensures \result == \old(*word) && *word == value;
*/
static inline uint64_t mn_atomic_exchange_acq_rel(uint64_t *word,
                                                  uint64_t value)
{
    uint64_t before = *word;

    *word = value;
    return before;
}

/*@ requires \valid(word);
    assigns *word;
    ensures \result == \old(*word) && *word == (\old(*word) | bits);
    ensures \forall integer k; 0 <= k < 64 ==>
      ((*word & 1 << k) != 0 <==> (\result & 1 << k) != 0
                                  || (bits & 1 << k) != 0);
*/
static inline uint64_t mn_atomic_or_acq_rel(uint64_t *word, uint64_t bits)
{
    uint64_t before = *word;

    *word |= bits;
    return before;
}

#endif

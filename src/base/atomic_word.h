/* SPDX-License-Identifier: MIT */
/* atomic_word.h -- words of 32 bits that handlers and threads change at once.
 *
 * They lie in public structures, which C++ reads, as plain words. Where the
 * processor has no atomic operations these are plain ones, each of which must
 * then be made in a critical section.
 */
#ifndef MNI_ATOMIC_WORD_H
#define MNI_ATOMIC_WORD_H

#include <stdint.h>

#include "base/atomic.h"

#if ATOMIC_INT_LOCK_FREE == 2
enum { MNI_WORDS_ARE_ATOMIC = 1 };
_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "they are cast");

static inline _Atomic uint32_t *mni_word_shared(const uint32_t *word)
{
    return (_Atomic uint32_t *)(uintptr_t)word;
}

static inline uint32_t mni_word_load(const uint32_t *word)
{
    return mn_atomic_load_relaxed(mni_word_shared(word));
}

static inline uint32_t mni_word_load_in_order(const uint32_t *word)
{
    return mn_atomic_load_seq_cst(mni_word_shared(word));
}

static inline void mni_word_store(uint32_t *word, uint32_t value)
{
    mn_atomic_store_relaxed(mni_word_shared(word), value);
}

/* The three that follow return what was there before. */
static inline uint32_t mni_word_or(uint32_t *word, uint32_t bits)
{
    return mn_atomic_or_seq_cst(mni_word_shared(word), bits);
}

static inline uint32_t mni_word_and(uint32_t *word, uint32_t bits)
{
    return mn_atomic_and_acquire(mni_word_shared(word), bits);
}

static inline uint32_t mni_word_add(uint32_t *word, uint32_t value)
{
    return mn_atomic_add_seq_cst(mni_word_shared(word), value);
}
#else
enum { MNI_WORDS_ARE_ATOMIC = 0 };

static inline uint32_t mni_word_load(const uint32_t *word)
{
    return *(const volatile uint32_t *)word;
}

static inline uint32_t mni_word_load_in_order(const uint32_t *word)
{
    return mni_word_load(word);
}

static inline void mni_word_store(uint32_t *word, uint32_t value)
{
    *(volatile uint32_t *)word = value;
}

static inline uint32_t mni_word_or(uint32_t *word, uint32_t bits)
{
    uint32_t before = mni_word_load(word);

    mni_word_store(word, before | bits);
    return before;
}

static inline uint32_t mni_word_and(uint32_t *word, uint32_t bits)
{
    uint32_t before = mni_word_load(word);

    mni_word_store(word, before & bits);
    return before;
}

static inline uint32_t mni_word_add(uint32_t *word, uint32_t value)
{
    uint32_t before = mni_word_load(word);

    mni_word_store(word, before + value);
    return before;
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/* word.h -- changing a word that one thread and its signal handlers share.
 *
 * Other threads may read the word at any moment, but only its owner changes
 * it. A handler that runs between the owner's load and its store could hand
 * the same slot out twice, so the change is one instruction, though not a
 * locked one: a processor takes a signal before an instruction or after it.
 */
#ifndef MNI_WORD_H
#define MNI_WORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/config.h"

/* Set *word to `next` if it still is *seen; else put its value in *seen. */
static inline bool mni_word_change(_Atomic uint64_t *word, uint64_t *seen,
                                   uint64_t next)
{
#if defined(__x86_64__) && !MN_PORTABLE
    bool done;
    __asm__("cmpxchgq %3, %1"
            : "=@ccz"(done), "+m"(*word), "+a"(*seen)
            : "r"(next));
    return done;
#else
    /* Relaxed: other threads learn of a slot by other words than this. */
    return mn_atomic_cas_relaxed(word, seen, next);
#endif
}

#endif

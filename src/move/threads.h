/* SPDX-License-Identifier: MIT */
/* threads.h -- an entry that many threads use: its place and its pins are one
 * word, which changes at once.
 */
#ifndef MNI_MOVE_THREADS_H
#define MNI_MOVE_THREADS_H

#include <mn/shared_mover.h>

#include "base/atomic.h"
#include "move/move.h"

/* In the pins of an entry. */
enum {
    MNI_THREADS_MOVING = 1 << 30, /* the block is being copied */
    MNI_THREADS_SOLID = 1 << 29,  /* and onto itself: nobody may stop it */
    MNI_THREADS_PINS = MNI_THREADS_SOLID - 1
};

/* Beside plain fields, which whoever has the lock reads. */
typedef _Atomic uint64_t __attribute__((may_alias)) mni_threads_state;
typedef _Atomic uintptr_t __attribute__((may_alias)) mni_threads_word;

struct mni_threads_place {
    uint32_t place;
    uint32_t pins;
};
_Static_assert(offsetof(struct mn_mover_entry, pins)
                   == offsetof(struct mn_mover_entry, place)
                          + offsetof(struct mni_threads_place, pins),
               "both are one word");

static inline uint64_t mni_threads_pack(uint32_t place, uint32_t pins)
{
    struct mni_threads_place both = {place, pins};
    uint64_t state;

    __builtin_memcpy(&state, &both, sizeof(state));
    return state;
}

static inline struct mni_threads_place mni_threads_unpack(uint64_t state)
{
    struct mni_threads_place both;

    __builtin_memcpy(&both, &state, sizeof(both));
    return both;
}

static inline mni_threads_state *
mni_threads_state_of(const struct mn_mover_entry *entry)
{
    return (mni_threads_state *)(uintptr_t)&entry->place;
}

static inline mni_threads_word *
mni_threads_word_of(const struct mn_mover_entry *entry)
{
    return (mni_threads_word *)(uintptr_t)&entry->word;
}

extern const struct mni_mover_threads mni_threads;

#endif

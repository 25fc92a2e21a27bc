/* SPDX-License-Identifier: MIT */
/* slab.h -- a span cut into equal slots, one bit for each, in its record.
 *
 * A set bit is a free slot. The owner takes and returns slots by changing
 * `bits`; other threads return them by setting bits of a second array, which
 * the owner moves over when it needs slots. So a slot is free if and only if
 * one of its two bits is set, any thread can tell at any time, a slot that is
 * returned twice is always seen, and nothing is ever written to a slot.
 *
 * Which slot an address is in is found by multiplying with the reciprocal of
 * the slot size; the low half of the product tells whether it is the start of
 * the slot. Source: Lemire, Kaser, Kurz, "Faster remainder by direct
 * computation", Software: Practice and Experience 49 (2019).
 */
#ifndef MNI_SLAB_H
#define MNI_SLAB_H

#include "base/atomic.h"
#include "slab/class.h"
#include "space/span.h"

struct mni_heap;

enum mni_slab_place { MNI_SLAB_CURRENT, MNI_SLAB_LISTED, MNI_SLAB_FULL };

struct mni_slab {
    struct mni_span span;
    uint64_t reciprocal; /* of the slot size, as a fraction of 2^64 */
    uint64_t trigger;    /* a word above this empties the slab, or is wrong */

    uint32_t slot_size;
    uint32_t slot_count;
    uint32_t word_count;
    uint32_t words_total;
    uint32_t class;
    _Atomic uint32_t place; /* an enum mni_slab_place; the owner changes it */
    _Atomic(struct mni_heap *) heap;
    struct mni_slab *next; /* in the owner's list of its class */
    struct mni_slab *prev;
    struct mni_slab *pending_next;
    _Atomic uint32_t pending; /* 1 while in some heap's pending stack */

    /* Whoever makes a remote word other than zero tells the heap, and counts
     * that as its very last access. The owner counts the words it found so.
     * While the counts differ, somebody is on the way and the record must
     * stay. */
    _Atomic uint32_t told;
    uint32_t owed;

    /* words_total words of the owner, then as many of all other threads. Of
     * the owner's, those from word_count on are all ones: the tail's. */
    _Atomic uint64_t bits[];
};

/* Requires: the owner of a cell of a slab. */
static inline struct mni_slab *mni_slab_cast(struct mn_owner *owner)
{
    return (struct mni_slab *)(void *)owner;
}

/* A slot as computed from an address. */
struct mni_slot {
    uint64_t index;
    uint64_t fraction; /* below the reciprocal at the start of a slot */
};

static inline struct mni_slot mni_slab_slot(const struct mni_slab *slab,
                                            const void *address)
{
    uint64_t offset =
        (uint64_t)((uintptr_t)address - (uintptr_t)slab->span.start);
    __extension__ unsigned __int128 product =
        (unsigned __int128)offset * slab->reciprocal;

    return (struct mni_slot){(uint64_t)(product >> 64), (uint64_t)product};
}

static inline _Atomic uint64_t *mni_slab_word(struct mni_slab *slab,
                                              uint64_t index)
{
    return &slab->bits[index / 64];
}

static inline _Atomic uint64_t *mni_slab_remote(struct mni_slab *slab,
                                                uint64_t index)
{
    return &slab->bits[slab->words_total + index / 64];
}

/* The word that a slab of up to 64 slots has when all are free; all ones for
 * larger ones. */
static inline uint64_t mni_slab_full_word(const struct mni_slab *slab)
{
    return UINT64_MAX >> (slab->slot_count < 64 ? 64 - slab->slot_count : 0);
}

/* Bytes of the record of a slab of this layout. */
size_t mni_slab_record_size(const struct mni_layout *layout);

/* Make a new span a slab with all slots free. Its record is zero but for what
 * the span holds. */
void mni_slab_init(struct mni_slab *slab, const struct mni_layout *layout,
                   unsigned class);

/* Owner: move what other threads returned to the owner's bits. False if there
 * was nothing. */
bool mni_slab_drain_owner(struct mni_slab *slab);

/* Owner: the first word from `from` on with a free slot, or word_count if there
 * is none. */
uint32_t mni_slab_find_owner(const struct mni_slab *slab, uint32_t from);

/* Owner: whether all slots are free by the owner's bits. */
bool mni_slab_is_empty_owner(const struct mni_slab *slab);

/* Owner: whether no other thread will touch the record of an empty slab. */
bool mni_slab_is_quiet_owner(const struct mni_slab *slab);

enum mni_returned {
    MNI_RETURNED_TWICE, /* the slot is free already, and nothing changed */
    MNI_RETURNED,       /* and the record must not be touched any more */
    MNI_RETURNED_FIRST  /* and the caller must tell the heap */
};

/* Any thread: return a slot. */
enum mni_returned mni_slab_return_any(struct mni_slab *slab, uint64_t index);

/* The slab if `owner` is one, or NULL. */
struct mni_slab *mni_slab_from(struct mn_owner *owner);

/* Any thread: whether the slot is free. Requires: index < slot_count. */
bool mni_slab_is_free_any(const struct mni_slab *slab, uint64_t index);

/* Any thread: how many slots are free. */
uint32_t mni_slab_free_count_any(const struct mni_slab *slab);

/* Whether the record's own invariants hold. */
bool mni_slab_check(const struct mni_slab *slab);

#endif

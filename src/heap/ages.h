/* SPDX-License-Identifier: MIT */
/* ages.h -- pages of slots that are free in partly used slabs, and since when.
 *
 * Behind the bits of a slab whose slots are not small lie its ages. Units of
 * its span, of a page or a few, are looked at as free cells are (purge.c). A
 * slab has an age only while nothing is handed out of it: whoever makes it
 * current has it in use, and its ages begin anew.
 */
#ifndef MNI_AGES_H
#define MNI_AGES_H

#include "heap/heap.h"

/* Smaller slots seldom leave a whole page free. */
enum { MNI_AGES_SLOT_MIN = 256 };

enum mni_ages_state {
    MNI_AGES_IDLE,  /* nothing is handed out of the slab */
    MNI_AGES_USED,  /* some heap may hand slots out */
    MNI_AGES_LOOKED /* somebody looks, with the stock's lock */
};

/* The masks belong to whoever looks, but those of a slab in use to its owner.
 */
struct mni_ages {
    _Atomic uint32_t state;
    uint32_t current; /* looks at which the owner found it current */
    uint64_t aged;    /* units that were free at the last look */
    uint64_t old;     /* and at the one before */
    uint64_t offered; /* and the system was told that it may take them */
};

/* Bytes of the record of a slab with its ages, if it has any. */
size_t mni_ages_record_size(const struct mni_layout *layout);

static inline bool mni_ages_has(const struct mni_slab *slab)
{
    return slab->slot_size >= MNI_AGES_SLOT_MIN;
}

/* Requires: mni_ages_has. They are the end of the slab's record. */
static inline struct mni_ages *mni_ages_of(struct mni_slab *slab)
{
    return (struct mni_ages *)(void *)((unsigned char *)slab
                                       + slab->span.record_size
                                       - sizeof(struct mni_ages));
}

/* Where somebody looks. */
bool mni_ages_take_slow(struct mni_ages *ages) __attribute__((cold));

/* Owner: slots of the slab are about to be handed out. False if this is a
 * signal handler that interrupted somebody who looks at it. */
static inline __attribute__((warn_unused_result)) bool
mni_ages_take(struct mni_slab *slab)
{
    uint32_t idle = MNI_AGES_IDLE;

    if (!mni_ages_has(slab))
        return true;
    /* Acquire: pairs with the release in ages_visit, so that what was purged
     * is purged before the owner writes to it. */
    struct mni_ages *ages = mni_ages_of(slab);
    return mn_atomic_cas_strong_acquire(&ages->state, &idle, MNI_AGES_USED)
           || mni_ages_take_slow(ages);
}

/* Note that a look may find something. */
void mni_ages_news_now(void);

/* Slots of the slab have become free, or may soon. */
static inline void mni_ages_note(const struct mni_slab *slab)
{
    if (mni_ages_has(slab))
        mni_ages_news_now();
}

/* Owner: the same as mni_ages_take, of a new slab that nobody else knows. */
static inline void mni_ages_enter(struct mni_slab *slab)
{
    if (!mni_ages_has(slab))
        return;
    mn_atomic_store_relaxed(&mni_ages_of(slab)->state, MNI_AGES_USED);
    mni_ages_news_now();
}

/* Owner: no more are handed out, and some may be free. */
static inline void mni_ages_leave(struct mni_slab *slab)
{
    if (!mni_ages_has(slab))
        return;
    struct mni_ages *ages = mni_ages_of(slab);
    ages->current = 0;
    ages->aged = 0;
    ages->old = 0;
    ages->offered = 0;
    /* Release: pairs with the acquire in ages_visit, so that slots which were
     * handed out are seen to be out. */
    mn_atomic_store_release(&ages->state, MNI_AGES_IDLE);
    mni_ages_news_now();
}

/* Whether somebody looks at the slab. In the child of a fork that is the thread
 * that forked, out of a signal handler, and it will go on. */
static inline bool mni_ages_is_looked(struct mni_slab *slab)
{
    return mni_ages_has(slab)
           && mn_atomic_load_relaxed(&mni_ages_of(slab)->state)
                  == MNI_AGES_LOOKED;
}

/* Owner: after each look, retire the slabs that have been current since the
 * one before, so that they come to have an age; but that of `class`, from which
 * it is about to go on. */
void mni_ages_retire_idle(struct mni_heap *heap, unsigned class);

/* How often slabs were looked at. */
extern _Atomic uint32_t mni_ages_looks;

static inline void mni_ages_tick(struct mni_heap *heap, unsigned class)
{
    if (heap->looked != mn_atomic_load_relaxed(&mni_ages_looks))
        mni_ages_retire_idle(heap, class);
}

/* A look at all slabs, in steps. Requires: the lock of the process's stock, at
 * each of them. */
struct mni_ages_look {
    bool everything; /* whatever its age */
    bool lazy;       /* the system takes the pages when it needs them */
    bool waiting;    /* another look may find more */
    bool any;        /* something was purged */
    uint32_t slabs;  /* so far */
    struct mni_stock_place place;
};

/* True if it is time for a look, and it could find anything. */
bool mni_ages_begin(struct mni_ages_look *look);

/* Go on, but not for long. True if it is over. */
bool mni_ages_go_on(struct mni_ages_look *look);

/* Whether there may be something for another look since one began. Needs no
 * lock. */
bool mni_ages_news(void);

#endif

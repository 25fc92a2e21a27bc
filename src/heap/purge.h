/* SPDX-License-Identifier: MIT */
/* purge.h -- the clock by which free memory goes back to the system. */
#ifndef MNI_PURGE_H
#define MNI_PURGE_H

#include "base/atomic.h"
#include "heap/stock.h"

/* When the process starts, after mni_options_load. */
void mni_purge_begin(void);

/* When it ends: no thread is started from now on. */
void mni_purge_end(void);

/* Requires: the stock's lock. Cells were returned to it. */
void mni_purge_returned(struct mni_stock *stock);

/* Requires: the lock of the process's stock, which has so much memory. True if
 * the caller must call mni_purge_start when it has left the lock. */
bool mni_purge_wants_start(size_t committed);

/* Start the thread. Where it cannot be, all goes on without. */
void mni_purge_start(void);

/* What the thread sleeps on. */
enum mni_purge_word { MNI_PURGE_AWAKE, MNI_PURGE_ASLEEP, MNI_PURGE_ENDS };
extern _Atomic uint32_t mni_purge_word;

/* Wake the thread if it is asleep. Needs no lock. */
void mni_purge_wake(void);

/* A heap has something that no stock knows of. Without a fence since then, the
 * thread may be about to fall asleep, and find it the next time. */
static inline void mni_purge_told(void)
{
    /* Relaxed, as everywhere: whoever wakes up looks for himself. */
    if (mn_atomic_load_relaxed(&mni_purge_word) == MNI_PURGE_ASLEEP)
        mni_purge_wake();
}

/* The last thread with a heap has ended. */
void mni_purge_alone(void);

/* Requires: the stock's lock, in the child of a fork, where the thread is not.
 * `others` tells whether the parent had threads of its own. */
void mni_purge_forked(bool others);

#endif

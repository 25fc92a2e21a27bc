/* SPDX-License-Identifier: MIT */
/* returned.h -- the pages of slots that wait for an owner who sleeps. */
#ifndef MNI_RETURNED_H
#define MNI_RETURNED_H

#include "heap/heap.h"

/* What a look at heaps has found. */
struct mni_sleepers {
    bool due;     /* some heap took nothing in for the decay time */
    bool waiting; /* some may become so */
};

/* Look at the heaps of threads, for the third time in a row at some. Requires:
 * the lock of the process's stock. */
struct mni_sleepers mni_returned_look(void);

/* Whether a heap was told of a slab since that look. Needs no lock. */
bool mni_returned_news(void);

/* Purge the pages of slots that were returned to heaps which are due, or to all
 * with `everything`. True if there were any with memory behind them. Requires:
 * no lock. */
bool mni_returned_purge(bool everything, bool now);

#endif

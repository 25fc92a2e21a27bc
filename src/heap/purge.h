/* SPDX-License-Identifier: MIT */
/* purge.h -- the clock by which free memory goes back to the system. */
#ifndef MNI_PURGE_H
#define MNI_PURGE_H

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

/* A heap was told of a slab, and a fence has followed. */
void mni_purge_told(void);

/* The last thread with a heap has ended. */
void mni_purge_alone(void);

/* Requires: the stock's lock, in the child of a fork, where the thread is not.
 * `others` tells whether the parent had threads of its own. */
void mni_purge_forked(bool others);

#endif

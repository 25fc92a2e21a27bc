/* SPDX-License-Identifier: MIT */
/* lock.h -- a lock that knows its owner.
 *
 * A signal handler can interrupt the holder and ask for the same lock; it is
 * then told so instead of waiting for ever. Threads that must wait sleep.
 */
#ifndef MNI_LOCK_H
#define MNI_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct mni_lock {
    _Atomic uint32_t state; /* 0: free; else who holds it */
};

/* Take the lock. False if this very thread holds it already. */
bool mni_lock_enter(struct mni_lock *lock) __attribute__((warn_unused_result));

/* Requires: this thread holds the lock. */
void mni_lock_leave(struct mni_lock *lock);

/* In the child of a fork, which has one thread: the lock is free. */
void mni_lock_reset(struct mni_lock *lock);

#endif

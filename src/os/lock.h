/* SPDX-License-Identifier: MIT */
/* lock.h -- a lock that knows its owner, and its place in the order of all.
 *
 * A signal handler can interrupt the holder and ask for the same lock; it is
 * then told so instead of waiting for ever. So it is if it asks for one that
 * comes before a lock that was interrupted, and another thread has it: that
 * thread may be waiting for the interrupted one. Threads that must wait sleep.
 */
#ifndef MNI_LOCK_H
#define MNI_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The order in which locks are taken, outermost first. Only a fork takes two
 * of the same order. */
enum mni_lock_order {
    MNI_LOCK_FRONT = 1,  /* of all that libgc's functions do */
    MNI_LOCK_COLLECTORS, /* the list of all collectors */
    MNI_LOCK_COLLECTOR,
    MNI_LOCK_MARKERS, /* that help all of them */
    MNI_LOCK_MOVER,   /* of many threads; its callbacks may allocate */
    MNI_LOCK_POOLS,   /* the list of all pools */
    MNI_LOCK_POOL,
    MNI_LOCK_SOURCE,  /* of a pool's chunks */
    MNI_LOCK_NUMBERS, /* of threads, for shared references */
    MNI_LOCK_SIDE,    /* of their counts that go aside */
    MNI_LOCK_HEAPS,   /* the list of all first-class heaps */
    MNI_LOCK_HEAP,
    MNI_LOCK_COMMON, /* what threads left */
    MNI_LOCK_STOCK,  /* of spans */
    MNI_LOCK_SPACE   /* the map and its records */
};

struct mni_lock {
    _Atomic uint32_t state; /* 0: free; else who holds it */
    uint16_t order;         /* an enum mni_lock_order; never changes */
    bool beside;            /* the holder has another one of this order */
    uint8_t forks;          /* for which the holder has it, one in another */
};

/* Take the lock. False if this very thread holds it already; or if this is a
 * signal handler that interrupted the holder of one that does not come before,
 * and another thread has the lock. Whoever has it leaves it after that. */
bool mni_lock_enter(struct mni_lock *lock) __attribute__((warn_unused_result));

/* Requires: this thread holds the lock. */
void mni_lock_leave(struct mni_lock *lock);

/* Whether this very thread holds it. */
bool mni_lock_is_mine(const struct mni_lock *lock);

/* The orders of the locks that this thread holds, or is about to, as bits. */
uint32_t mni_lock_orders(void);

/* The same as mni_lock_enter for a fork, which takes many; its thread held
 * locks of these orders before. */
bool mni_lock_enter_beside(struct mni_lock *lock, uint32_t orders)
    __attribute__((warn_unused_result));

/* The same, but where it must not wait it does so for a second. False only if
 * another thread has the lock even then. That one waits for what this fork
 * interrupted: nothing is half done, but for what it has in hand. */
bool mni_lock_enter_to_fork(struct mni_lock *lock, uint32_t orders);

/* Whether this thread has taken the lock to fork. */
bool mni_lock_is_by_fork(const struct mni_lock *lock);

/* One fork less needs the lock. True if it is to be left now: not if this
 * thread did not take it to fork, nor in a handler that interrupted a fork. */
bool mni_lock_ends_fork(struct mni_lock *lock);
void mni_lock_leave_after_fork(struct mni_lock *lock);

/* In the child of a fork, which has one thread: the lock is free, unless it is
 * that thread's. True if another one had it. */
bool mni_lock_after_fork(struct mni_lock *lock);

#endif

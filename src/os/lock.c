/* SPDX-License-Identifier: MIT */
/* lock.c -- a lock on the system's wait and wake whose state names its holder.
 *
 * The state is 0, or the holder's number and whether anybody may wait. It
 * changes in one step, so at whatever instruction a handler interrupts its
 * thread, either the lock is not taken, or the handler sees who has it.
 */
#include "os/lock.h"

#include "base/atomic.h"
#include "os/os.h"

enum { LOCK_SPINS = 100 };

static const uint32_t lock_waited = UINT32_C(1) << 31;

/* Threads ever seen; a program that makes 2^31 is not foreseen. */
static _Atomic uint32_t lock_threads;

static uint32_t lock_self(void)
{
    static _Thread_local uint32_t self;

    /* A handler that runs in between gives a number that is not kept; it has
     * left all locks when it returns. */
    if (self == 0)
        self = (mn_atomic_add_relaxed(&lock_threads, 1) + 1) & ~lock_waited;
    return self;
}

/* Take a free lock; `state` is what it then becomes. */
static bool lock_try(struct mni_lock *lock, uint32_t state)
{
    uint32_t seen = 0;

    /* Acquire: pairs with the release in mni_lock_leave. */
    return mn_atomic_load_relaxed(&lock->state) == 0
           && mn_atomic_cas_strong_acquire(&lock->state, &seen, state);
}

/* Sleep until the lock may be free. */
static void lock_sleep(struct mni_lock *lock)
{
    uint32_t seen = mn_atomic_load_relaxed(&lock->state);

    if (seen == 0)
        return;
    if ((seen & lock_waited) == 0
        && !mn_atomic_cas_strong_acquire(&lock->state, &seen,
                                         seen | lock_waited))
        return;
    mni_os_wait(&lock->state, seen | lock_waited, MNI_OS_FOREVER);
}

bool mni_lock_enter(struct mni_lock *lock)
{
    uint32_t self = lock_self();

    /* Relaxed: only this thread can have stored its own number. */
    if ((mn_atomic_load_relaxed(&lock->state) & ~lock_waited) == self)
        return false;
    for (int i = 0; i < LOCK_SPINS; i++)
        if (lock_try(lock, self))
            return true;
    /* Others may sleep, too, and whoever leaves wakes only one. */
    while (!lock_try(lock, self | lock_waited))
        lock_sleep(lock);
    return true;
}

void mni_lock_leave(struct mni_lock *lock)
{
    /* Release: pairs with the acquire of the next holder. */
    if ((mn_atomic_exchange_release(&lock->state, 0) & lock_waited) != 0)
        mni_os_wake(&lock->state);
}

void mni_lock_reset(struct mni_lock *lock)
{
    mn_atomic_store_relaxed(&lock->state, 0);
}

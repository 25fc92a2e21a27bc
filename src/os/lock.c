/* SPDX-License-Identifier: MIT */
/* lock.c -- a three-state lock on the system's wait and wake.
 *
 * Source: Drepper, "Futexes Are Tricky" (2011), the second mutex.
 */
#include "os/lock.h"

#include "base/atomic.h"
#include "os/os.h"

enum { LOCK_FREE = 0, LOCK_HELD = 1, LOCK_WAITED = 2, LOCK_SPINS = 100 };

uintptr_t mni_lock_self(void)
{
    static _Thread_local char self;

    return (uintptr_t)&self;
}

static bool lock_try(struct mni_lock *lock)
{
    uint32_t seen = LOCK_FREE;

    /* Acquire: pairs with the release in mni_lock_leave. */
    return mn_atomic_load_relaxed(&lock->state) == LOCK_FREE
           && mn_atomic_cas_strong_acquire(&lock->state, &seen, LOCK_HELD);
}

bool mni_lock_enter(struct mni_lock *lock)
{
    uintptr_t self = mni_lock_self();

    /* Relaxed: only this thread can have stored its own number. */
    if (mn_atomic_load_relaxed(&lock->holder) == self)
        return false;
    bool held = lock_try(lock);
    for (int i = 0; i < LOCK_SPINS && !held; i++)
        held = lock_try(lock);
    if (!held) {
        /* Acquire: pairs with the release in mni_lock_leave. */
        while (mn_atomic_exchange_acquire(&lock->state, LOCK_WAITED)
               != LOCK_FREE)
            mni_os_wait(&lock->state, LOCK_WAITED);
    }
    mn_atomic_store_relaxed(&lock->holder, self);
    return true;
}

void mni_lock_leave(struct mni_lock *lock)
{
    mn_atomic_store_relaxed(&lock->holder, 0);
    /* Release: pairs with the acquire of the next holder. */
    if (mn_atomic_exchange_release(&lock->state, LOCK_FREE) == LOCK_WAITED)
        mni_os_wake(&lock->state);
}

void mni_lock_reset(struct mni_lock *lock)
{
    mn_atomic_store_relaxed(&lock->holder, 0);
    mn_atomic_store_relaxed(&lock->state, LOCK_FREE);
}

/* SPDX-License-Identifier: MIT */
/* lock.c -- a lock on the system's wait and wake whose state names its holder.
 *
 * The state is 0, or the holder's number and whether anybody may wait. It
 * changes in one step, so at whatever instruction a handler interrupts its
 * thread, either the lock is not taken, or the handler sees who has it.
 *
 * Threads take locks in one order, so they never wait for each other in a
 * circle. A handler does not know what it interrupted; but the orders of what
 * its thread holds are noted, before the lock is taken and until it is left.
 * Where the order would be broken, nobody waits.
 */
#include "os/lock.h"

#include "base/assert.h"
#include "base/atomic.h"
#include "os/os.h"

enum { LOCK_SPINS = 100 };
enum { LOCK_NAP = 1000000, LOCK_NAPS = 1000 }; /* nanoseconds, and how often */

static const uint32_t lock_waited = UINT32_C(1) << 31;

/* Threads ever seen; a program that makes 2^31 is not foreseen. */
static _Atomic uint32_t lock_threads;

/* Bits of the orders of what this thread holds, or is about to. A handler that
 * changes it puts it back before it returns. */
static _Thread_local uint32_t lock_orders
    __attribute__((tls_model("initial-exec")));

uint32_t mni_lock_orders(void)
{
    return lock_orders;
}

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

static bool lock_is_of(const struct mni_lock *lock, uint32_t self)
{
    /* Relaxed: only this thread can have stored its own number. */
    return (mn_atomic_load_relaxed(&lock->state) & ~lock_waited) == self;
}

bool mni_lock_is_mine(const struct mni_lock *lock)
{
    return lock_is_of(lock, lock_self());
}

/* True when the lock is taken; at once false where it cannot be waited for. */
static bool lock_take(struct mni_lock *lock, uint32_t self, bool waits)
{
    for (int i = 0; i < LOCK_SPINS; i++)
        if (lock_try(lock, self))
            return true;
    if (!waits)
        return false;
    /* Others may sleep, too, and whoever leaves wakes only one. */
    while (!lock_try(lock, self | lock_waited))
        lock_sleep(lock);
    return true;
}

bool mni_lock_enter_beside(struct mni_lock *lock, uint32_t orders)
{
    uint32_t self = lock_self();
    uint32_t order = UINT32_C(1) << lock->order;
    uint32_t before = lock_orders;

    MN_ASSERT(lock->order != 0);
    if (lock_is_of(lock, self))
        return false;
    lock_orders = before | order;
    mn_atomic_signal_fence();
    bool taken = lock_take(lock, self, orders < order);
    if (taken)
        lock->beside = (before & order) != 0;
    else
        lock_orders = before;
    return taken;
}

bool mni_lock_enter_to_fork(struct mni_lock *lock, uint32_t orders)
{
    /* Not the lock's own word: who leaves it wakes one, which must wait. */
    _Atomic uint32_t nobody = 0;

    for (int i = 0; i < LOCK_NAPS; i++) {
        if (mni_lock_enter_beside(lock, orders)) {
            lock->forks = 1;
            return true;
        }
        if (mni_lock_is_mine(lock)) {
            lock->forks = (uint8_t)(lock->forks + (lock->forks != 0));
            return true;
        }
        mni_os_wait(&nobody, 0, LOCK_NAP);
    }
    return false;
}

bool mni_lock_enter(struct mni_lock *lock)
{
    return mni_lock_enter_beside(lock, lock_orders);
}

void mni_lock_leave(struct mni_lock *lock)
{
    uint32_t order = lock->beside ? 0 : UINT32_C(1) << lock->order;

    lock->forks = 0;
    /* Release: pairs with the acquire of the next holder. */
    if ((mn_atomic_exchange_release(&lock->state, 0) & lock_waited) != 0)
        mni_os_wake(&lock->state);
    mn_atomic_signal_fence();
    lock_orders &= ~order;
}

bool mni_lock_is_by_fork(const struct mni_lock *lock)
{
    return mni_lock_is_mine(lock) && lock->forks != 0;
}

bool mni_lock_ends_fork(struct mni_lock *lock)
{
    if (!mni_lock_is_by_fork(lock))
        return false;
    if (lock->forks == 1)
        return true;
    lock->forks--;
    return false;
}

void mni_lock_leave_after_fork(struct mni_lock *lock)
{
    if (mni_lock_ends_fork(lock))
        mni_lock_leave(lock);
}

bool mni_lock_after_fork(struct mni_lock *lock)
{
    if (mn_atomic_load_relaxed(&lock->state) == 0 || mni_lock_is_mine(lock))
        return false;
    lock->forks = 0;
    mn_atomic_store_relaxed(&lock->state, 0);
    return true;
}

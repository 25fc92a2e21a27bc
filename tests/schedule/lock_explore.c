/* SPDX-License-Identifier: MIT */
/* lock_explore.c -- what src/os/lock.h promises, without how.
 *
 * The lock itself is explored by lock_scenarios.c. Here it would only multiply
 * the schedules of its users.
 */
#include "os/lock.h"

#include "base/atomic.h"

static bool lock_is_free(const void *lock)
{
    return *(const uint32_t *)lock == 0;
}

static uint32_t *lock_state(struct mni_lock *lock)
{
    return (uint32_t *)(uintptr_t)&lock->state;
}

bool mni_lock_enter(struct mni_lock *lock)
{
    uint32_t self = (uint32_t)explore_self() + 1;

    if (*lock_state(lock) == self)
        return false;
    /* A point to switch at, and late stores are seen. */
    (void)mn_atomic_add_relaxed(&lock->state, 0);
    if (!lock_is_free(lock_state(lock)))
        explore_wait(lock_is_free, lock_state(lock));
    *lock_state(lock) = self;
    explore_holds(lock, true);
    return true;
}

void mni_lock_leave(struct mni_lock *lock)
{
    explore_signal_fence();
    explore_fence();
    if (*lock_state(lock) != (uint32_t)explore_self() + 1)
        explore_fail("a lock is left by another thread than its holder");
    *lock_state(lock) = 0;
    explore_holds(lock, false);
}

void mni_lock_reset(struct mni_lock *lock)
{
    *lock_state(lock) = 0;
}

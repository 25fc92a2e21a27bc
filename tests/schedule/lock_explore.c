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

/* Of what each thread holds, by thread. */
static uint32_t lock_orders[EXPLORE_THREADS + 1];

uint32_t mni_lock_orders(void)
{
    return lock_orders[explore_self()];
}

bool mni_lock_is_mine(const struct mni_lock *lock)
{
    return *(const uint32_t *)(const void *)&lock->state
           == (uint32_t)explore_self() + 1;
}

bool mni_lock_enter_beside(struct mni_lock *lock, uint32_t orders)
{
    uint32_t *mine = &lock_orders[explore_self()];
    uint32_t order = UINT32_C(1) << lock->order;
    bool beside = (*mine & order) != 0;

    EXPECT(lock->order != 0);
    if (mni_lock_is_mine(lock))
        return false;
    *mine |= order;
    /* A point to switch at, and late stores are seen. */
    (void)mn_atomic_add_relaxed(&lock->state, 0);
    if (!lock_is_free(lock_state(lock))) {
        if (orders >= order) {
            *mine &= beside ? UINT32_MAX : ~order;
            return false;
        }
        explore_wait(lock_is_free, lock_state(lock));
    }
    *lock_state(lock) = (uint32_t)explore_self() + 1;
    lock->beside = beside;
    explore_holds(lock, true);
    return true;
}

bool mni_lock_enter_to_fork(struct mni_lock *lock, uint32_t orders)
{
    return mni_lock_enter_beside(lock, orders);
}

bool mni_lock_enter(struct mni_lock *lock)
{
    return mni_lock_enter_beside(lock, mni_lock_orders());
}

void mni_lock_leave(struct mni_lock *lock)
{
    explore_signal_fence();
    explore_fence();
    if (*lock_state(lock) != (uint32_t)explore_self() + 1)
        explore_fail("a lock is left by another thread than its holder");
    *lock_state(lock) = 0;
    explore_holds(lock, false);
    if (!lock->beside)
        lock_orders[explore_self()] &= ~(UINT32_C(1) << lock->order);
}

bool mni_lock_is_by_fork(const struct mni_lock *lock)
{
    return mni_lock_is_mine(lock);
}

bool mni_lock_ends_fork(struct mni_lock *lock)
{
    return mni_lock_is_mine(lock);
}

void mni_lock_leave_after_fork(struct mni_lock *lock)
{
    mni_lock_leave(lock);
}

bool mni_lock_after_fork(struct mni_lock *lock)
{
    (void)lock;
    return false;
}

/* SPDX-License-Identifier: MIT */
/* lock_scenarios.c -- src/os/lock.c itself, with threads that sleep. */
#include "base/atomic.h"
#include "os/lock.h"

#include "explore.h"

static struct mni_lock lock = {.order = MNI_LOCK_STOCK};
static struct mni_lock outer = {.order = MNI_LOCK_COMMON};
static _Atomic uint32_t inside;
static _Atomic uint32_t count;

static void setup(void)
{
}

static void visit(void)
{
    EXPECT(mni_lock_enter(&lock));
    EXPECT(!mni_lock_enter(&lock));
    EXPECT(mn_atomic_add_relaxed(&inside, 1) == 0);
    mn_atomic_store_relaxed(&count, mn_atomic_load_relaxed(&count) + 1);
    EXPECT(mn_atomic_add_relaxed(&inside, UINT32_MAX) == 1);
    mni_lock_leave(&lock);
}

static void once(int thread)
{
    (void)thread;
    visit();
}

static void twice(int thread)
{
    (void)thread;
    visit();
    visit();
}

/* A handler that asks for a lock which comes before the interrupted one. */
static void order(int thread)
{
    if (thread == 1)
        EXPECT(mni_lock_enter(&outer));
    visit();
    EXPECT(mni_lock_orders() == (thread == 1 ? 1U << MNI_LOCK_COMMON : 0));
    if (thread == 1)
        mni_lock_leave(&outer);
    EXPECT(mni_lock_orders() == 0);
}

static void order_handler(int thread)
{
    if (thread == 1 || !mni_lock_enter(&outer))
        return;
    if (mni_lock_enter(&lock))
        mni_lock_leave(&lock);
    mni_lock_leave(&outer);
}

static void check_two(void)
{
    EXPECT(mn_atomic_load_relaxed(&lock.state) == 0);
    EXPECT(mn_atomic_load_relaxed(&outer.state) == 0);
}

static void check_three(void)
{
    EXPECT(mn_atomic_load_relaxed(&count) == 3);
    EXPECT(mn_atomic_load_relaxed(&lock.state) == 0);
}

static void check_four(void)
{
    EXPECT(mn_atomic_load_relaxed(&count) == 4);
    EXPECT(mn_atomic_load_relaxed(&lock.state) == 0);
}

static const struct explore_scenario scenarios[] = {
    {"three", 3, 3, setup, once, check_three, NULL},
    {"order", 2, 3, setup, order, check_two, order_handler},
    {"two twice", 2, 4, setup, twice, check_four, NULL},
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof *scenarios);
}

/* SPDX-License-Identifier: MIT */
/* lock_scenarios.c -- src/os/lock.c itself, with threads that sleep. */
#include "base/atomic.h"
#include "os/lock.h"

#include "explore.h"

static struct mni_lock lock;
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
    {"two twice", 2, 4, setup, twice, check_four, NULL},
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof *scenarios);
}

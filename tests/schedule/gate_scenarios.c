/* SPDX-License-Identifier: MIT */
/* gate_scenarios.c -- src/gc/gate.c: threads that come and go, and some that
 * have all others stand still. */
#include "base/atomic.h"
#include "gc/gate.h"

#include "explore.h"

static struct mni_gate gate;
static _Atomic uint32_t touching; /* threads that are inside */
static _Atomic uint32_t alone;
static _Atomic uint32_t stops;

static void setup(void)
{
}

static void visit(void)
{
    mni_gate_enter(&gate);
    (void)mn_atomic_add_relaxed(&touching, 1);
    EXPECT(mn_atomic_load_relaxed(&alone) == 0);
    (void)mn_atomic_add_relaxed(&touching, UINT32_MAX);
    mni_gate_leave(&gate);
}

/* As a thread that collects. */
static void stop(void)
{
    mni_gate_enter(&gate);
    while (!mni_gate_close(&gate)) {
        mni_gate_leave(&gate);
        mni_gate_enter(&gate);
    }
    mni_gate_wait(&gate);
    EXPECT(mn_atomic_add_relaxed(&alone, 1) == 0);
    EXPECT(mn_atomic_load_relaxed(&touching) == 0);
    EXPECT(mni_gate_is_closed(&gate));
    mn_atomic_store_relaxed(&stops, mn_atomic_load_relaxed(&stops) + 1);
    (void)mn_atomic_add_relaxed(&alone, UINT32_MAX);
    mni_gate_open(&gate);
    mni_gate_leave(&gate);
}

static void one_stops(int thread)
{
    if (thread == 0)
        stop();
    else
        visit();
}

static void one_stops_twice(int thread)
{
    one_stops(thread);
    one_stops(thread);
}

static void two_stop(int thread)
{
    if (thread < 2)
        stop();
    else
        visit();
}

static void check_open(uint32_t count)
{
    EXPECT(!mni_gate_is_closed(&gate));
    EXPECT(mn_atomic_load_relaxed(&gate.inside) == 0);
    EXPECT(mn_atomic_load_relaxed(&gate.opened) == count);
    EXPECT(mn_atomic_load_relaxed(&stops) == count);
}

static void check_one(void)
{
    check_open(1);
}

static void check_two(void)
{
    check_open(2);
}

static const struct explore_scenario scenarios[] = {
    {"stop twice", 2, 4, setup, one_stops_twice, check_two, NULL},
    {"stop three", 3, 3, setup, one_stops, check_one, NULL},
    {"stops", 2, 4, setup, two_stop, check_two, NULL},
    {"stops three", 3, 3, setup, two_stop, check_two, NULL},
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof *scenarios);
}

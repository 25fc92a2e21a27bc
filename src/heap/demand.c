/* SPDX-License-Identifier: MIT */
/* demand.c -- a thread that checks the heap when it is asked from outside.
 *
 * What is checked from inside is under the locks that guard it, so nothing
 * that is half changed is seen, and the program goes on but for those who wait
 * for a lock. Who asks writes a number into the window, and reads the answer
 * there; that needs the right to read our memory, and no signal, which the
 * program might use, or be ended by. The thread sleeps a short while between
 * two looks at the number: a process cannot wake a thread of another one.
 */
#include "heap/demand.h"

#include <mn/stats.h>

#include "base/text.h"
#include "heap/options.h"
#include "heap/report.h"
#include "os/os.h"

enum {
    DEMAND_PERIOD = 50000000, /* nanoseconds */
    DEMAND_PATIENCE = 256     /* ticks until a start that failed is repeated */
};

_Atomic uint32_t mni_demand_state;

static _Atomic uint32_t demand_patience;
static uint64_t demand_process; /* that may have it: not a child by vfork */

void mni_demand_begin(void)
{
    demand_process = mni_os_process();
    if (mni_option(MNI_OPTION_CHECK) == MNI_OPTION_CHECK_DEMAND)
        mn_atomic_store_relaxed(&mni_demand_state, MNI_DEMAND_WANTED);
}

static void demand_answer(uint32_t asked)
{
    struct mni_report_window *window = &mni_report_window;
    struct mni_text text;
    struct mn_stats stats = {0};
    const char *wrong = mni_check_all();

    mni_text_init(&text, window->answer, sizeof window->answer);
    if (wrong == NULL && !mn_stats(&stats))
        wrong = "the statistics";
    mni_report_put_check(&text, &stats, wrong);
    /* Release: who reads it has only this order with us. */
    mn_atomic_store_release(&window->answered, asked);
}

static void demand_run(void)
{
    struct mni_report_window *window = &mni_report_window;

    mn_atomic_store_relaxed(&mni_demand_state, MNI_DEMAND_RUNS);
    mn_atomic_store_relaxed(&window->answers, 1);
    while (mni_thread_count() != 0) {
        uint32_t asked = mn_atomic_load_relaxed(&window->asked);
        if (asked != mn_atomic_load_relaxed(&window->answered))
            demand_answer(asked);
        else
            mni_os_wait(&mni_demand_state, MNI_DEMAND_RUNS, DEMAND_PERIOD);
    }
    mn_atomic_store_relaxed(&window->answers, 0);
    mn_atomic_store_relaxed(&mni_demand_state, MNI_DEMAND_WANTED);
}

/* As for the thread of the purge: not where the C library may hold a lock, nor
 * with one of ours. */
void mni_demand_start(void)
{
    uint32_t wanted = MNI_DEMAND_WANTED;

    if (mni_thread_count() == 0 || mni_lock_orders() != 0
        || mni_os_process() != demand_process)
        return;
    /* Relaxed: it only counts. */
    if (mn_atomic_load_relaxed(&demand_patience) != 0) {
        (void)mn_atomic_add_relaxed(&demand_patience, UINT32_MAX);
        return;
    }
    if (!mn_atomic_cas_strong_acquire(&mni_demand_state, &wanted,
                                      MNI_DEMAND_STARTING)
        || mni_os_start_thread(demand_run))
        return;
    mn_atomic_store_relaxed(&demand_patience, DEMAND_PATIENCE);
    mn_atomic_store_relaxed(&mni_demand_state, MNI_DEMAND_WANTED);
}

void mni_demand_alone(void)
{
    if (mn_atomic_load_relaxed(&mni_demand_state) == MNI_DEMAND_RUNS)
        mni_os_wake(&mni_demand_state);
}

void mni_demand_forked(bool others)
{
    struct mni_report_window *window = &mni_report_window;

    if (mn_atomic_load_relaxed(&mni_demand_state) == MNI_DEMAND_OFF)
        return;
    mn_atomic_store_relaxed(&window->answers, 0);
    mn_atomic_store_relaxed(&window->asked,
                            mn_atomic_load_relaxed(&window->answered));
    mn_atomic_store_relaxed(&demand_patience, 0);
    demand_process = mni_os_process();
    /* Locks of the C library may be held by threads that are gone. */
    mn_atomic_store_relaxed(&mni_demand_state,
                            others ? MNI_DEMAND_OFF : MNI_DEMAND_WANTED);
}

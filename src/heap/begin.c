/* SPDX-License-Identifier: MIT */
/* begin.c -- what happens when the process starts and when it ends.
 *
 * Allocation works before the one and after the other; only options, reports
 * and children of forks depend on them.
 */
#include "heap/demand.h"
#include "heap/heap.h"
#include "heap/limit.h"
#include "heap/options.h"
#include "heap/purge.h"
#include "heap/report.h"

void mni_begin(void)
{
    static bool begun;

    if (begun)
        return;
    begun = true;
    if (mni_space_lock()) {
        /* Where this fails, the first allocation tries again. */
        (void)mni_map_begin();
        mni_space_unlock();
    }
    mni_options_load();
    mni_cache_begin();
    mni_limit_begin();
    mni_purge_begin();
    mni_fork_begin();
    mni_report_begin();
    mni_demand_begin();
}

static __attribute__((destructor(101))) void begin_end(void)
{
    mni_purge_end();
    mni_report_end();
}

/* SPDX-License-Identifier: MIT */
/* demand.h -- checking the whole heap when `mneme check PID` asks.
 *
 * By the option check=demand, a thread of our own looks now and then into the
 * window that report.h describes, whether somebody has asked from outside.
 */
#ifndef MNI_DEMAND_H
#define MNI_DEMAND_H

#include "base/atomic.h"

enum mni_demand_state {
    MNI_DEMAND_OFF,
    MNI_DEMAND_WANTED, /* but there is no thread */
    MNI_DEMAND_STARTING,
    MNI_DEMAND_RUNS
};
extern _Atomic uint32_t mni_demand_state;

/* When the process starts, after mni_options_load. */
void mni_demand_begin(void);

void mni_demand_start(void);

/* Where the heap takes memory: start the thread if that is due. */
static inline void mni_demand_tick(void)
{
    if (mn_atomic_load_relaxed(&mni_demand_state) == MNI_DEMAND_WANTED)
        mni_demand_start();
}

/* No thread has a heap any more, so ours must not keep the process alive. */
void mni_demand_alone(void);

/* In the child of a fork; `others` as for mni_purge_forked. */
void mni_demand_forked(bool others);

#endif

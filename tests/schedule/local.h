/* SPDX-License-Identifier: MIT */
/* local.h -- included first in every source that is explored: what is
 * thread-local lies in a section that explore.c switches by hand. */
#ifndef EXPLORE_LOCAL_H
#define EXPLORE_LOCAL_H

#include "base/atomic.h"

/* What a public header has in the place of base/atomic.h. */
#define MNI_ARC_LOAD(p) mn_atomic_load_relaxed(p)
#define MNI_ARC_STORE(p, v) mn_atomic_store_relaxed(p, v)
#define MNI_ARC_MANY (4 << 17)
#define MNI_ARC_ADD(p, v) mn_atomic_add_relaxed(p, v)
#define MNI_ARC_CAS(p, e, v) mn_atomic_cas_acq_rel(p, e, v)
#define MNI_ARC_BARRIER() mn_atomic_signal_fence()

#define _Thread_local __attribute__((section("explore_local")))
#define tls_model(model) unused

#endif

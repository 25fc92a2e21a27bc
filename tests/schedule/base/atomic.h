/* SPDX-License-Identifier: MIT */
/* atomic.h -- in place of src/base/atomic.h, found first when sources are
 * compiled to be explored: the same names, and each is a call of explore.c.
 *
 * Acquire and release make no difference to the schedules that are explored:
 * loads happen in order, and stores may be late, but not overtake each other.
 */
#ifndef MNI_ATOMIC_H
#define MNI_ATOMIC_H

#include <stdatomic.h>

#include "base/config.h"

#include "explore.h"

/* A comma has the type without its qualifiers. */
#define EXPLORE_TYPE(p) __typeof__((void)0, *(p))
#define EXPLORE_PLACE(p)                                                       \
    __extension__({                                                            \
        static const struct explore_place explore_place = {                    \
            #p, __FILE__, __LINE__, sizeof *(p)};                              \
        &explore_place;                                                        \
    })
#define EXPLORE_RAW(v) ((uint64_t)(uintptr_t)(v))
#define EXPLORE_ADDRESS(p) ((void *)(uintptr_t)(p))
#define EXPLORE_TYPED(p, raw) ((EXPLORE_TYPE(p))(uintptr_t)(raw))

#define mn_atomic_load_relaxed(p)                                              \
    EXPLORE_TYPED(p, explore_load(EXPLORE_ADDRESS(p), EXPLORE_PLACE(p)))
#define mn_atomic_load_acquire(p) mn_atomic_load_relaxed(p)
#define mn_atomic_load_plain(p) mn_atomic_load_relaxed(p)
#define mn_atomic_load_seq_cst(p) mn_atomic_load_relaxed(p)

#define mn_atomic_store_relaxed(p, v)                                          \
    explore_store(EXPLORE_ADDRESS(p), EXPLORE_RAW(v), EXPLORE_PLACE(p))
#define mn_atomic_store_release(p, v) mn_atomic_store_relaxed(p, v)
/* Never late: its own thread may read it without telling the explorer. */
#define mn_atomic_store_plain(p, v)                                            \
    explore_store_plain(EXPLORE_ADDRESS(p), EXPLORE_RAW(v), EXPLORE_PLACE(p))

#define EXPLORE_CHANGE(how, p, v)                                              \
    EXPLORE_TYPED(p, explore_change(how, EXPLORE_ADDRESS(p), EXPLORE_RAW(v),   \
                                    EXPLORE_PLACE(p)))
#define mn_atomic_exchange_relaxed(p, v) EXPLORE_CHANGE(EXPLORE_SET, p, v)
#define mn_atomic_exchange_release(p, v) EXPLORE_CHANGE(EXPLORE_SET, p, v)
#define mn_atomic_exchange_acquire(p, v) EXPLORE_CHANGE(EXPLORE_SET, p, v)
#define mn_atomic_exchange_acq_rel(p, v) EXPLORE_CHANGE(EXPLORE_SET, p, v)
#define mn_atomic_add_relaxed(p, v) EXPLORE_CHANGE(EXPLORE_ADD, p, v)
#define mn_atomic_add_release(p, v) EXPLORE_CHANGE(EXPLORE_ADD, p, v)
#define mn_atomic_add_acq_rel(p, v) EXPLORE_CHANGE(EXPLORE_ADD, p, v)
#define mn_atomic_or_acq_rel(p, v) EXPLORE_CHANGE(EXPLORE_OR, p, v)
#define mn_atomic_and_acquire(p, v) EXPLORE_CHANGE(EXPLORE_AND, p, v)
#define mn_atomic_or_seq_cst(p, v) EXPLORE_CHANGE(EXPLORE_OR, p, v)
#define mn_atomic_add_seq_cst(p, v) EXPLORE_CHANGE(EXPLORE_ADD, p, v)

#define EXPLORE_CAS(locked, p, e, v)                                           \
    explore_cas(locked, EXPLORE_ADDRESS(p), e, EXPLORE_RAW(v), EXPLORE_PLACE(p))
#define mn_atomic_cas_strong_acquire(p, e, v) EXPLORE_CAS(true, p, e, v)
#define mn_atomic_cas_release(p, e, v) EXPLORE_CAS(true, p, e, v)
#define mn_atomic_cas_seq_cst(p, e, v) EXPLORE_CAS(true, p, e, v)
#define mn_atomic_cas_acq_rel(p, e, v) EXPLORE_CAS(true, p, e, v)
/* Only words of one owner change so, on some processors without a lock: the
 * store that is a part of it may be late. */
#define mn_atomic_cas_relaxed(p, e, v) EXPLORE_CAS(false, p, e, v)

#define mn_atomic_add_loaded_acquire(value, p)                                 \
    ((value) + mn_atomic_load_acquire(p))
#define mn_atomic_is_plain(p, value) (mn_atomic_load_plain(p) == (value))

#define mn_atomic_fence() explore_fence()
#define mn_atomic_signal_fence() explore_signal_fence()

#endif

/* SPDX-License-Identifier: MIT */
/* atomic.h -- atomic operations under our own names, the order in the name.
 *
 * A test build replaces this header to explore schedules; what is added here,
 * tests/schedule/base/atomic.h needs too. Each call names what it pairs with;
 * mostly they are relaxed, acquire and release.
 */
#ifndef MNI_ATOMIC_H
#define MNI_ATOMIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"

#define mn_atomic_load_relaxed(p) atomic_load_explicit(p, memory_order_relaxed)
#define mn_atomic_load_acquire(p) atomic_load_explicit(p, memory_order_acquire)
#define mn_atomic_store_relaxed(p, v)                                          \
    atomic_store_explicit(p, v, memory_order_relaxed)
#define mn_atomic_store_release(p, v)                                          \
    atomic_store_explicit(p, v, memory_order_release)
#define mn_atomic_exchange_relaxed(p, v)                                       \
    atomic_exchange_explicit(p, v, memory_order_relaxed)
#define mn_atomic_exchange_release(p, v)                                       \
    atomic_exchange_explicit(p, v, memory_order_release)
#define mn_atomic_exchange_acquire(p, v)                                       \
    atomic_exchange_explicit(p, v, memory_order_acquire)
#define mn_atomic_exchange_acq_rel(p, v)                                       \
    atomic_exchange_explicit(p, v, memory_order_acq_rel)
#define mn_atomic_add_relaxed(p, v)                                            \
    atomic_fetch_add_explicit(p, v, memory_order_relaxed)
#define mn_atomic_add_release(p, v)                                            \
    atomic_fetch_add_explicit(p, v, memory_order_release)
#define mn_atomic_add_acq_rel(p, v)                                            \
    atomic_fetch_add_explicit(p, v, memory_order_acq_rel)
#define mn_atomic_or_acq_rel(p, v)                                             \
    atomic_fetch_or_explicit(p, v, memory_order_acq_rel)
#define mn_atomic_and_acquire(p, v)                                            \
    atomic_fetch_and_explicit(p, v, memory_order_acquire)
#define mn_atomic_cas_strong_acquire(p, e, v)                                  \
    atomic_compare_exchange_strong_explicit(p, e, v, memory_order_acquire,     \
                                            memory_order_relaxed)
/* Weak: may fail without a reason; *e then holds the value seen. */
#define mn_atomic_cas_release(p, e, v)                                         \
    atomic_compare_exchange_weak_explicit(p, e, v, memory_order_release,       \
                                          memory_order_relaxed)
#define mn_atomic_cas_acq_rel(p, e, v)                                         \
    atomic_compare_exchange_weak_explicit(p, e, v, memory_order_acq_rel,       \
                                          memory_order_relaxed)
#define mn_atomic_cas_relaxed(p, e, v)                                         \
    atomic_compare_exchange_weak_explicit(p, e, v, memory_order_relaxed,       \
                                          memory_order_relaxed)

/* In one order for all threads, as the fence below makes it; where two threads
 * each change one word and look at the other's. Costs nothing more than the
 * weaker forms where a change of a word is a fence anyway. */
#define mn_atomic_load_seq_cst(p) atomic_load_explicit(p, memory_order_seq_cst)
#define mn_atomic_or_seq_cst(p, v)                                             \
    atomic_fetch_or_explicit(p, v, memory_order_seq_cst)
#define mn_atomic_add_seq_cst(p, v)                                            \
    atomic_fetch_add_explicit(p, v, memory_order_seq_cst)

#define mn_atomic_cas_seq_cst(p, e, v)                                         \
    atomic_compare_exchange_weak_explicit(p, e, v, memory_order_seq_cst,       \
                                          memory_order_relaxed)

/* Orders a store before a later load, where two threads each store one thing
 * and look for the other's. */
#define mn_atomic_fence() atomic_thread_fence(memory_order_seq_cst)

/* Keeps the compiler from moving accesses across, so that a signal handler in
 * this thread finds them in order. Costs nothing. */
#define mn_atomic_signal_fence() atomic_signal_fence(memory_order_seq_cst)

/* For plain members of public structures, which C++ reads too. */
#define mn_atomic_load_plain(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define mn_atomic_store_plain(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

/* Compilers put what they load atomically into a register of its own, though
 * processors add and compare what is in memory. */
static inline uintptr_t mn_atomic_add_loaded_acquire(uintptr_t value,
                                                     const _Atomic uintptr_t *p)
{
#if defined(__x86_64__) && !MN_PORTABLE
    __asm__("addq %1, %0" : "+r"(value) : "m"(*p) : "cc");
    return value;
#else
    return value + mn_atomic_load_acquire(p);
#endif
}

static inline bool mn_atomic_is_plain(void *const *p, const void *value)
{
#if defined(__x86_64__) && !MN_PORTABLE
    bool is;
    __asm__("cmpq %2, %1" : "=@cce"(is) : "m"(*p), "r"(value));
    return is;
#else
    return mn_atomic_load_plain(p) == value;
#endif
}

#endif

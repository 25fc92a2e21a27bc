/* SPDX-License-Identifier: MIT */
/* fork.c -- going on in the child, whatever other threads were doing.
 *
 * All locks are held across the fork, so what they guard is whole. Heaps have
 * no lock: another thread's lists may be half changed in the child. But a
 * slab's bits are right at any moment, so the child forgets all lists and
 * makes them anew from the slabs; the slabs of threads that are gone become
 * the common heap's.
 *
 * A handler may fork while it has interrupted the holder of a lock. What that
 * one was changing is whole but for what it goes on to do, so it is left alone.
 * And where the order of locks forbids to wait for another thread's, the child
 * goes on without what that thread has in hand. A handler may also interrupt a
 * fork, whose locks stay as they are then.
 */
#include <string.h>

#include "base/assert.h"
#include "heap/ages.h"
#include "heap/demand.h"
#include "heap/heap.h"
#include "heap/purge.h"
#include "os/os.h"

/* Of the locks that this fork took; a handler may have interrupted a holder,
 * and two threads may be here where one of them must not wait for the other. */
static _Thread_local struct {
    unsigned depth;  /* of forks that interrupt each other */
    unsigned common; /* at which depth it was taken, or 0 */
    unsigned space;  /* likewise */
    bool missed;     /* one at least */
} fork_held __attribute__((tls_model("initial-exec")));

static const char fork_interrupted_heap[] =
    "fork in a signal handler that interrupted a heap";

static void fork_lock_heap(struct mn_heap *heap, uint32_t orders)
{
    if (!heap->shared)
        return;
    if (!mni_lock_enter_to_fork(&heap->lock, orders))
        fork_held.missed = true;
    else if (!mni_lock_is_by_fork(&heap->lock))
        mni_stop(fork_interrupted_heap);
}

static void fork_lock_fixed(struct mn_heap *heap, uint32_t orders)
{
    if (heap->stock != &heap->fixed)
        return;
    if (!mni_stock_lock_to_fork(heap->stock, orders))
        fork_held.missed = true;
    else if (!mni_lock_is_by_fork(&heap->fixed.lock))
        mni_stop(fork_interrupted_heap);
}

static void fork_before(void)
{
    uint32_t orders = mni_lock_orders();

    fork_held.depth++;
    fork_held.missed |= !mni_heaps_lock_to_fork(orders);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        fork_lock_heap(heap, orders);
    if (mni_common_lock())
        fork_held.common = fork_held.depth;
    fork_held.missed |= !mni_common_is_mine();
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        fork_lock_fixed(heap, orders);
    fork_held.missed |= !mni_stock_lock_to_fork(&mni_stock, orders);
    if (mni_space_lock())
        fork_held.space = fork_held.depth;
}

static void fork_parent(void)
{
    if (fork_held.space == fork_held.depth) {
        fork_held.space = 0;
        mni_space_unlock();
    }
    mni_stock_unlock_after_fork(&mni_stock);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        if (heap->stock == &heap->fixed)
            mni_stock_unlock_after_fork(heap->stock);
    if (fork_held.common == fork_held.depth) {
        fork_held.common = 0;
        mni_common_unlock();
    }
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        mni_lock_leave_after_fork(&heap->lock);
    mni_heaps_unlock_after_fork();
    if (--fork_held.depth == 0)
        fork_held.missed = false;
}

_Atomic bool mni_threads_noted;

/* Whether other threads may have left anything half done. */
static bool fork_others_lived(void)
{
    if (mn_atomic_load_relaxed(&mni_threads_noted) || fork_held.missed)
        return true;
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        if (heap != mni_heap_self
            && mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD)
            return true;
    return false;
}

/* Locks of threads that are gone. */
static void fork_free_locks(void)
{
    mni_heaps_after_fork();
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next) {
        if (heap->shared)
            (void)mni_lock_after_fork(&heap->lock);
        if (heap->stock == &heap->fixed)
            mni_stock_after_fork(heap->stock);
    }
    mni_common_after_fork();
    mni_stock_after_fork(&mni_stock);
}

/* A signal handler forked while it had interrupted this heap: it is whole but
 * for what the interrupted call goes on to do. A heap that one thread uses is
 * not used in the child if that thread is gone which was inside. */
static bool fork_is_interrupted(struct mni_heap *heap)
{
    const struct mn_heap *first_class = mni_heap_first_class(heap);

    if (heap == &mni_heap_common)
        return fork_held.common == 0 && mni_common_is_mine();
    return first_class == NULL
               ? (heap == mni_heap_self && mni_heap_is_busy(heap))
                     || mni_thread_is_in_hand(heap)
               : !first_class->shared && mni_heap_is_busy(heap);
}

static void fork_forget(struct mni_heap *heap, struct mni_stock *stock)
{
    memset(heap->slabs, 0, sizeof heap->slabs);
    mni_heap_init(heap, stock);
}

static void fork_forget_lists(void)
{
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        if (!fork_is_interrupted(heap))
            fork_forget(heap, &mni_stock);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        if (!fork_is_interrupted(&heap->heap))
            fork_forget(&heap->heap, heap->stock);
    if (fork_is_interrupted(&mni_heap_common))
        return;
    fork_forget(&mni_heap_common, &mni_stock);
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++)
        mn_atomic_store_relaxed(&mni_common_listed[class], 0);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        heap->large = NULL;
}

/* Put a large block back into the list of its heap. */
static void fork_link(struct mni_large *large)
{
    struct mn_heap *heap = mn_atomic_load_relaxed(&large->heap);

    if (heap == NULL || fork_is_interrupted(&mni_heap_common))
        return;
    large->prev = NULL;
    large->next = heap->large;
    if (heap->large != NULL)
        heap->large->prev = large;
    heap->large = large;
}

/* The heap that is to have the slab; a thread that is gone keeps it until who
 * holds the common lock takes it in. */
static struct mni_heap *fork_heir(struct mni_heap *heap)
{
    return heap == mni_heap_self
                   || mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_OWN
                   || fork_is_interrupted(&mni_heap_common)
               ? heap
               : &mni_heap_common;
}

static void fork_settle_slab(struct mni_slab *slab)
{
    struct mni_heap *before = mn_atomic_load_relaxed(&slab->heap);
    struct mni_heap *heap = fork_heir(before);

    /* What is claimed is being returned by the call that was interrupted. */
    if (fork_is_interrupted(before)
        || (mn_atomic_load_relaxed(&slab->place) & MNI_SLAB_CLAIMED) != 0)
        return;
    mn_atomic_store_relaxed(&slab->heap, heap);
    heap->slabs[slab->class].count++;
    mn_atomic_store_relaxed(&slab->pending, 0);
    (void)mni_slab_drain_owner(slab);
    mn_atomic_store_relaxed(&slab->told, slab->owed);
    if (!mni_ages_is_looked(slab))
        mni_ages_leave(slab);
    if (heap == &mni_heap_common || heap == mni_heap_self
        || mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_OWN)
        mni_slab_settle(heap, slab);
    else
        mni_slab_put_off(slab);
}

static bool fork_settle(struct mni_span *span, void *context)
{
    struct mni_slab *slab = mni_slab_from(&span->owner);
    struct mni_large *large = mni_large_from(&span->owner);

    (void)context;
    if (slab != NULL)
        fork_settle_slab(slab);
    else if (large != NULL)
        fork_link(large);
    return true;
}

/* What threads that are gone kept; it needs the locks. */
static void fork_return_cached(void)
{
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        if (heap != mni_heap_self)
            mni_cache_flush(heap);
}

static void fork_child(void)
{
    bool others = fork_others_lived();

    mni_purge_forked(others);
    mni_demand_forked(others);
    if (others) {
        fork_free_locks();
        fork_forget_lists();
        (void)mni_stock_walk(&mni_stock, fork_settle, NULL);
        for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
             heap = heap->next)
            if (heap->stock == &heap->fixed)
                (void)mni_stock_walk(heap->stock, fork_settle, NULL);
        for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
             heap = heap->next)
            if (heap != mni_heap_self)
                mni_thread_gone(heap);
    }
    fork_parent();
    if (others)
        fork_return_cached();
}

void mni_fork_begin(void)
{
    /* Where the system refuses, only children that allocate before exec are
     * at risk, as they are by POSIX. */
    (void)mni_os_at_fork(fork_before, fork_parent, fork_child);
}

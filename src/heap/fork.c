/* SPDX-License-Identifier: MIT */
/* fork.c -- going on in the child, whatever other threads were doing.
 *
 * All locks are held across the fork, so what they guard is whole. Heaps have
 * no lock: another thread's lists may be half changed in the child. But a
 * slab's bits are right at any moment, so the child forgets all lists and
 * makes them anew from the slabs; the slabs of threads that are gone become
 * the common heap's.
 */
#include <string.h>

#include "base/assert.h"
#include "heap/ages.h"
#include "heap/heap.h"
#include "heap/purge.h"
#include "os/os.h"

/* The locks that this fork took; a handler may have interrupted a holder. */
static struct {
    bool heaps;
    bool common;
    bool stock;
    bool space;
} fork_held;

/* The locks of shared heaps and of their stocks. */
static void fork_lock_heap(struct mn_heap *heap)
{
    if (heap->shared && !mni_lock_enter(&heap->lock))
        mni_stop("fork in a signal handler that interrupted a heap");
    if (heap->stock == &heap->fixed && !mni_stock_lock(heap->stock))
        mni_stop("fork in a signal handler that interrupted a heap");
}

static void fork_unlock_heap(struct mn_heap *heap)
{
    if (heap->stock == &heap->fixed)
        mni_stock_unlock(heap->stock);
    if (heap->shared)
        mni_lock_leave(&heap->lock);
}

static void fork_before(void)
{
    fork_held.heaps = mni_heaps_lock();
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        fork_lock_heap(heap);
    fork_held.common = mni_common_lock();
    fork_held.stock = mni_stock_lock(&mni_stock);
    fork_held.space = mni_space_lock();
}

static void fork_parent(void)
{
    if (fork_held.space)
        mni_space_unlock();
    if (fork_held.stock)
        mni_stock_unlock(&mni_stock);
    if (fork_held.common)
        mni_common_unlock();
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        fork_unlock_heap(heap);
    if (fork_held.heaps)
        mni_heaps_unlock();
}

_Atomic bool mni_threads_noted;

/* Whether other threads may have left anything half done. */
static bool fork_others_lived(void)
{
    if (mn_atomic_load_relaxed(&mni_threads_noted))
        return true;
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        if (heap != mni_heap_self
            && mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD)
            return true;
    return false;
}

/* A signal handler forked while it had interrupted this heap: it is whole but
 * for what the interrupted call goes on to do. */
static bool fork_is_interrupted(const struct mni_heap *heap)
{
    return heap == mni_heap_self && mni_heap_is_busy(heap);
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
    fork_forget(&mni_heap_common, &mni_stock);
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++)
        mn_atomic_store_relaxed(&mni_common_listed[class], 0);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        fork_forget(&heap->heap, heap->stock);
}

static bool fork_settle(struct mni_span *span, void *context)
{
    struct mni_slab *slab = mni_slab_from(&span->owner);

    (void)context;
    if (slab == NULL)
        return true;
    struct mni_heap *heap = mn_atomic_load_relaxed(&slab->heap);
    if (fork_is_interrupted(heap))
        return true;
    if (heap != mni_heap_self
        && mn_atomic_load_relaxed(&heap->kind) != MNI_HEAP_OWN) {
        heap = &mni_heap_common;
        mn_atomic_store_relaxed(&slab->heap, heap);
    }
    heap->slabs[slab->class].count++;
    mn_atomic_store_relaxed(&slab->pending, 0);
    (void)mni_slab_drain_owner(slab);
    mn_atomic_store_relaxed(&slab->told, slab->owed);
    if (!mni_ages_is_looked(slab))
        mni_ages_leave(slab);
    mni_slab_settle(heap, slab);
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
    if (others) {
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

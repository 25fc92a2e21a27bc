/* SPDX-License-Identifier: MIT */
/* thread.c -- heaps of threads: birth, death, and what is left behind.
 *
 * A thread that ends gives its slabs to the common heap, from which any thread
 * takes one before it asks for a new span; its heap waits for a new thread.
 * Slabs that were full then are on no list: they move when the first slot
 * comes back. Heaps are never unmapped, so whoever tells a heap something late
 * does no harm.
 */
#include "heap/fast.h"

#include "heap/ages.h"
#include "heap/demand.h"
#include "heap/purge.h"
#include "heap/report.h"
#include "os/os.h"
#include "space/meta.h"

_Thread_local struct mni_heap *mni_heap_self
    __attribute__((tls_model("initial-exec"))) = &mni_heap_none;
_Thread_local void *mni_heap_quick __attribute__((tls_model("initial-exec"))) =
    &mni_heap_none;

static _Thread_local bool thread_over
    __attribute__((tls_model("initial-exec")));

struct mni_heap mni_heap_common;
_Atomic uint32_t mni_common_listed[MNI_CLASS_COUNT];

static struct mni_lock thread_lock = {.order = MNI_LOCK_COMMON};
static _Atomic(struct mni_heap *) thread_heaps;
static struct mni_heap *thread_idle;
static bool thread_common_ready;
static struct mni_heap *thread_in_hand; /* begins or ends, under the lock */
static _Atomic uint32_t thread_count;   /* living ones with a heap */

/* Linked whenever a heap is, so that static programs have it, too. */
static __attribute__((constructor(101))) void thread_begin(void)
{
    mni_begin();
}

bool mni_common_lock(void)
{
    if (!mni_lock_enter(&thread_lock))
        return false;
    if (!thread_common_ready) {
        mni_heap_init(&mni_heap_common, &mni_stock);
        mn_atomic_store_relaxed(&mni_heap_common.kind, MNI_HEAP_COMMON);
        thread_common_ready = true;
    }
    return true;
}

void mni_common_unlock(void)
{
    /* What somebody told the heap while we held the lock; and once more if it
     * was a signal handler, between our look and the lock's release. Pairs with
     * the fences before those who tell try the lock. */
    do {
        (void)mni_heap_drain(&mni_heap_common);
        mni_lock_leave(&thread_lock);
        mn_atomic_fence();
    } while (mn_atomic_load_relaxed(&mni_heap_common.pending) != NULL
             && mni_lock_enter(&thread_lock));
}

bool mni_common_is_mine(void)
{
    return mni_lock_is_mine(&thread_lock);
}

struct mni_heap *mni_thread_heaps(void)
{
    /* Acquire: pairs with the release in thread_new_heap. */
    return mn_atomic_load_acquire(&thread_heaps);
}

uint32_t mni_thread_count(void)
{
    return mn_atomic_load_relaxed(&thread_count);
}

/* Requires: the common lock, or the child of a fork. */
static void thread_set_kind(struct mni_heap *heap, enum mni_heap_kind kind)
{
    uint32_t change = kind == MNI_HEAP_THREAD ? 1 : UINT32_MAX;

    uint32_t count = mn_atomic_add_relaxed(&thread_count, change) + change;
    mni_cache_share(count);
    mn_atomic_store_release(&heap->kind, kind);
}

void *mni_common_alloc(size_t size)
{
    if (!mni_common_lock())
        return NULL;
    void *block = mni_alloc_from(&mni_heap_common, size);
    mni_common_unlock();
    return block;
}

struct mni_slab *mni_common_take(struct mni_heap *heap, unsigned class)
{
    /* Not for first-class heaps: the blocks in a slab that they took would be
     * released with them. The count is a hint; the lock comes next. */
    if (mn_atomic_load_relaxed(&heap->kind) != MNI_HEAP_THREAD
        || mn_atomic_load_relaxed(&mni_common_listed[class]) == 0
        || !mni_common_lock())
        return NULL;
    struct mni_slab *slab = mni_heap_take_listed(&mni_heap_common, class);
    if (slab != NULL)
        mni_slab_give(slab, heap);
    mni_common_unlock();
    return slab;
}

bool mni_common_adopt(struct mni_heap *heap, struct mni_slab *slab)
{
    bool adopted = false;

    if (!mni_common_lock())
        return false;
    /* With the lock, neither the owner nor its kind changes. */
    const struct mni_heap *owner = mn_atomic_load_relaxed(&slab->heap);
    uint32_t kind = mn_atomic_load_relaxed(&owner->kind);
    enum mni_slab_place place = mni_slab_place(slab);
    if ((kind == MNI_HEAP_COMMON || kind == MNI_HEAP_IDLE)
        && ((place == MNI_SLAB_LISTED
             && mni_slab_unlist(&mni_heap_common, slab))
            || (place == MNI_SLAB_FULL
                && mni_slab_pick_up(&mni_heap_common, slab)))) {
        mni_slab_give(slab, heap);
        (void)mni_slab_drain(heap, slab);
        mni_slab_settle(heap, slab);
        adopted = true;
    }
    mni_common_unlock();
    return adopted;
}

/* Requires: the common lock. */
static struct mni_heap *thread_new_heap(void)
{
    struct mni_heap *heap = thread_idle;

    if (heap != NULL) {
        thread_idle = heap->idle;
        return heap;
    }
    heap = mni_meta_new(sizeof *heap);
    if (heap == NULL)
        return NULL;
    mni_heap_init(heap, &mni_stock);
    heap->next = mn_atomic_load_relaxed(&thread_heaps);
    /* Release: pairs with the acquire in mni_thread_heaps. */
    mn_atomic_store_release(&thread_heaps, heap);
    mn_atomic_store_relaxed(&mni_report_window.heaps, heap);
    return heap;
}

/* Move what is current or listed to the common heap. */
static void thread_hand_over(struct mni_heap *heap)
{
    mni_heap_collect(heap);
    mni_cache_flush(heap);
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_slab *slab;
        while ((slab = mni_heap_listed(heap, class)) != NULL) {
            if (!mni_slab_unlist(heap, slab))
                continue;
            mni_slab_give(slab, &mni_heap_common);
            mni_slab_settle(&mni_heap_common, slab);
        }
    }
    mni_gone_hand_over(heap, &mni_heap_common);
}

static void thread_ended(void *context)
{
    struct mni_heap *heap = context;

    mni_heap_quick = &mni_heap_none;
    mn_atomic_signal_fence();
    mni_heap_self = &mni_heap_none;
    thread_over = true;
    if (!mni_common_lock())
        return; /* the thread ends inside a handler: the heap is lost */
    thread_in_hand = heap;
    thread_hand_over(heap);
    thread_set_kind(heap, MNI_HEAP_IDLE);
    /* Pairs with the fence in mni_slab_tell. */
    mn_atomic_fence();
    (void)mni_heap_drain(heap);
    heap->idle = thread_idle;
    thread_idle = heap;
    thread_in_hand = NULL;
    mni_common_unlock();
    if (mni_thread_count() == 0) {
        mni_purge_alone();
        mni_demand_alone();
    }
}

bool mni_thread_is_in_hand(const struct mni_heap *heap)
{
    return heap == thread_in_hand && mni_common_is_mine();
}

void mni_thread_gone(struct mni_heap *heap)
{
    if (mn_atomic_load_relaxed(&heap->kind) != MNI_HEAP_THREAD
        || mni_thread_is_in_hand(heap))
        return;
    thread_set_kind(heap, MNI_HEAP_IDLE);
    heap->idle = thread_idle;
    thread_idle = heap;
}

void mni_common_after_fork(void)
{
    uint32_t count = 0;

    if (!mni_lock_after_fork(&thread_lock))
        return;
    mni_heap_init(&mni_heap_common, &mni_stock);
    mn_atomic_store_relaxed(&mni_heap_common.kind, MNI_HEAP_COMMON);
    thread_common_ready = true;
    thread_idle = NULL;
    thread_in_hand = NULL;
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next) {
        uint32_t kind = mn_atomic_load_relaxed(&heap->kind);
        count += kind == MNI_HEAP_THREAD;
        if (kind != MNI_HEAP_THREAD) {
            mn_atomic_store_relaxed(&heap->kind, MNI_HEAP_IDLE);
            heap->idle = thread_idle;
            thread_idle = heap;
        }
    }
    mn_atomic_store_relaxed(&thread_count, count);
}

struct mni_heap *mni_thread_heap(void)
{
    if (mni_heap_self != &mni_heap_none || thread_over || !mni_common_lock())
        return mni_heap_self;
    struct mni_heap *heap = mni_heap_self;
    /* A signal handler may have made one before the lock was taken. */
    bool made = heap == &mni_heap_none;
    if (made)
        heap = thread_new_heap();
    if (made && heap != NULL) {
        thread_in_hand = heap;
        mn_atomic_signal_fence();
        thread_set_kind(heap, MNI_HEAP_THREAD);
        mni_heap_self = heap;
        mn_atomic_signal_fence(); /* a handler here finds the heap busy */
        mni_heap_quick = heap;
        thread_in_hand = NULL;
    }
    mni_common_unlock();
    if (heap == NULL)
        return &mni_heap_none;
    /* Where the system refuses, the heap stays with a thread that is gone, and
     * what others return to it waits until the process ends. */
    if (made)
        (void)mni_os_at_thread_end(thread_ended, heap);
    return heap;
}

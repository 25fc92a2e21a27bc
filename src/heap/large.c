/* SPDX-License-Identifier: MIT */
/* large.c -- blocks above 256 KiB: a span each.
 *
 * A span whose block was released is kept in the cache of the thread that
 * released it, and serves its next block of about that size.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "heap/heap.h"
#include "heap/purge.h"
#include "heap/report.h"

/* Blocks that a signal handler released while it had interrupted the stock;
 * the next release takes them along. */
static _Atomic(struct mni_large *) large_deferred;

bool mni_large_block_at(const struct mn_owner *owner, const void *address,
                        struct mn_block *block)
{
    const struct mni_large *large = (const struct mni_large *)owner;

    (void)address;
    block->start = large->span.start;
    block->size = large->span.size;
    block->perm = MN_PERM_RW;
    block->state = mn_atomic_load_relaxed(&large->span.kind) == MNI_SPAN_LARGE
                       ? MN_ALLOCATED
                       : MN_FREE;
    return true;
}

/* The lists of first-class heaps change only under the common lock. */
static bool large_link(struct mni_large *large, struct mn_heap *heap)
{
    if (heap == NULL)
        return true;
    if (!mni_common_lock())
        return false;
    mn_atomic_store_relaxed(&large->heap, heap);
    large->next = heap->large;
    if (heap->large != NULL)
        heap->large->prev = large;
    heap->large = large;
    mni_common_unlock();
    return true;
}

static bool large_unlink(struct mni_large *large)
{
    struct mn_heap *heap = mn_atomic_load_relaxed(&large->heap);

    if (heap == NULL)
        return true;
    if (!mni_common_lock())
        return false;
    if (large->prev != NULL)
        large->prev->next = large->next;
    else
        heap->large = large->next;
    if (large->next != NULL)
        large->next->prev = large->prev;
    mn_atomic_store_relaxed(&large->heap, NULL);
    mni_limit_sub(&heap->limit, large->span.size);
    mni_common_unlock();
    return true;
}

void *mni_large_new(struct mni_stock *stock, struct mn_heap *owner, size_t size,
                    size_t align, bool *zero)
{
    size_t cells_align = align != MNI_ALIGN_ROOM && align < MNI_CELL_SIZE
                             ? MNI_CELL_SIZE
                             : align;
    struct mni_stock_request request = {
        .size = size,
        .align = cells_align,
        .record_size = sizeof(struct mni_large),
        .limit = mni_limit_of(owner),
    };
    struct mni_large *large =
        (struct mni_large *)mni_stock_take(stock, &request, zero);

    if (large == NULL)
        return NULL;
    large->span.owner.block_at = mni_large_block_at;
    mn_atomic_store_relaxed(&large->asked, size);
    mn_atomic_store_relaxed(&large->span.kind, MNI_SPAN_LARGE);
    if (!large_link(large, owner)) {
        mni_limit_sub(mni_limit_of(owner), large->span.size);
        mni_large_return(large);
        return NULL;
    }
    mni_stock_map(&large->span);
    mni_report_tick();
    return large->span.start;
}

void *mni_large_alloc(struct mni_stock *stock, struct mn_heap *owner,
                      size_t size, size_t align, bool *zero)
{
    void *block =
        owner == NULL && align <= MNI_CELL_SIZE ? mni_large_reuse(size) : NULL;

    *zero = false;
    return block != NULL ? block
                         : mni_large_new(stock, owner, size, align, zero);
}

static void large_defer(struct mni_large *large)
{
    struct mni_large *first = mn_atomic_load_relaxed(&large_deferred);

    do
        large->deferred = first;
    /* Release: pairs with the acquire in mni_large_return_deferred. */
    while (!mn_atomic_cas_release(&large_deferred, &first, large));
}

void mni_large_return(struct mni_large *large)
{
    if (!large_unlink(large) || !mni_stock_return(&large->span, NULL))
        large_defer(large);
}

void mni_large_return_deferred(void)
{
    if (mn_atomic_load_relaxed(&large_deferred) == NULL)
        return;
    /* Acquire: pairs with the release in large_defer. */
    struct mni_large *large = mn_atomic_exchange_acquire(&large_deferred, NULL);
    while (large != NULL) {
        struct mni_large *next = large->deferred;
        mni_large_return(large);
        large = next;
    }
}

/* Keep the span of a block that was released, by whichever thread: it is warm
 * here, and to hand it to another thread would cost more than the next one. */
static inline bool large_keep(struct mni_large *large, bool make_room)
{
    if (mn_atomic_load_relaxed(&large->heap) != NULL)
        return false;
    struct mni_heap *heap = mni_own_begin_busy();
    if (heap == NULL)
        return false;
    bool kept =
        (!make_room || mni_cache_make_room(&heap->cache, large->span.size))
        && mni_cache_put(&heap->cache, &large->span);
    mni_own_end_busy(heap);
    return kept;
}

static __attribute__((noinline)) void large_free_slow(struct mni_large *large)
{
    if (!large_keep(large, true))
        mni_large_return(large);
    mni_large_return_deferred();
    mni_purge_told();
}

void mni_large_free(struct mni_large *large)
{
    /* Whoever changes the kind releases the block; there is only one. */
    uint32_t seen = MNI_SPAN_LARGE;

    if (!mn_atomic_cas_strong_acquire(&large->span.kind, &seen, MNI_SPAN_NEW))
        mni_stop_bad_block("free", large->span.start);
    if (mn_atomic_load_relaxed(&large_deferred) != NULL
        || !large_keep(large, false))
        large_free_slow(large);
    else
        mni_purge_told();
}

bool mni_large_resize(struct mni_large *large, size_t size)
{
    if (size > PTRDIFF_MAX - MNI_CELL_SIZE)
        return false;
    size_t bytes = mni_round_up(size, MNI_CELL_SIZE);
    size_t before = mn_atomic_load_relaxed(&large->asked);
    size_t spare = large->span.size - bytes; /* wraps if it is to grow */

    /* What a block that grows has ahead is worth no change of the span. */
    if (spare <= bytes / MNI_GROW_AMPLE) {
        mn_atomic_store_relaxed(&large->asked, size);
        return true;
    }
    /* Never more than the size, whenever another thread looks. */
    if (size < before)
        mn_atomic_store_relaxed(&large->asked, size);
    struct mn_heap *heap = mn_atomic_load_relaxed(&large->heap);
    bool done = mni_stock_resize(&large->span, bytes, mni_limit_of(heap));
    mn_atomic_store_relaxed(&large->asked, done ? size : before);
    /* Refused, it is asked about when a block elsewhere is refused, too. */
    (void)mni_limit_again(large->span.start, size);
    if (done)
        mni_report_tick();
    return done;
}

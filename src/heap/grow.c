/* SPDX-License-Identifier: MIT */
/* grow.c -- blocks that realloc makes larger, again and again.
 *
 * Who grew a block once is likely to grow it again. So above a size such a
 * block becomes a span of its own, placed where the addresses behind it are
 * free, and grows into them without a copy, by an eighth more than was asked.
 * What it did not reach yet belongs to the stock as before: room is a matter of
 * place, and costs no memory.
 */
#include "base/bits.h"
#include "heap/heap.h"
#include "heap/report.h"

/* A kept span, of which what is not needed goes back to the stock, where the
 * block finds it again when it grows. */
static struct mni_large *grow_reuse(size_t size)
{
    struct mni_heap *heap = mni_own_begin_busy();

    if (heap == NULL)
        return NULL;
    struct mni_span *span = mni_cache_take_largest(&heap->cache, size);
    mni_own_end_busy(heap);
    if (span == NULL)
        return NULL;
    struct mni_large *large = (struct mni_large *)(void *)span;
    mn_atomic_store_relaxed(&large->asked, size);
    /* Where a signal handler interrupted the stock, it stays as large. */
    (void)mni_stock_resize(span, size, NULL);
    mn_atomic_store_relaxed(&span->kind, MNI_SPAN_LARGE);
    return large;
}

void *mni_grow_alloc(size_t size)
{
    struct mni_large *large = grow_reuse(size);
    bool zero;

    if (large != NULL)
        return large->span.start;
    void *block;
    do
        block = mni_large_new(&mni_stock, NULL, size, MNI_ALIGN_ROOM, &zero);
    while (mni_limit_again(block, size));
    return block;
}

bool mni_grow_in_place(struct mni_large *large, size_t size)
{
    struct mn_heap *heap = mn_atomic_load_relaxed(&large->heap);
    size_t ample;

    if (mni_add(size, size / MNI_GROW_AMPLE, &ample)
        && mni_stock_resize(&large->span, ample, mni_limit_of(heap))) {
        mn_atomic_store_relaxed(&large->asked, size);
        (void)mni_limit_again(large->span.start, size);
        mni_report_tick();
        return true;
    }
    return mni_large_resize(large, size);
}

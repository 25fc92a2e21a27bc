/* SPDX-License-Identifier: MIT */
/* check.c -- whether every invariant of heaps holds. */
#include "heap/heap.h"
#include "space/map.h"

static bool check_span(struct mni_span *span, void *context)
{
    const struct mni_slab *slab = mni_slab_from(&span->owner);
    const struct mni_large *large = mni_large_from(&span->owner);

    (void)context;
    if (span->size == 0 || span->size % MNI_CELL_SIZE != 0)
        return false;
    if (slab != NULL)
        return mni_slab_check(slab)
               && mn_atomic_load_relaxed(&slab->heap) != NULL;
    return large != NULL && mn_atomic_load_relaxed(&large->asked) <= span->size;
}

static bool check_stock(struct mni_stock *stock)
{
    if (!mni_stock_lock(stock))
        return false;
    bool right =
        mni_stock_check(stock) && mni_stock_walk(stock, check_span, NULL);
    mni_stock_unlock(stock);
    return right;
}

/* The lists of a heap that no other thread changes now. */
static bool check_lists(const struct mni_heap *heap)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        const struct mni_bin *bin = &heap->bins[class];
        const struct mni_slab *before = NULL;
        if (bin->current != NULL
            && (bin->current->place != MNI_SLAB_CURRENT
                || bin->current->class != class || bin->current->heap != heap))
            return false;
        for (const struct mni_slab *slab = bin->listed; slab != NULL;
             slab = slab->next) {
            if (slab->prev != before
                || slab->class != class || slab->place != MNI_SLAB_LISTED
                || slab->heap != heap)
                return false;
            before = slab;
        }
    }
    return true;
}

bool mn_heap_check(const struct mn_heap *heap)
{
    if (heap != NULL)
        return check_lists(&heap->heap) && check_stock(heap->stock);

    bool right = check_lists(mni_heap_self) && mni_cache_check(mni_heap_self);
    if (!mni_common_lock())
        return false;
    right = check_lists(&mni_heap_common) && right;
    mni_common_unlock();
    return check_stock(&mni_stock) && right;
}

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

static bool check_is_of(const struct mni_slab *slab,
                        const struct mni_heap *heap, unsigned class)
{
    return slab->class == class && mn_atomic_load_relaxed(&slab->heap) == heap;
}

/* One queue of listed slabs; *left is how many more there may be. */
static bool check_queue(const struct mni_heap *heap, unsigned class,
                        unsigned rank, size_t *left)
{
    const struct mni_slabs *slabs = &heap->slabs[class];
    const struct mni_slab *before = NULL;

    for (const struct mni_slab *slab = slabs->first[rank]; slab != NULL;
         slab = slab->next) {
        if (slab->prev != before || !check_is_of(slab, heap, class)
            || mni_slab_place(slab) != MNI_SLAB_LISTED || *left == 0)
            return false;
        --*left;
        before = slab;
    }
    return before == slabs->last[rank];
}

/* The lists of a heap that no other thread changes now. */
static bool check_lists(const struct mni_heap *heap)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        const struct mni_slab *current = heap->bins[class].current;
        size_t left = heap->slabs[class].count;
        if (current != NULL
            && (mni_slab_place(current) != MNI_SLAB_CURRENT
                || !check_is_of(current, heap, class) || left-- == 0))
            return false;
        for (unsigned rank = 0; rank < MNI_RANK_COUNT; rank++)
            if (!check_queue(heap, class, rank, &left))
                return false;
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

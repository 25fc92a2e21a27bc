/* SPDX-License-Identifier: MIT */
/* check.c -- whether every invariant of heaps holds.
 *
 * While other threads run, what they change without a lock is left out: the
 * lists of their heaps and of heaps of the program that one thread uses. All
 * else is looked at under the lock that guards it. The bits of a slab are right
 * at any moment.
 */
#include "heap/heap.h"
#include "space/map.h"

static const char check_interrupted[] = "nothing; a signal handler asked";

struct check_sum {
    struct mni_stock *stock;
    size_t size; /* of the spans that the map leads to */
};

static bool check_span(struct mni_span *span, void *context)
{
    const struct mni_slab *slab = mni_slab_from(&span->owner);
    const struct mni_large *large = mni_large_from(&span->owner);
    struct check_sum *sum = context;

    if (span->size == 0 || span->size % MNI_CELL_SIZE != 0
        || !mni_stock_has(sum->stock, span))
        return false;
    sum->size += span->size;
    if (slab != NULL)
        return mni_slab_check(slab)
               && mn_atomic_load_relaxed(&slab->heap) != NULL;
    return large != NULL && mn_atomic_load_relaxed(&large->asked) <= span->size;
}

/* NULL, or what is not right. A span that was taken, and that the map does not
 * lead to yet, counts already. */
static const char *check_stock(struct mni_stock *stock, size_t counted)
{
    struct check_sum sum = {stock, 0};
    const char *wrong = NULL;

    if (!mni_stock_check(stock))
        wrong = "the records of free and used ranges";
    else if (!mni_stock_walk(stock, check_span, &sum))
        wrong = "the record of a span";
    else if (sum.size > counted)
        wrong = "the bytes of spans in use";
    return wrong;
}

static const char *check_stock_locked(struct mni_stock *stock)
{
    if (!mni_stock_lock(stock))
        return check_interrupted;
    /* What a heap in given memory has is counted without the lock, too. */
    const char *wrong =
        check_stock(stock, stock->fixed ? SIZE_MAX : mn_heap_limit_size(NULL));
    mni_stock_unlock(stock);
    return wrong;
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

/* What is left of slabs whose span another thread returned. */
static bool check_gone(const struct mni_heap *heap)
{
    const struct mni_slab *slab = heap->gone;

    while (slab != NULL && mni_slab_place(slab) == MNI_SLAB_GONE
           && mn_atomic_load_relaxed(&slab->heap) == heap)
        slab = slab->next;
    return slab == NULL;
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
    return check_gone(heap);
}

static const char check_lists_wrong[] = "the lists of a heap";

/* What threads left: nobody changes it without the common lock. */
static const char *check_common(void)
{
    if (!mni_common_lock())
        return check_interrupted;
    bool right = check_lists(&mni_heap_common);
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL && right;
         heap = heap->next)
        for (unsigned class = 0; class < MNI_CLASS_COUNT && right; class ++)
            right = mn_atomic_load_relaxed(&heap->kind) != MNI_HEAP_IDLE
                    || (heap->bins[class].current == NULL
                        && !mni_heap_has_listed(heap, class));
    mni_common_unlock();
    return right ? NULL : check_lists_wrong;
}

/* Of the program's heaps, those that may be looked at from any thread. */
static const char *check_shared(void)
{
    const char *wrong = NULL;

    if (!mni_heaps_lock())
        return check_interrupted;
    for (struct mn_heap *heap = mni_heaps_first();
         heap != NULL && wrong == NULL; heap = heap->next) {
        if (!heap->shared)
            continue;
        if (!mni_lock_enter(&heap->lock)) {
            wrong = check_interrupted;
        } else {
            wrong = check_lists(&heap->heap) ? NULL : check_lists_wrong;
            mni_lock_leave(&heap->lock);
        }
    }
    mni_heaps_unlock();
    return wrong;
}

const char *mni_check_all(void)
{
    const char *wrong = NULL;

    if (!mni_heap_is_busy(mni_heap_self)
        && (!check_lists(mni_heap_self) || !mni_cache_check(mni_heap_self)))
        wrong = check_lists_wrong;
    if (wrong == NULL)
        wrong = check_shared();
    if (wrong == NULL)
        wrong = check_common();
    return wrong != NULL ? wrong : check_stock_locked(&mni_stock);
}

bool mn_heap_check(const struct mn_heap *heap)
{
    return heap == NULL ? mni_check_all() == NULL
                        : check_lists(&heap->heap)
                              && check_stock_locked(heap->stock) == NULL;
}

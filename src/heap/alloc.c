/* SPDX-License-Identifier: MIT */
/* alloc.c -- finding the next word with a free slot.
 *
 * Each step further down costs more and is rarer: another word of the current
 * slab, what other threads returned to it, what they returned to other slabs,
 * a listed slab, one of a thread that ended, a new span.
 */
#include "heap/ages.h"
#include "heap/fast.h"
#include "heap/report.h"

/* Relaxed loads and stores, not additions, which would wait for every store
 * before them: threads may lose each other's counts, of which an estimate is
 * made. */
static void alloc_add(_Atomic uint64_t *counter, uint64_t value)
{
    mn_atomic_store_relaxed(counter, mn_atomic_load_relaxed(counter) + value);
}

/* Sizes asked for whenever a slow path is taken. */
static void alloc_sample(unsigned class, size_t size)
{
    alloc_add(&mni_report_window.sampled[class], 1);
    alloc_add(&mni_report_window.sampled_bytes[class], size);
}

void mni_sample_read(unsigned class, uint64_t *count, uint64_t *bytes)
{
    *count = mn_atomic_load_relaxed(&mni_report_window.sampled[class]);
    *bytes = mn_atomic_load_relaxed(&mni_report_window.sampled_bytes[class]);
}

static _Atomic uint64_t alloc_no_word;

/* Ranges in initializers are an extension of GCC and Clang. */
__extension__ struct mni_heap mni_heap_none = {
    .bins = {[0 ... MNI_CLASS_COUNT - 1] = {.word = &alloc_no_word}},
    .busy = true, /* for ever, so that nobody writes to it */
};

void mni_heap_init(struct mni_heap *heap, struct mni_stock *stock)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++)
        heap->bins[class] = (struct mni_bin){
            .word = &alloc_no_word,
            .slot_size = mni_class_size(class),
        };
    for (size_t i = 0; i < MNI_GRANULES; i++)
        heap->granules[i] = &heap->bins[mni_class_of((i + 1) * MNI_SLOT_UNIT)];
    heap->direct = MNI_DIRECT_MAX;
    heap->slots = MNI_SLOT_MAX;
    mn_atomic_store_relaxed(&heap->pending, NULL);
    mn_atomic_store_relaxed(&heap->drains, 0);
    heap->gone = NULL;
    heap->stock = stock;
    heap->busy = false;
}

static __attribute__((noinline)) struct mni_slab *
alloc_new_slab(struct mni_heap *heap, unsigned class)
{
    struct mni_layout layout = mni_class_layout(class);
    bool zero;
    struct mni_stock_request request = {
        .size = layout.span_size,
        .align = MNI_CELL_SIZE,
        .record_size = mni_ages_record_size(&layout),
        .limit = mni_limit_of(mni_heap_first_class(heap)),
        .slots = layout.slot_size >= MNI_AGES_SLOT_MIN,
    };
    struct mni_slab *slab =
        (struct mni_slab *)mni_stock_take(heap->stock, &request, &zero);

    if (slab == NULL)
        return NULL;
    mn_atomic_store_relaxed(&slab->heap, heap);
    heap->slabs[class].count++;
    mni_slab_init(slab, &layout, class);
    mni_ages_enter(slab);
    mni_stock_map(&slab->span);
    mni_report_tick();
    return slab;
}

/* Go on in the bin's current slab. False if it has nothing, or so little that
 * another slab is the better choice. */
static bool alloc_go_on(struct mni_heap *heap, struct mni_bin *bin)
{
    struct mni_slab *slab = bin->current;
    uint32_t next = (uint32_t)(bin->word - slab->bits) + 1;

    if (mni_bin_use(heap, bin, slab, next))
        return true;
    /* Back to its start only if others returned slots, or nothing else is at
     * hand: what came back since this slab became current is little. */
    bool drained = mni_slab_drain(heap, slab);
    return (drained || !mni_heap_has_listed(heap, slab->class))
           && mni_bin_use(heap, bin, slab, 0);
}

/* Start in a slab that is in the owner's hand. */
static bool alloc_take_up(struct mni_heap *heap, struct mni_bin *bin,
                          struct mni_slab *slab)
{
    if (mni_bin_use(heap, bin, slab, 0))
        return true;
    mni_ages_leave(slab);
    mni_slab_settle(heap, slab);
    return false;
}

static __attribute__((always_inline)) inline bool
alloc_take_up_listed(struct mni_heap *heap, struct mni_bin *bin, unsigned class)
{
    struct mni_slab *slab;

    while ((slab = mni_heap_take_listed(heap, class)) != NULL)
        if (alloc_take_up(heap, bin, slab))
            return true;
    return false;
}

/* Make the bin's word one with a free slot. */
static bool alloc_refill(struct mni_heap *heap, unsigned class)
{
    struct mni_bin *bin = &heap->bins[class];

    if (bin->current != NULL) {
        if (alloc_go_on(heap, bin))
            return true;
        mni_bin_retire(heap, bin);
    }
    if (!mni_heap_has_listed(heap, class))
        (void)mni_heap_drain(heap);
    if (alloc_take_up_listed(heap, bin, class))
        return true;
    /* Perhaps all that was listed had no span any more. */
    if (heap->gone != NULL && mni_heap_drain(heap)
        && alloc_take_up_listed(heap, bin, class))
        return true;
    mni_ages_tick(heap, class);
    struct mni_slab *slab = mni_common_take(heap, class);
    if (slab != NULL && alloc_take_up(heap, bin, slab))
        return true;
    slab = alloc_new_slab(heap, class);
    return slab != NULL && mni_bin_use(heap, bin, slab, 0);
}

/* Tell the program what was noted of limits, and perhaps try again. Who
 * allocates from another heap may hold its lock, and tells later. */
static __attribute__((noinline, cold)) void *
alloc_tell(struct mni_heap *heap, size_t size, void *block)
{
    bool own = mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD;

    return own && mni_limit_tell(block, size) ? mni_alloc_slow(heap, size)
                                              : block;
}

static __attribute__((noinline)) void *alloc_new_large(struct mni_heap *heap,
                                                       size_t size)
{
    bool zero;

    if (heap == &mni_heap_none)
        heap = mni_thread_heap();
    if (heap == &mni_heap_none)
        return mni_common_alloc(size);
    void *block =
        mni_large_new(heap->stock, mni_heap_first_class(heap), size, 1, &zero);
    return MNI_UNLIKELY(mni_limit_noted) ? alloc_tell(heap, size, block)
                                         : block;
}

static __attribute__((noinline)) void *alloc_slot(struct mni_heap *heap,
                                                  size_t size)
{
    if (heap == &mni_heap_none) {
        heap = mni_thread_heap();
        return heap == &mni_heap_none ? mni_common_alloc(size)
                                      : mni_alloc(size);
    }
    /* A signal handler interrupted what changes it. */
    if (mni_heap_is_busy(heap))
        return mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD
                   ? mni_common_alloc(size)
                   : NULL;

    if (mni_heap_first_class(heap) != NULL)
        mni_note_threads();
    unsigned class = mni_class_of(size);
    void *block = NULL;
    mni_heap_begin_busy(heap);
    if (size == 0) /* the fast path refuses it, whatever the bin has */
        block = mni_bin_take(&heap->bins[class]);
    if (block == NULL && alloc_refill(heap, class))
        block = mni_bin_take(&heap->bins[class]);
    mni_heap_end_busy(heap);
    alloc_sample(class, size);
    return MNI_UNLIKELY(mni_limit_noted) ? alloc_tell(heap, size, block)
                                         : block;
}

void *mni_alloc_slow(struct mni_heap *heap, size_t size)
{
    if (size <= MNI_SLOT_MAX)
        return alloc_slot(heap, size);
    void *block = heap == mni_heap_quick ? mni_large_reuse(size) : NULL;
    return block != NULL ? block : alloc_new_large(heap, size);
}

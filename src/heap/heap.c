/* SPDX-License-Identifier: MIT */
/* heap.c -- the public interface of heaps. */
#include <string.h>

#include "base/assert.h"
#include "heap/fast.h"
#include "heap/report.h"
#include "heap/returned.h"
#include "os/os.h"
#include "space/meta.h"

/* ---- the thread's own heap ---- */

static void *heap_alloc_zero(struct mni_heap *heap, struct mn_heap *owner,
                             size_t size)
{
    bool zero = false;
    void *block;

    if (size <= MNI_SLOT_MAX)
        block = mni_alloc_from(heap, size);
    else
        block = mni_large_alloc(heap->stock, owner, size, 1, &zero);
    return block == NULL || zero ? block : memset(block, 0, size);
}

/* The size to ask for, so that its class has slots at multiples of `align`, a
 * power of two; 0 if there is no such class. Above 128 bytes classes are
 * multiples of an eighth of a power of two: if that is no multiple of `align`
 * already, then a multiple of `align` is the size of a class. */
static inline size_t heap_aligned_size(size_t size, size_t align)
{
    if (align > MNI_CELL_SIZE || size > MNI_SLOT_MAX)
        return 0;
    size_t last = size == 0 ? 0 : size - 1;
    size_t rounded = (last | (align - 1)) + 1;
    return rounded <= MNI_SLOT_MAX ? rounded : 0;
}

static void *heap_alloc_aligned(struct mni_heap *heap, struct mn_heap *owner,
                                size_t size, size_t align)
{
    bool zero;

    if (!mni_is_power_of_two(align) || size > PTRDIFF_MAX)
        return NULL;
    size_t slot = heap_aligned_size(size, align);
    return slot != 0 ? mni_alloc_from(heap, slot)
                     : mni_large_alloc(heap->stock, owner, size == 0 ? 1 : size,
                                       align, &zero);
}

void *mn_alloc(size_t size)
{
    return mni_alloc(size);
}

static __attribute__((noinline)) void *heap_alloc_zero_large(size_t size)
{
    bool zero = false;
    void *block;

    do
        block = mni_large_alloc(&mni_stock, NULL, size, 1, &zero);
    while (mni_limit_again(block, size));
    return block == NULL || zero ? block : memset(block, 0, size);
}

void *mn_alloc_zero(size_t size)
{
    if (size > MNI_SLOT_MAX)
        return heap_alloc_zero_large(size);
    void *block = mni_alloc(size);
    return block == NULL ? NULL : memset(block, 0, size);
}

static __attribute__((noinline)) void *heap_alloc_aligned_large(size_t size,
                                                                size_t align)
{
    void *block;
    bool zero;

    do
        block = mni_large_alloc(&mni_stock, NULL, size == 0 ? 1 : size, align,
                                &zero);
    while (mni_limit_again(block, size));
    return block;
}

void *mn_alloc_aligned(size_t size, size_t align)
{
    if (MNI_UNLIKELY(!mni_is_power_of_two(align) || size > PTRDIFF_MAX))
        return NULL;
    size_t slot = heap_aligned_size(size, align);
    return MNI_LIKELY(slot != 0) ? mni_alloc(slot)
                                 : heap_alloc_aligned_large(size, align);
}

void mn_free(void *block)
{
    mni_free(block);
}

static size_t heap_span_usable(const struct mni_span *span)
{
    const struct mni_slab *slab =
        mni_slab_from((struct mn_owner *)(uintptr_t)&span->owner);

    return slab != NULL ? slab->slot_size : span->size;
}

size_t mn_usable_size(const void *block)
{
    return block == NULL
               ? 0
               : heap_span_usable(mni_block_span("usable size", block));
}

void mn_free_sized(void *block, size_t size)
{
    if (block == NULL)
        return;
    if (size > heap_span_usable(mni_block_span("free", block))) {
        struct mn_block found;
        bool known = mn_block_at(block, &found);
        mni_stop_at("free", block, "given size is larger than the block",
                    known ? &found : NULL);
    }
    mni_free(block);
}

/* Whether the block can have the new size where it is. */
static bool heap_resize_in_place(struct mni_span *span, size_t size)
{
    struct mni_large *large = mni_large_from(&span->owner);

    if (large != NULL)
        return size > MNI_GROW_MIN && mni_large_resize(large, size);
    return size <= heap_span_usable(span);
}

bool mn_resize(void *block, size_t size)
{
    return heap_resize_in_place(mni_block_span("resize", block), size);
}

static size_t heap_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A block of `size` bytes with the content of one that has `usable`, which
 * stays. */
static void *heap_copy(const void *block, size_t usable, size_t size)
{
    bool grows =
        size > usable && size > MNI_GROW_MIN && usable >= MNI_GROW_FROM;
    void *copy = grows ? mni_grow_alloc(size) : mn_alloc(size);

    return copy == NULL ? NULL
                        : memcpy(copy, block, heap_smaller(usable, size));
}

/* When mn_realloc cannot just return the block. */
static __attribute__((noinline)) void *heap_realloc_slow(void *block,
                                                         size_t size)
{
    if (block == NULL)
        return mn_alloc(size);
    struct mni_span *span = mni_block_span("realloc", block);
    size_t usable = heap_span_usable(span);
    /* Staying is cheap, but a much smaller block is worth a copy. */
    bool waste = size < usable / 2 && usable > MNI_SLOT_UNIT;
    struct mni_large *large = mni_large_from(&span->owner);
    if (large != NULL && size > usable
            ? mni_grow_in_place(large, size)
            : !(waste && usable <= MNI_SLOT_MAX)
                  && heap_resize_in_place(span, size))
        return block;
    void *moved = heap_copy(block, usable, size);
    if (moved == NULL)
        return size <= usable ? block : NULL;
    mni_free(block);
    return moved;
}

void *mn_realloc(void *block, size_t size)
{
    size_t own = mni_own_size(block);

    return own != 0 && size <= own && size >= own / 2
               ? block
               : heap_realloc_slow(block, size);
}

bool mn_trim(void)
{
    struct mni_heap *self = mni_own_begin_busy();

    if (self != NULL) {
        mni_heap_collect(self);
        mni_own_end_busy(self);
    }
    mni_large_return_deferred();
    (void)mni_cache_age(true);
    if (mni_common_lock()) {
        struct mni_heap *heap = mni_thread_heaps();
        for (; heap != NULL; heap = heap->next)
            if (mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_IDLE)
                (void)mni_heap_drain(heap);
        mni_heap_collect(&mni_heap_common);
        mni_common_unlock();
    }
    bool any = mni_returned_purge(true, true);
    return mni_stock_purge(&mni_stock) || any;
}

/* ---- first-class heaps ---- */

static struct mni_lock heap_list_lock = {.order = MNI_LOCK_HEAPS};
static struct mn_heap *heap_list;

bool mni_heaps_lock(void)
{
    return mni_lock_enter(&heap_list_lock);
}

bool mni_heaps_lock_to_fork(uint32_t orders)
{
    return mni_lock_enter_to_fork(&heap_list_lock, orders);
}

void mni_heaps_unlock_after_fork(void)
{
    mni_lock_leave_after_fork(&heap_list_lock);
}

void mni_heaps_after_fork(void)
{
    (void)mni_lock_after_fork(&heap_list_lock);
}

void mni_heaps_unlock(void)
{
    mni_lock_leave(&heap_list_lock);
}

struct mn_heap *mni_heaps_first(void)
{
    return heap_list;
}

size_t mni_heaps_count(void)
{
    return mn_atomic_load_relaxed(&mni_report_window.own_heaps);
}

size_t mn_heap_memory_min(void)
{
    return mni_round_up(sizeof(struct mn_heap), 64) + mni_stock_fixed_min();
}

/* A heap at the start of memory of its own, and its stock in the rest of it. */
static struct mn_heap *heap_in_place(const struct mn_heap_options *options)
{
    struct mni_place place;

    if (options->memory_size > PTRDIFF_MAX || !mni_place_take(&place, options))
        return NULL;
    uintptr_t address = (uintptr_t)place.start;
    size_t skipped = mni_round_up(address, 64) - address;
    size_t head = mni_round_up(sizeof(struct mn_heap), 64);
    unsigned char *start = place.start + skipped;
    struct mn_heap *heap = (struct mn_heap *)(void *)start;
    memset(heap, 0, sizeof *heap);
    heap->stock = &heap->fixed;
    heap->place = place;
    if (mni_stock_init_fixed(heap->stock, start + head,
                             place.size - skipped - head))
        return heap;
    mni_place_leave(&place);
    return NULL;
}

/* The end of a heap that is in no list. */
static void heap_delete(struct mn_heap *heap)
{
    if (heap->stock == &heap->fixed) {
        struct mni_place place = heap->place;
        mni_stock_finish_fixed(heap->stock);
        mni_place_leave(&place);
    } else {
        mni_meta_delete(heap, sizeof *heap);
    }
}

struct mn_heap *mn_heap_create(const struct mn_heap_options *options)
{
    static const struct mn_heap_options plain;
    struct mn_heap *heap;

    if (options == NULL)
        options = &plain;
    if (options->memory != NULL || options->nodes != 0) {
        heap = heap_in_place(options);
    } else {
        heap = mni_meta_new(sizeof *heap);
        if (heap != NULL)
            heap->stock = &mni_stock;
    }
    if (heap == NULL)
        return NULL;
    if (!mni_heaps_lock()) {
        heap_delete(heap);
        return NULL;
    }
    heap->shared = options->shared;
    heap->lock.order = MNI_LOCK_HEAP;
    heap->limit.heap = heap;
    heap->limit.stock = heap->stock;
    heap->limit.set = options->limits;
    mni_heap_init(&heap->heap, heap->stock);
    mn_atomic_store_release(&heap->heap.kind, MNI_HEAP_OWN);
    heap->next = heap_list;
    if (heap_list != NULL)
        heap_list->prev = heap;
    heap_list = heap;
    (void)mn_atomic_add_relaxed(&mni_report_window.own_heaps, 1);
    mni_heaps_unlock();
    return heap;
}

struct heap_slabs {
    struct mni_heap *heap;
    struct mni_slab *first;
};

static bool heap_find_slab(struct mni_span *span, void *context)
{
    struct heap_slabs *found = context;
    struct mni_slab *slab = mni_slab_from(&span->owner);

    if (slab != NULL && mn_atomic_load_relaxed(&slab->heap) == found->heap) {
        slab->next = found->first;
        found->first = slab;
    }
    return true;
}

static void heap_return_all(struct mn_heap *heap)
{
    struct heap_slabs found = {&heap->heap, NULL};

    while (heap->large != NULL)
        mni_large_free(heap->large);
    if (!mni_stock_lock(heap->stock))
        mni_stop("a heap is destroyed by a signal handler that must not");
    (void)mni_stock_walk(heap->stock, heap_find_slab, &found);
    mni_stock_unlock(heap->stock);
    while (found.first != NULL) {
        struct mni_slab *slab = found.first;
        found.first = slab->next;
        if (!mni_stock_return(&slab->span, NULL))
            mni_stop("a heap is destroyed by a signal handler that must not");
    }
}

void mn_heap_destroy(struct mn_heap *heap)
{
    if (heap == NULL)
        return;
    mni_large_return_deferred(); /* some may be in this heap */
    if (!mni_heaps_lock())
        mni_stop("a heap is destroyed by a signal handler that must not");
    if (heap->prev != NULL)
        heap->prev->next = heap->next;
    else
        heap_list = heap->next;
    if (heap->next != NULL)
        heap->next->prev = heap->prev;
    (void)mn_atomic_add_relaxed(&mni_report_window.own_heaps, SIZE_MAX);
    mni_heaps_unlock();
    if (heap->stock != &heap->fixed)
        heap_return_all(heap);
    heap_delete(heap);
}

static bool heap_enter(struct mn_heap *heap)
{
    return !heap->shared || mni_lock_enter(&heap->lock);
}

static void heap_leave(struct mn_heap *heap)
{
    if (heap->shared)
        mni_lock_leave(&heap->lock);
}

void *mn_heap_alloc(struct mn_heap *heap, size_t size)
{
    void *block;

    if (heap == NULL)
        return mn_alloc(size);
    do {
        if (!heap_enter(heap))
            return NULL;
        block = mni_alloc_from(&heap->heap, size);
        heap_leave(heap);
    } while (mni_limit_again(block, size));
    return block;
}

void *mn_heap_alloc_zero(struct mn_heap *heap, size_t size)
{
    void *block;

    if (heap == NULL)
        return mn_alloc_zero(size);
    do {
        if (!heap_enter(heap))
            return NULL;
        block = heap_alloc_zero(&heap->heap, heap, size);
        heap_leave(heap);
    } while (mni_limit_again(block, size));
    return block;
}

void *mn_heap_alloc_aligned(struct mn_heap *heap, size_t size, size_t align)
{
    void *block;

    if (heap == NULL)
        return mn_alloc_aligned(size, align);
    do {
        if (!heap_enter(heap))
            return NULL;
        block = heap_alloc_aligned(&heap->heap, heap, size, align);
        heap_leave(heap);
    } while (mni_limit_again(block, size));
    return block;
}

/* Whether the block is of this heap; else the program stops. */
static struct mni_span *heap_own_span(const char *operation,
                                      const struct mn_heap *heap,
                                      const void *block)
{
    struct mni_span *span = mni_block_span(operation, block);
    struct mni_slab *slab = mni_slab_from(&span->owner);
    struct mni_large *large = mni_large_from(&span->owner);
    bool own =
        slab != NULL
            ? mn_atomic_load_relaxed(&slab->heap) == &heap->heap
            : large != NULL && mn_atomic_load_relaxed(&large->heap) == heap;

    if (!own) {
        struct mn_block found;
        bool known = mn_block_at(block, &found);
        mni_stop_at(operation, block, "block of another heap",
                    known ? &found : NULL);
    }
    return span;
}

void mn_heap_free(struct mn_heap *heap, void *block)
{
    if (heap == NULL || block == NULL) {
        mni_free(block);
        return;
    }
    struct mni_span *span = heap_own_span("free", heap, block);
    struct mni_slab *slab = mni_slab_from(&span->owner);
    if (slab == NULL || !heap_enter(heap)) {
        mni_free_slow(block);
        return;
    }
    if (mni_heap_is_busy(
            &heap->heap)) /* a signal handler interrupted this heap */
        mni_free_slow(block);
    else
        mni_free_owner(&heap->heap, slab, mni_slab_slot(slab, block).index,
                       block);
    heap_leave(heap);
}

void *mn_heap_realloc(struct mn_heap *heap, void *block, size_t size)
{
    if (heap == NULL)
        return mn_realloc(block, size);
    if (block == NULL)
        return mn_heap_alloc(heap, size);
    struct mni_span *span = heap_own_span("realloc", heap, block);
    if (heap_resize_in_place(span, size))
        return block;
    void *moved = mn_heap_alloc(heap, size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, heap_smaller(heap_span_usable(span), size));
    mn_heap_free(heap, block);
    return moved;
}

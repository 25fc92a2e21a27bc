/* SPDX-License-Identifier: MIT */
/* fast.h -- allocation and release where nothing needs to be looked for. */
#ifndef MNI_FAST_H
#define MNI_FAST_H

#include "base/word.h"
#include "heap/heap.h"

#define MNI_LIKELY(x) __builtin_expect(!!(x), 1)
#define MNI_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Take the lowest free slot of the bin's word, or NULL if there is none.
 * Requires: the heap is busy, so that no signal handler changes the bin. */
static inline __attribute__((always_inline)) void *
mni_bin_take(struct mni_bin *bin)
{
    uint64_t seen;

    if (MNI_UNLIKELY(!mni_slots_take(bin->word, &seen)))
        return NULL;
    void *block = bin->base + mni_word_lowest(seen) * bin->slot_size;
    if (block == NULL)
        __builtin_unreachable(); /* so the caller tests once */
    return block;
}

/* The bin for a size, or NULL where none may be used. A size of 0 wraps, and is
 * for the slow path, as are all of a heap that is aside. */
static inline __attribute__((always_inline)) struct mni_bin *
mni_heap_bin(struct mni_heap *heap, size_t size)
{
    size_t last = size - 1;

    if (MNI_LIKELY(last < heap->direct))
        return heap->granules[last / MNI_SLOT_UNIT];
    if (MNI_LIKELY(last < heap->slots))
        return &heap->bins[mni_class_of_last(last)];
    return NULL;
}

/* Take a slot for the thread, whose heap is not busy. */
static inline __attribute__((always_inline)) void *
mni_quick_take(struct mni_heap *quick, struct mni_bin *bin)
{
    mni_quick_begin_busy();
    void *block = mni_bin_take(bin);
    mni_own_end_busy(quick);
    return block;
}

/* NULL where mni_alloc_slow must be called. */
static inline __attribute__((always_inline)) void *mni_alloc_fast(size_t size)
{
    struct mni_heap *quick = mni_heap_quick;
    size_t last = size - 1;

    if (MNI_LIKELY(last < quick->direct))
        return mni_quick_take(quick, quick->granules[last / MNI_SLOT_UNIT]);
    if (MNI_LIKELY(last < quick->slots))
        return mni_quick_take(quick, &quick->bins[mni_class_of_last(last)]);
    return NULL;
}

/* The same at a multiple of `align`, a power of two, for what the table leads
 * to: a size rounded up to a multiple of it is, up to 1 KiB, that of a class
 * whose slots are multiples of it, too. */
static inline __attribute__((always_inline)) void *
mni_alloc_aligned_fast(size_t size, size_t align)
{
    struct mni_heap *quick = mni_heap_quick;
    size_t last = (size - 1) | (align - 1);

    if (MNI_LIKELY(last < quick->direct))
        return mni_quick_take(quick, quick->granules[last / MNI_SLOT_UNIT]);
    return NULL;
}

static inline __attribute__((always_inline)) void *mni_alloc(size_t size)
{
    void *block = mni_alloc_fast(size);

    return MNI_LIKELY(block != NULL) ? block
                                     : mni_alloc_slow(mni_heap_self, size);
}

/* From a heap that is not the thread's own, and may be busy. */
static inline void *mni_alloc_from(struct mni_heap *heap, size_t size)
{
    struct mni_bin *bin = heap->busy ? NULL : mni_heap_bin(heap, size);
    void *block = NULL;

    if (MNI_LIKELY(bin != NULL)) {
        heap->busy = true;
        mn_atomic_signal_fence();
        block = mni_bin_take(bin);
        mn_atomic_signal_fence();
        heap->busy = false;
    }
    return MNI_LIKELY(block != NULL) ? block : mni_alloc_slow(heap, size);
}

/* The slot size if `block` is out and in a slab that this thread allocates
 * from; 0 for the slow paths to find out. */
static inline size_t mni_own_size(const void *block)
{
    struct mn_owner *owner = mni_map_get(block);

    if (owner == NULL || !mn_atomic_is_plain(&owner->trusted, mni_heap_quick))
        return 0;
    struct mni_slab *slab = mni_slab_cast(owner);
    struct mni_slot slot = mni_slab_slot(slab, block);
    uint64_t with;
    if (slot.fraction >= slab->reciprocal || slot.index >= slab->slot_count
        || mni_word_has(mn_atomic_load_relaxed(mni_slab_word(slab, slot.index)),
                        slot.index, &with))
        return 0;
    return slab->slot_size;
}

/* Return `block` to a slab of this thread, if it is the start of a slot that
 * is out; everything else is for the slow path. */
static inline __attribute__((always_inline)) void mni_free(void *block)
{
    struct mn_owner *owner = mni_map_find(block);

    if (MNI_UNLIKELY(owner == NULL))
        goto slow;
    struct mni_heap *quick = mni_heap_quick;
    if (MNI_UNLIKELY(!mn_atomic_is_plain(&owner->trusted, quick))) {
        mni_free_untrusted(block, owner);
        return;
    }
    struct mni_slab *slab = mni_slab_cast(owner);
    struct mni_slot slot = mni_slab_slot(slab, block);
    if (MNI_UNLIKELY(slot.fraction >= slab->reciprocal))
        goto slow;
    uint64_t next;
    mni_quick_begin_busy();
    if (MNI_UNLIKELY(!mni_slab_return_owner(slab, slot.index, &next))) {
        mni_own_end_busy(quick);
        goto slow;
    }
    if (MNI_UNLIKELY(next > slab->trigger)) {
        mni_free_emptied(quick, slab);
        return;
    }
    mni_own_end_busy(quick);
    return;
slow:
    mni_free_slow(block);
}

#endif

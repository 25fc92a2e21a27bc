/* SPDX-License-Identifier: MIT */
/* fast.h -- allocation and release where nothing needs to be looked for. */
#ifndef MNI_FAST_H
#define MNI_FAST_H

#include "base/word.h"
#include "heap/heap.h"

#define MNI_LIKELY(x) __builtin_expect(!!(x), 1)
#define MNI_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Take the lowest free slot of the bin's word, or NULL if there is none. */
static inline __attribute__((always_inline)) void *
mni_bin_take(struct mni_bin *bin)
{
    _Atomic uint64_t *word = bin->word;
    uint64_t seen = mn_atomic_load_relaxed(word);

    while (MNI_LIKELY(seen != 0)) {
        uint64_t index = mni_lowest_bit(seen);
        if (MNI_LIKELY(mni_word_change(word, &seen, seen & (seen - 1)))) {
            void *block = bin->base + index * bin->slot_size;
            if (block == NULL)
                __builtin_unreachable(); /* so the caller tests once */
            return block;
        }
    }
    return NULL;
}

/* NULL where mni_alloc_slow must be called. */
static inline __attribute__((always_inline)) void *
mni_alloc_fast(struct mni_heap *heap, size_t size)
{
    /* A size that wraps here is large, and not looked up. */
    size_t granule = (size + (MNI_SLOT_UNIT - 1)) / MNI_SLOT_UNIT;

    if (MNI_LIKELY(size <= MNI_DIRECT_MAX))
        return mni_bin_take(heap->granules[granule]);
    if (MNI_LIKELY(size <= MNI_SLOT_MAX))
        return mni_bin_take(&heap->bins[mni_class_of(size)]);
    return NULL;
}

static inline __attribute__((always_inline)) void *
mni_alloc(struct mni_heap *heap, size_t size)
{
    void *block = mni_alloc_fast(heap, size);

    return MNI_LIKELY(block != NULL) ? block : mni_alloc_slow(heap, size);
}

/* Return `block` to a slab of this thread, if it is the start of a slot that
 * is out; everything else is for the slow path. */
static inline __attribute__((always_inline)) void mni_free(void *block)
{
    struct mn_owner *owner = mni_map_get(block);

    if (MNI_UNLIKELY(owner == NULL))
        goto slow;
    if (MNI_UNLIKELY(mn_atomic_load_plain(&owner->trusted) != mni_heap_self))
        goto slow;
    struct mni_slab *slab = mni_slab_cast(owner);
    struct mni_slot slot = mni_slab_slot(slab, block);
    if (MNI_UNLIKELY(slot.fraction >= slab->reciprocal))
        goto slow;
    _Atomic uint64_t *word = mni_slab_word(slab, slot.index);
    uint64_t seen = mn_atomic_load_relaxed(word);
    uint64_t next;
    do {
        next = seen | UINT64_C(1) << slot.index % 64;
        if (MNI_UNLIKELY(next == seen))
            goto slow;
    } while (MNI_UNLIKELY(!mni_word_change(word, &seen, next)));
    if (MNI_UNLIKELY(next == slab->trigger))
        mni_free_emptied(slab);
    return;
slow:
    mni_free_slow(block);
}

#endif

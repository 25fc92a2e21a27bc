/* SPDX-License-Identifier: MIT */
/* hint.c -- whether a block is better moved, so that its span empties.
 *
 * A slab is sparse if less of it is out than of the average slab of its class
 * and heap. How much is out is known of the listed slabs as they were when
 * they were last looked at. So each question looks at the slab that it is
 * about, and at one more that is said to be nearly full: who asks about all
 * blocks has looked at all slabs.
 */
#include "heap/heap.h"

static bool hint_is_sparse(struct mni_heap *heap, struct mni_slab *slab)
{
    const struct mni_slabs *slabs = &heap->slabs[slab->class];
    struct mni_slab *brim = slabs->first[MNI_RANK_BRIM];

    /* Not the current one: what moves would land in it again. */
    if (mni_slab_place(slab) != MNI_SLAB_LISTED)
        return false;
    mni_slab_look(heap, slab);
    if (brim != NULL && brim != slab)
        mni_slab_look(heap, brim);
    size_t used = slab->slot_count - mni_slab_free_count_any(slab);
    size_t out = (size_t)slabs->count * slab->slot_count - slabs->free_count;
    /* Where hardly anything is free a move would gain nothing, though all
     * slabs may be as full. */
    return 8 * used < 7 * (size_t)slab->slot_count
           && used * slabs->count <= out + out / 8;
}

/* In a heap of the program. */
static bool hint_first_class(struct mn_heap *heap, struct mni_slab *slab)
{
    if (heap->shared && !mni_lock_enter(&heap->lock))
        return false;
    bool sparse = false;
    if (!mni_heap_is_busy(&heap->heap)) {
        mni_heap_begin_busy(&heap->heap);
        sparse = hint_is_sparse(&heap->heap, slab);
        mni_heap_end_busy(&heap->heap);
    }
    if (heap->shared)
        mni_lock_leave(&heap->lock);
    return sparse;
}

/* In the calling thread's heap, or one of a thread that has ended: then the
 * slab becomes the caller's, as when a block of it is released. */
static bool hint_own(struct mni_slab *slab)
{
    struct mni_heap *self = mni_heap_self;
    struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    uint32_t kind = mn_atomic_load_relaxed(&heap->kind);
    bool ended = kind == MNI_HEAP_COMMON || kind == MNI_HEAP_IDLE;

    if (mni_heap_is_busy(self) || (heap != self && !ended))
        return false;
    mni_heap_begin_busy(self);
    bool sparse = (heap == self || mni_common_adopt(self, slab))
                  && hint_is_sparse(self, slab);
    mni_heap_end_busy(self);
    return sparse;
}

bool mn_should_move(const void *block)
{
    if (block == NULL)
        return false;
    struct mni_span *span = mni_block_span("question about a move", block);
    struct mni_slab *slab = mni_slab_from(&span->owner);
    if (slab == NULL)
        return false;
    struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    return mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_OWN
               ? hint_first_class((struct mn_heap *)heap, slab)
               : hint_own(slab);
}

/* SPDX-License-Identifier: MIT */
/* free.c -- every release that is not plain.
 *
 * Here come the first release to a full slab, releases by other threads and to
 * other heaps, large blocks, releases out of a signal handler, and misuse.
 */
#include "base/assert.h"
#include "base/word.h"
#include "heap/heap.h"

void mni_stop_bad_block(const char *operation, const void *block)
{
    struct mn_block found;
    const char *what = "foreign address";

    if (!mn_block_at(block, &found))
        mni_stop_at(operation, block, what, NULL);
    if (found.state == MN_FREE)
        what = "block is already free";
    else if (found.state == MN_RESERVED)
        what = "address was never handed out";
    else if (found.start != block)
        what = "pointer into a block";
    mni_stop_at(operation, block, what, &found);
}

struct mni_span *mni_block_span(const char *operation, const void *block)
{
    struct mn_owner *owner = mni_map_ground(block);
    struct mni_slab *slab = mni_slab_from(owner);
    struct mni_large *large = mni_large_from(owner);

    if (slab != NULL) {
        struct mni_slot slot = mni_slab_slot(slab, block);
        if (slot.fraction < slab->reciprocal && slot.index < slab->slot_count
            && !mni_slab_is_free_any(slab, slot.index))
            return &slab->span;
    }
    if (large != NULL && large->span.start == block
        && mn_atomic_load_relaxed(&large->span.kind) == MNI_SPAN_LARGE)
        return &large->span;
    mni_stop_bad_block(operation, block);
}

/* Another thread's, or another heap's. */
static inline void free_remote(const void *block, struct mni_slab *slab,
                               uint64_t index)
{
    uint64_t seen;

    mni_note_threads();
    enum mni_returned returned = mni_slab_return_any(slab, index, &seen);
    if (returned == MNI_RETURNED_TWICE)
        mni_stop_bad_block("free", block);
    if (returned == MNI_RETURNED_FIRST)
        mni_slab_tell(slab);
}

/* Another thread's, in a slab whose slots have one word: what that was tells
 * whether the slab is empty, and its span is worth returning at once. */
static __attribute__((noinline)) void
free_remote_few(const void *block, struct mni_slab *slab, uint64_t index)
{
    uint64_t full = mni_slab_full_word(slab);
    uint64_t seen;

    mni_note_threads();
    enum mni_returned returned = mni_slab_return_any(slab, index, &seen);
    if (returned == MNI_RETURNED_TWICE)
        mni_stop_bad_block("free", block);
    /* Who is not first may find another slab here by now, which does no harm:
     * it is looked at under a lock. */
    if (seen == full)
        mni_gone_return(slab, block);
    if (returned == MNI_RETURNED_FIRST)
        mni_slab_tell(slab);
}

void mni_free_owner(struct mni_heap *heap, struct mni_slab *slab,
                    uint64_t index, const void *block)
{
    uint64_t next;

    mni_heap_begin_busy(heap);
    if (!mni_slab_return_owner(slab, index, &next))
        mni_stop_bad_block("free", block);
    mni_slab_list_again(heap, slab);
    mni_slab_release_if_empty(heap, slab);
    mni_heap_end_busy(heap);
}

/* In a slab of fewer than 64 slots, the fast path can set the bit of a slot
 * that would begin in the tail. Take it back and stop. */
static void free_check_tail(struct mni_slab *slab)
{
    uint64_t seen = mn_atomic_load_relaxed(&slab->bits[0]);
    uint64_t tail = seen & ~mni_slab_full_word(slab);

    if (tail == 0)
        return;
    uint64_t index = mni_lowest_bit(tail);
    mn_atomic_store_relaxed(&slab->bits[0], seen & ~tail);
    mni_stop_bad_block("free", slab->span.start + index * slab->slot_size);
}

void mni_free_emptied(struct mni_heap *heap, struct mni_slab *slab)
{
    free_check_tail(slab);
    /* It is full if a handler used it up just before the heap was busy. */
    mni_slab_list_again(heap, slab);
    mni_slab_release_if_empty(heap, slab);
    mni_own_end_busy(heap);
}

/* The slab is of a heap without a thread: if it can become this heap's, the
 * releases that follow take the fast path. */
static __attribute__((noinline)) void free_adopt(struct mni_heap *self,
                                                 struct mni_slab *slab,
                                                 uint64_t index,
                                                 const void *block)
{
    mni_heap_begin_busy(self);
    bool adopted = mni_common_adopt(self, slab);
    mni_heap_end_busy(self);
    if (adopted)
        mni_free_owner(self, slab, index, block);
    else
        free_remote(block, slab, index);
}

/* The calls are the last thing that each path does, so that none of them has
 * registers to save. */
static inline void free_slot(const void *block, struct mni_slab *slab)
{
    struct mni_slot slot = mni_slab_slot(slab, block);
    if (slot.fraction >= slab->reciprocal || slot.index >= slab->slot_count)
        mni_stop_bad_block("free", block);

    struct mni_heap *self = mni_heap_quick; /* it is, if it is not busy */
    struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    uint32_t kind = mn_atomic_load_relaxed(&heap->kind);
    bool ended = kind == MNI_HEAP_COMMON || kind == MNI_HEAP_IDLE;
    if (heap == self)
        mni_free_owner(self, slab, slot.index, block);
    else if (ended && self->direct != 0) /* unlike heaps of no thread */
        free_adopt(self, slab, slot.index, block);
    else if (slab->word_count == 1 && kind != MNI_HEAP_OWN)
        free_remote_few(block, slab, slot.index);
    else
        free_remote(block, slab, slot.index);
}

/* Nothing by the map's first answer: a block in whose cell something is
 * published, no block at all, or misuse. */
static __attribute__((noinline)) void free_other(void *block)
{
    if (block == NULL)
        return;
    struct mn_owner *owner = mni_map_ground(block);
    struct mni_large *large = mni_large_from(owner);
    struct mni_slab *slab = mni_slab_from(owner);

    if (slab != NULL)
        free_slot(block, slab);
    else if (large != NULL && large->span.start == block)
        mni_large_free(large);
    else
        mni_stop_bad_block("free", block);
}

void mni_free_untrusted(void *block, struct mn_owner *owner)
{
    if (owner == NULL)
        __builtin_unreachable();
    struct mni_slab *slab = mni_slab_from(owner);
    struct mni_large *large = mni_large_from(owner);
    if (__builtin_expect(slab != NULL, 1))
        free_slot(block, slab);
    else if (large != NULL && large->span.start == block)
        mni_large_free(large);
    else
        free_other(block);
}

void mni_free_slow(void *block)
{
    struct mn_owner *owner = mni_map_get(block);

    if (owner == NULL)
        free_other(block);
    else
        mni_free_untrusted(block, owner);
}

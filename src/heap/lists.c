/* SPDX-License-Identifier: MIT */
/* lists.c -- which slab of a heap is where: current, listed or full.
 *
 * A slab's owner trusts the heap while the slab is current or listed, so that
 * releases take the fast path. A full slab trusts nobody: the first release
 * takes the slow path, which lists it again.
 *
 * Lists are queues: a slab that was full a moment ago goes to the end, and by
 * its turn more of its slots have come back. Taken up at once, it would be
 * full again after one allocation.
 */
#include "base/assert.h"
#include "base/word.h"
#include "heap/heap.h"

static void lists_place(struct mni_slab *slab, enum mni_slab_place place,
                        struct mni_heap *trusted, uint64_t trigger)
{
    mn_atomic_store_relaxed(&slab->place, place);
    slab->trigger = trigger;
    mn_atomic_store_plain(&slab->span.owner.trusted, trusted);
}

static void lists_count_common(const struct mni_heap *heap,
                               const struct mni_slab *slab, uint32_t change)
{
    if (heap == &mni_heap_common)
        (void)mn_atomic_add_relaxed(&mni_common_listed[slab->class], change);
}

/* Put a slab with a free slot at the end of its queue. */
static void lists_append(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_bin *bin = &heap->bins[slab->class];

    slab->next = NULL;
    slab->prev = bin->last;
    if (bin->last != NULL)
        bin->last->next = slab;
    else
        bin->listed = slab;
    bin->last = slab;
    lists_count_common(heap, slab, 1);
    lists_place(slab, MNI_SLAB_LISTED, heap, mni_slab_full_word(slab) - 1);
}

void mni_slab_settle(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mni_slab_find_owner(slab, 0) != slab->word_count)
        lists_append(heap, slab);
    else
        lists_place(slab, MNI_SLAB_FULL, NULL, 0);
}

void mni_slab_list_again(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mn_atomic_load_relaxed(&slab->place) == MNI_SLAB_FULL)
        lists_append(heap, slab);
}

void mni_slab_unlist(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_bin *bin = &heap->bins[slab->class];

    MN_ASSERT(mn_atomic_load_relaxed(&slab->place) == MNI_SLAB_LISTED);
    if (slab->prev != NULL)
        slab->prev->next = slab->next;
    else
        bin->listed = slab->next;
    if (slab->next != NULL)
        slab->next->prev = slab->prev;
    else
        bin->last = slab->prev;
    lists_count_common(heap, slab, UINT32_MAX);
    lists_place(slab, MNI_SLAB_FULL, NULL, 0);
}

bool mni_bin_use(struct mni_heap *heap, struct mni_bin *bin,
                 struct mni_slab *slab, uint32_t from)
{
    uint32_t word = mni_slab_find_owner(slab, from);

    if (word == slab->word_count)
        return false;
    bin->word = &slab->bits[word];
    bin->base = slab->span.start + (size_t)word * 64 * slab->slot_size;
    bin->current = slab;
    /* It may be empty now and then; only a slot that is not there is above. */
    lists_place(slab, MNI_SLAB_CURRENT, heap, mni_slab_full_word(slab));
    return true;
}

void mni_bin_retire(struct mni_heap *heap, struct mni_bin *bin)
{
    struct mni_slab *slab = bin->current;

    bin->word = mni_heap_none.bins[0].word;
    bin->current = NULL;
    mni_slab_settle(heap, slab);
}

void mni_slab_release_if_empty(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mn_atomic_load_relaxed(&slab->place) != MNI_SLAB_LISTED
        || !mni_slab_is_empty_owner(slab) || !mni_slab_is_quiet_owner(slab))
        return;
    mni_slab_unlist(heap, slab);
    if (!mni_stock_return(&slab->span))
        mni_slab_settle(heap, slab);
}

/* ---- what other threads returned ---- */

static void lists_push_pending(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_slab *first = mn_atomic_load_relaxed(&heap->pending);

    do
        slab->pending_next = first;
    /* Release: pairs with the acquire in mni_heap_drain. */
    while (!mn_atomic_cas_release(&heap->pending, &first, slab));
}

/* Requires: this very thread holds the common lock, and so drains the common
 * heap before it leaves. Let it find there what an idle heap was told. */
static void lists_pass_to_common(struct mni_heap *idle)
{
    /* Acquire: pairs with the release in lists_push_pending. */
    struct mni_slab *slab = mn_atomic_exchange_acquire(&idle->pending, NULL);

    while (slab != NULL) {
        struct mni_slab *next = slab->pending_next;
        lists_push_pending(&mni_heap_common, slab);
        slab = next;
    }
}

/* Nobody drains an idle heap or the common one unless it is asked to. */
static void lists_help(struct mni_heap *heap)
{
    uint32_t kind = mn_atomic_load_acquire(&heap->kind);

    if (kind != MNI_HEAP_IDLE && kind != MNI_HEAP_COMMON)
        return;
    if (!mni_common_lock()) {
        if (kind == MNI_HEAP_IDLE)
            lists_pass_to_common(heap);
        return;
    }
    kind = mn_atomic_load_acquire(&heap->kind);
    if (kind == MNI_HEAP_IDLE || kind == MNI_HEAP_COMMON)
        (void)mni_heap_drain(heap);
    mni_common_unlock();
}

void mni_slab_tell(struct mni_slab *slab)
{
    /* Acquire: pairs with the release of whoever gave the slab a heap. */
    struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    bool pushed = mn_atomic_exchange_acq_rel(&slab->pending, 1) == 0;

    if (pushed)
        lists_push_pending(heap, slab);
    /* Release: pairs with the acquire in mni_slab_is_quiet_owner. It is the
     * last access to the slab. */
    (void)mn_atomic_add_release(&slab->told, 1);
    /* The heap becomes idle before it drains for the last time, and we push
     * before we look whether it is idle: one of us sees the other. */
    mn_atomic_fence();
    if (pushed)
        lists_help(heap);
}

/* Take one slab in that was pending, for the heap that owns it now. */
static bool lists_take_in(struct mni_heap *heap, struct mni_slab *slab)
{
    /* Acquire and release: the bits set before others saw a 1 here are seen
     * below, and later ones are told anew. */
    (void)mn_atomic_exchange_acq_rel(&slab->pending, 0);
    bool any = mni_slab_drain_owner(slab);
    uint32_t place = mn_atomic_load_relaxed(&slab->place);
    if (place == MNI_SLAB_CURRENT)
        return any;
    if (place == MNI_SLAB_FULL) {
        mni_slab_settle(heap, slab);
        place = mn_atomic_load_relaxed(&slab->place);
    }
    if (place == MNI_SLAB_LISTED)
        mni_slab_release_if_empty(heap, slab);
    return any;
}

static uint32_t lists_kind(const struct mni_heap *heap)
{
    return mn_atomic_load_acquire(&heap->kind);
}

/* Take in, or pass on, one slab that was found pending at `heap`. */
static bool lists_receive(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_heap *owner = mn_atomic_load_acquire(&slab->heap);
    bool common = lists_kind(heap) == MNI_HEAP_IDLE
                  || lists_kind(heap) == MNI_HEAP_COMMON;

    if (owner == heap && lists_kind(heap) != MNI_HEAP_IDLE)
        return lists_take_in(heap, slab);
    /* With the common lock, what is idle stays idle. The slab was full when
     * its thread ended, or it has moved since. */
    if (common
        && (owner == &mni_heap_common || lists_kind(owner) == MNI_HEAP_IDLE)) {
        mn_atomic_store_release(&slab->heap, &mni_heap_common);
        return lists_take_in(&mni_heap_common, slab);
    }
    /* Whoever told the heap did not know that the slab has moved. */
    lists_push_pending(owner, slab);
    mn_atomic_fence();
    lists_help(owner);
    return false;
}

bool mni_heap_drain(struct mni_heap *heap)
{
    bool any = false;

    if (mn_atomic_load_relaxed(&heap->pending) == NULL)
        return false;
    /* Acquire: pairs with the release in lists_push_pending. */
    struct mni_slab *slab = mn_atomic_exchange_acquire(&heap->pending, NULL);
    while (slab != NULL) {
        struct mni_slab *next = slab->pending_next;
        any |= lists_receive(heap, slab);
        slab = next;
    }
    return any;
}

void mni_heap_collect(struct mni_heap *heap)
{
    (void)mni_heap_drain(heap);
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_bin *bin = &heap->bins[class];
        if (bin->current != NULL) {
            (void)mni_slab_drain_owner(bin->current);
            mni_bin_retire(heap, bin);
        }
        struct mni_slab *slab = bin->listed;
        while (slab != NULL) {
            struct mni_slab *next = slab->next;
            (void)mni_slab_drain_owner(slab);
            mni_slab_release_if_empty(heap, slab);
            slab = next;
        }
    }
}

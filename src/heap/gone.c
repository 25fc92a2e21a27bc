/* SPDX-License-Identifier: MIT */
/* gone.c -- slabs that a thread emptied which does not own them.
 *
 * What others return waits until the owner needs slots of that class. If it
 * sleeps, whole spans wait with it, while those that run take new ones. So who
 * returns the last slot that is out of a slab returns its span, too, unless
 * the owner allocates from it.
 *
 * The owner keeps the record: it is on its lists, and the owner may be about
 * to touch it. A bit in `place` says that the span is gone. The owner picks up
 * a slab by changing the same word, so one of the two is too late; and since
 * each place has another number, whoever looked at the bits, and was overtaken
 * by an owner that had the slab in hand meanwhile, is too late as well.
 *
 * All this happens under the stock's lock, and so does the end of the record.
 */
#include "heap/heap.h"

/* The free slots of word `i`. Not one that somebody is just moving. */
static uint64_t gone_free_word(struct mni_slab *slab, uint32_t i)
{
    /* Acquire: pairs with the releases by which a slot becomes free, so that
     * its last user is done with it before the span has the next one. */
    uint64_t remote =
        mn_atomic_load_acquire(mni_slab_remote(slab, (uint64_t)i * 64));

    return remote
           | mn_atomic_load_acquire(mni_slab_word(slab, (uint64_t)i * 64));
}

/* Whether no slot is out. */
static bool gone_is_empty(struct mni_slab *slab)
{
    uint64_t full = mni_slab_full_word(slab);

    for (uint32_t i = 0; i < slab->word_count; i++)
        if (gone_free_word(slab, i) != full)
            return false;
    return true;
}

/* Requires: the stock's lock. */
static bool gone_claim(struct mni_slab *slab)
{
    /* Acquire: pairs with the release in lists_place. While the slab stays
     * there its owner frees slots and takes none, so what looks free below is
     * free if the word has not changed. */
    uint64_t seen = mn_atomic_load_acquire(&slab->place);
    uint64_t at = seen % (1 << MNI_SLAB_PLACE_BITS);

    if ((at != MNI_SLAB_LISTED && at != MNI_SLAB_FULL)
        || (seen & MNI_SLAB_CLAIMED) != 0 || !gone_is_empty(slab))
        return false;
    return mn_atomic_cas_strong_acquire(&slab->place, &seen,
                                        seen | MNI_SLAB_CLAIMED);
}

/* The slab is looked at only if the map leads to it: then the lock keeps its
 * record, whoever has emptied it since. Slabs of first-class heaps have limits,
 * and end with their heap. */
void mni_gone_return(struct mni_slab *slab, const void *block)
{
    if (!mni_stock_lock(&mni_stock))
        return;
    bool mine =
        mni_slab_from(mni_map_get(block)) == slab
        && mni_heap_first_class(mn_atomic_load_acquire(&slab->heap)) == NULL
        && gone_claim(slab);
    if (mine)
        mni_stock_return_cells(&slab->span);
    uint64_t looked = mni_stock.looked;
    mni_stock_unlock(&mni_stock);
    if (mine)
        mni_cache_tick(looked);
}

/* ---- what the owner does with the records ---- */

void mni_gone_put_away(struct mni_heap *heap, struct mni_slab *slab)
{
    mni_slab_give(slab, heap);
    heap->slabs[slab->class].count--;
    mn_atomic_store_relaxed(&slab->place, MNI_SLAB_GONE);
    slab->next = heap->gone;
    heap->gone = slab;
}

void mni_gone_delete(struct mni_heap *heap)
{
    struct mni_slab **link = &heap->gone;

    if (heap->gone == NULL || !mni_stock_lock(&mni_stock))
        return;
    while (*link != NULL) {
        struct mni_slab *slab = *link;
        /* Count what was returned and not taken in yet. */
        (void)mni_slab_drain_owner(slab);
        if (mni_slab_is_quiet_owner(slab)) {
            *link = slab->next;
            mni_stock_delete_record(&slab->span);
        } else {
            link = &slab->next;
        }
    }
    mni_stock_unlock(&mni_stock);
}

void mni_gone_hand_over(struct mni_heap *from, struct mni_heap *heap)
{
    while (from->gone != NULL) {
        struct mni_slab *slab = from->gone;
        from->gone = slab->next;
        /* Whoever is told of it late leaves it to those with the lock. */
        mni_slab_give(slab, heap);
        slab->next = heap->gone;
        heap->gone = slab;
    }
}

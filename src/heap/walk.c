/* SPDX-License-Identifier: MIT */
/* walk.c -- visiting every block that is out, while threads run.
 *
 * One span after the other is copied under the stock's lock, and its blocks
 * are visited when the lock is free again: the visitor may do anything. The
 * lock keeps the record of a mapped span: who gives it back needs the lock.
 * Afterwards only the copy and an address are left, and the walk goes on
 * behind that address, so no block is visited twice.
 *
 * A slot is out if neither array of bits has it. While the owner moves what
 * others returned, it is in neither for a moment; a drain is counted before
 * and after, and a copy between the two is made again.
 */
#include "base/assert.h"
#include "heap/heap.h"

/* How often a copy is made again. A thread that drains waits for nobody, so
 * one that is still at it is interrupted: by its own signal handler, perhaps
 * the very one that walks. */
enum { WALK_TRIES = 1 << 20 };

struct walk {
    const struct mn_heap *heap; /* NULL for all */
    struct mni_stock *stock;
    struct mni_stock_place place;
    mn_block_fn visit;
    void *context;

    /* The copy. */
    unsigned char *start;
    size_t block_size;
    uint32_t block_count;
    uint64_t free[MNI_SLAB_WORDS];
};

enum walk_copied { WALK_NONE, WALK_COPIED, WALK_DISTURBED };

/* Copy the bits of a slab as they are at one moment, or at moments so close
 * that nothing was on its way between the arrays. */
static enum walk_copied walk_copy_slab(struct walk *walk,
                                       const struct mni_slab *slab)
{
    /* Acquire: pairs with the release in mni_slab_give; likewise the count
     * with that in mni_slab_drain: what was drained before is seen. */
    const struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    uint32_t drains = mn_atomic_load_acquire(&heap->drains);

    if (walk->heap != NULL && heap != &walk->heap->heap)
        return WALK_NONE;
    for (uint32_t i = 0; i < slab->word_count; i++)
        walk->free[i] = mni_slab_free_word_any(slab, i);
    /* Keeps the loads below after those above. Who has seen a word emptied by
     * a drain sees that this drain was counted, and in which heap. */
    mn_atomic_fence();
    if (drains % 2 != 0 || mn_atomic_load_relaxed(&heap->drains) != drains
        || mn_atomic_load_relaxed(&slab->heap) != heap)
        return WALK_DISTURBED;
    walk->start = slab->span.start;
    walk->block_size = slab->slot_size;
    walk->block_count = slab->slot_count;
    return WALK_COPIED;
}

static enum walk_copied walk_copy_large(struct walk *walk,
                                        const struct mni_large *large)
{
    if (mn_atomic_load_acquire(&large->span.kind) != MNI_SPAN_LARGE
        || (walk->heap != NULL
            && mn_atomic_load_relaxed(&large->heap) != walk->heap))
        return WALK_NONE;
    walk->start = large->span.start;
    walk->block_size = large->span.size;
    walk->block_count = 1;
    walk->free[0] = 0;
    return WALK_COPIED;
}

/* Copy the next span. Requires: the lock. */
static enum walk_copied walk_copy(struct walk *walk)
{
    struct mni_span *span = mni_stock_next(walk->stock, &walk->place);

    if (span == NULL)
        return WALK_NONE;
    struct mni_slab *slab = mni_slab_from(&span->owner);
    struct mni_large *large = mni_large_from(&span->owner);
    enum walk_copied copied = slab != NULL    ? walk_copy_slab(walk, slab)
                              : large != NULL ? walk_copy_large(walk, large)
                                              : WALK_NONE;
    if (copied != WALK_DISTURBED)
        walk->place.offset += span->size;
    return copied;
}

static bool walk_visit(const struct walk *walk)
{
    for (uint32_t i = 0; i < walk->block_count; i++) {
        struct mn_block block = {.start = walk->start + i * walk->block_size,
                                 .size = walk->block_size,
                                 .perm = MN_PERM_RW,
                                 .state = MN_ALLOCATED};
        if ((walk->free[i / 64] >> i % 64 & 1) == 0
            && !walk->visit(&block, walk->context))
            return false;
    }
    return true;
}

bool mn_heap_walk(const struct mn_heap *heap, mn_block_fn visit, void *context)
{
    struct walk walk = {
        .heap = heap,
        .stock = heap == NULL ? &mni_stock : heap->stock,
        .visit = visit,
        .context = context,
    };
    int tries = 0;

    while (!walk.place.end) {
        if (!mni_stock_lock(walk.stock))
            return false;
        enum walk_copied copied = walk_copy(&walk);
        mni_stock_unlock(walk.stock);
        if (copied == WALK_DISTURBED && ++tries == WALK_TRIES)
            return false;
        if (copied != WALK_COPIED)
            continue;
        tries = 0;
        if (!walk_visit(&walk))
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: MIT */
/* sweep.c -- making room of what died.
 *
 * Pages without a marked object are free at once; others queue for allocation,
 * which finds the room between the marks.
 */
#include "gc/gc.h"

enum { SWEEP_ROOM_PART = 8 }; /* of the slots are free where it is worth it */

#define SWEEP_BYTES (SIZE_MAX / UINT8_MAX) /* the byte 1, in each place */

/* Clear marks that are not of the last epoch. */
static void sweep_marks(struct mni_gc *gc, uint32_t page)
{
    unsigned char *marks = mni_gc_page_marks(gc, page);
    size_t count = mni_gc_page_size(gc) / MN_GC_GRANULE;
    size_t epoch = gc->epoch * SWEEP_BYTES;

    for (size_t i = 0; i < count; i += sizeof(size_t)) {
        size_t word;
        __builtin_memcpy(&word, marks + i, sizeof word);
        /* A byte of `other` is 0 to 3: adding 0x7f sets the high bit if it is
         * not 0, and carries nothing. */
        size_t other = (word & MNI_GC_EPOCH * SWEEP_BYTES) ^ epoch;
        other = (other + 0x7f * SWEEP_BYTES) & 0x80 * SWEEP_BYTES;
        word &= ~((other >> 7) * UINT8_MAX);
        __builtin_memcpy(marks + i, &word, sizeof word);
    }
}

static void sweep_queue(struct mni_gc *gc, uint32_t index)
{
    struct mni_gc_page *page = &gc->pages[index];
    struct mni_gc_kind *kind = page->kind;
    uint32_t room = kind->slots - page->live;
    uint32_t least = gc->thrifty ? 1 : kind->slots / SWEEP_ROOM_PART;

    if (page->is_queued || room == 0 || room < least)
        return;
    page->is_queued = true;
    page->next = kind->queue;
    kind->queue = index;
}

static void sweep_page(struct mni_gc *gc, uint32_t index)
{
    struct mni_gc_page *page = &gc->pages[index];

    page->is_young = false;
    page->is_clean = false;
    if (page->live == 0) {
        mni_gc_page_free(gc, index);
        return;
    }
    gc->live += (page->live - page->counted) * mni_gc_bytes(page);
    gc->live_count += page->live - page->counted;
    page->counted = page->live;
    if (page->bytes != 0)
        return;
    page->scan = 0;
    if (gc->full && page->live < page->kind->slots)
        sweep_marks(gc, index);
    sweep_queue(gc, index);
}

/* All queues are built anew. */
static void sweep_forget_queues(struct mni_gc *gc)
{
    for (size_t i = 0; i < MNI_GC_HASH; i++) {
        struct mni_gc_kind *kind = gc->kinds[i];
        for (; kind != NULL; kind = kind->chain)
            kind->queue = MNI_GC_NONE;
    }
    for (uint32_t page = 0; page < gc->page_end; page++)
        gc->pages[page].is_queued = false;
}

void mni_gc_sweep(struct mni_gc *gc, bool full)
{
    if (full)
        sweep_forget_queues(gc);
    mni_gc_each_page(gc, full, sweep_page);
    gc->young = MNI_GC_NONE;
}

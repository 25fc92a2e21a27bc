/* SPDX-License-Identifier: MIT */
/* sweep.c -- making room of what died.
 *
 * Pages without a marked object are free at once; others queue for allocation,
 * which finds the room between the marks.
 */
#include "gc/gc.h"

enum { SWEEP_ROOM_PART = 8 }; /* of the slots are free where it is worth it */

#define SWEEP_BYTES (SIZE_MAX / UINT8_MAX) /* the byte 1, in each place */

/* How many objects the last collection found, by marks from `at` to `end`,
 * which are so few that a byte is enough for each place in a word. */
static uint32_t sweep_count_some(const unsigned char *at,
                                 const unsigned char *end, unsigned shift)
{
    size_t sums = 0;
    uint32_t sum = 0;

    for (; at < end; at += sizeof(size_t)) {
        size_t word;
        __builtin_memcpy(&word, at, sizeof word);
        sums += word >> shift & SWEEP_BYTES;
    }
    for (; sums != 0; sums >>= 8)
        sum += (uint32_t)(sums & UINT8_MAX);
    return sum;
}

static uint32_t sweep_count(const struct mni_gc *gc, uint32_t page)
{
    const unsigned char *marks = mni_gc_page_marks(gc, page);
    const unsigned char *end = marks + mni_gc_page_size(gc) / MN_GC_GRANULE;
    const ptrdiff_t most = 128 * sizeof(size_t);
    unsigned shift = gc->epoch - 1u; /* each epoch is a bit */
    uint32_t sum = 0;

    for (; end - marks > most; marks += most)
        sum += sweep_count_some(marks, marks + most, shift);
    return sum + sweep_count_some(marks, end, shift);
}

/* Clear marks that are not of the last epoch. */
static void sweep_marks(struct mni_gc *gc, uint32_t page)
{
    unsigned char *marks = mni_gc_page_marks(gc, page);
    size_t count = mni_gc_page_size(gc) / MN_GC_GRANULE;
    unsigned shift = gc->epoch - 1u;

    for (size_t i = 0; i < count; i += sizeof(size_t)) {
        size_t word;
        __builtin_memcpy(&word, marks + i, sizeof word);
        word &= (word >> shift & SWEEP_BYTES) * UINT8_MAX;
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
    page->live =
        page->bytes == 0
            ? sweep_count(gc, index)
            : mni_gc_is_marked(gc, (uintptr_t)mni_gc_page_start(gc, index));
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

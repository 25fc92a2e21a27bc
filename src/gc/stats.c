/* SPDX-License-Identifier: MIT */
/* stats.c -- what a collector's memory is used for, and what lies where. */
#include "gc/gc.h"

static size_t stats_returned(const struct mni_gc *gc)
{
    size_t count = 0;

    for (uint32_t page = 0; page < gc->page_end; page++)
        count += gc->pages[page].kind == NULL && gc->pages[page].is_clean;
    return count << gc->page_shift;
}

void mn_gc_read_stats(const struct mn_gc *front, struct mn_gc_stats *stats)
{
    const struct mni_gc *gc = mni_gc(front);

    mni_gc_stop(front->self);
    size_t end = (size_t)gc->page_end << gc->page_shift;
    *stats = (struct mn_gc_stats){
        .committed = gc->heap.committed,
        .live = gc->live,
        .fresh = mni_gc_fresh(gc) - mni_gc_open_bytes(gc),
        /* Beyond the pages that were ever used, nothing is memory yet. */
        .returned = stats_returned(gc) + gc->heap.committed - end,
        .records = gc->mark_table.committed + gc->page_table.committed
                   + gc->control.committed + gc->stack_table.committed
                   + gc->log_table.committed + gc->kind_table.committed
                   + gc->marker_table.committed + sizeof *gc,
        .used_max = gc->used_max,
        .minor_count = gc->minor_count,
        .full_count = gc->full_count,
        .overflow_count = gc->overflow_count,
        .object_count = gc->live_count,
        .due_count = gc->due_count,
        .pause_ns_last = gc->pause_last,
        .pause_ns_max = gc->pause_max,
        .pause_ns_sum = gc->pause_sum,
    };
    stats->room = gc->used - stats->live - stats->fresh;
    stats->stock = stats->committed - gc->used - stats->returned;
    mni_gc_resume(front->self);
}

/* The slot or large object in a page of objects. */
static void stats_slot(const struct mni_gc *gc, uint32_t index,
                       uintptr_t address, struct mn_block *block)
{
    const struct mni_gc_page *page = &gc->pages[index];
    unsigned char *start = mni_gc_page_start(gc, index);
    size_t end = mni_gc_page_size(gc);

    if (page->bytes != 0) {
        block->start = start;
        block->size = mni_round_up(page->bytes, mni_gc_page_size(gc));
        return;
    }
    size_t size = page->kind->size;
    size_t slot = (address - (uintptr_t)start) / size;
    block->start = start + slot * size;
    block->size = slot < page->kind->slots ? size : end - slot * size;
}

bool mn_gc_block_at(const struct mn_gc *front, const void *address,
                    struct mn_block *block)
{
    const struct mni_gc *gc = mni_gc(front);
    uintptr_t offset = (uintptr_t)address - front->base;
    size_t committed = gc->heap.committed;

    if (offset >= gc->size)
        return false;
    if (offset >= committed) {
        *block =
            (struct mn_block){gc->heap.start + committed, gc->size - committed,
                              MN_PERM_NONE, MN_RESERVED};
        return true;
    }
    *block = (struct mn_block){NULL, 0, MN_PERM_RW, MN_FREE};
    uint32_t index = (uint32_t)(offset >> gc->page_shift);
    if (index < gc->page_end)
        index -= gc->pages[index].head;
    block->start = mni_gc_page_start(gc, index);
    block->size = mni_gc_page_size(gc);
    if (index >= gc->page_end || gc->pages[index].kind == NULL)
        return true;
    stats_slot(gc, index, (uintptr_t)address, block);
    if (mni_gc_resolve(gc, (uintptr_t)block->start, false) != 0)
        block->state = MN_ALLOCATED;
    return true;
}

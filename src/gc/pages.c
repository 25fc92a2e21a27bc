/* SPDX-License-Identifier: MIT */
/* pages.c -- where pages come from, and where they go.
 *
 * Pages are blocks of a tiled region. Those of slots that become free stay in
 * a stock, the warmest first, until they are old, or are needed for a large
 * object; from the region, the memory of old ones goes back to the system.
 */
#include "gc/gc.h"

/* Make the pages before `end` memory, and their records. */
static bool pages_commit(struct mni_gc *gc, size_t end)
{
    return mni_gc_grow(gc, &gc->page_table, end * sizeof *gc->pages)
           && mni_gc_grow(gc, &gc->mark_table,
                          (end << gc->page_shift) / MN_GC_GRANULE)
           && mni_gc_grow(gc, &gc->heap, end << gc->page_shift);
}

/* See to it that the region can split a block, if there is memory for that. */
static void pages_provide_records(struct mni_gc *gc)
{
    if (gc->system == NULL || mni_tiled_spare(&gc->tiled))
        return;
    uint32_t count = 2 * mni_tiled_count(&gc->tiled);
    uint32_t most = mni_tiled_count_most(&gc->tiled);
    if (count > most)
        count = most;
    if (mni_gc_grow(gc, &gc->control,
                    mni_tiled_control_bytes(&gc->tiled, count)))
        mni_tiled_grow(&gc->tiled, count);
}

/* Note that pages before `end` are used from now on. */
static void pages_begin(struct mni_gc *gc, uint32_t end)
{
    for (; gc->page_end < end; gc->page_end++)
        gc->pages[gc->page_end].is_clean = gc->system != NULL;
}

/* `count` pages of the region, or MNI_GC_NONE. */
static uint32_t pages_cut(struct mni_gc *gc, size_t count)
{
    struct mn_region *region = &gc->tiled.region;

    pages_provide_records(gc);
    if (gc->system != NULL && !mni_tiled_spare(&gc->tiled))
        return MNI_GC_NONE; /* or it is handed out with more than was asked */
    unsigned char *start =
        mn_region_alloc(region, count << gc->page_shift, mni_gc_page_size(gc));
    if (start == NULL)
        return MNI_GC_NONE;
    size_t first = (size_t)(start - gc->heap.start) >> gc->page_shift;
    if (!pages_commit(gc, first + count)) {
        mn_region_free(region, start);
        return MNI_GC_NONE;
    }
    pages_begin(gc, (uint32_t)(first + count));
    return (uint32_t)first;
}

/* Give the pages of the stock that are that old back to the region. */
static void pages_empty_stock(struct mni_gc *gc, uint32_t age)
{
    uint32_t *link = &gc->stock;

    while (*link != MNI_GC_NONE) {
        uint32_t page = *link;
        struct mni_gc_page *record = &gc->pages[page];
        if ((uint32_t)gc->full_count - record->freed < age) {
            link = &record->next;
            continue;
        }
        *link = record->next;
        record->in_stock = false;
        gc->stock_count--;
        mn_region_free(&gc->tiled.region, mni_gc_page_start(gc, page));
    }
}

/* Have `kind` answer for the pages from now on. */
static void pages_use(struct mni_gc *gc, uint32_t page, size_t count,
                      struct mni_gc_kind *kind)
{
    struct mni_gc_page *record = &gc->pages[page];
    bool clean = record->is_clean;

    *record = (struct mni_gc_page){.kind = kind, .is_clean = clean};
    gc->used += count << gc->page_shift;
    if (gc->used > gc->used_max)
        gc->used_max = gc->used;
    mni_gc_page_use(gc, page);
}

static bool pages_allowed(const struct mni_gc *gc, size_t count)
{
    return count <= (gc->options.limit - gc->used) >> gc->page_shift;
}

void mni_gc_page_use(struct mni_gc *gc, uint32_t page)
{
    struct mni_gc_page *record = &gc->pages[page];

    if (record->is_young)
        return;
    record->is_young = true;
    record->young = gc->young;
    gc->young = page;
}

uint32_t mni_gc_page_take(struct mni_gc *gc, struct mni_gc_kind *kind)
{
    uint32_t page = gc->stock;

    if (!pages_allowed(gc, 1))
        return MNI_GC_NONE;
    if (page != MNI_GC_NONE) {
        gc->stock = gc->pages[page].next;
        gc->stock_count--;
    } else {
        page = pages_cut(gc, 1);
    }
    if (page != MNI_GC_NONE)
        pages_use(gc, page, 1, kind);
    return page;
}

uint32_t mni_gc_pages_take(struct mni_gc *gc, struct mni_gc_kind *kind,
                           size_t bytes)
{
    size_t count = ((bytes - 1) >> gc->page_shift) + 1;

    if (!pages_allowed(gc, count))
        return MNI_GC_NONE;
    uint32_t page = pages_cut(gc, count);
    if (page == MNI_GC_NONE && gc->stock_count != 0) {
        pages_empty_stock(gc, 0);
        page = pages_cut(gc, count);
    }
    if (page == MNI_GC_NONE)
        return MNI_GC_NONE;
    for (uint32_t i = 0; i < count; i++) {
        struct mni_gc_page *record = &gc->pages[page + i];
        if (!record->is_clean && kind->asked != MNI_GC_LEAF)
            __builtin_memset(mni_gc_page_start(gc, page + i), 0,
                             mni_gc_page_size(gc));
        *record = (struct mni_gc_page){.head = i};
    }
    pages_use(gc, page, count, kind);
    gc->pages[page].bytes = bytes;
    gc->pages[page].scan = 1;
    return page;
}

static void pages_free_large(struct mni_gc *gc, uint32_t page, size_t count)
{
    *mni_gc_page_marks(gc, page) = 0;
    for (size_t i = 0; i < count; i++)
        gc->pages[page + i] =
            (struct mni_gc_page){.freed = (uint32_t)gc->full_count};
    mn_region_free(&gc->tiled.region, mni_gc_page_start(gc, page));
}

void mni_gc_page_free(struct mni_gc *gc, uint32_t page)
{
    struct mni_gc_page *record = &gc->pages[page];

    if (record->bytes != 0) {
        size_t count = ((record->bytes - 1) >> gc->page_shift) + 1;
        gc->used -= count << gc->page_shift;
        pages_free_large(gc, page, count);
        return;
    }
    __builtin_memset(mni_gc_page_marks(gc, page), 0,
                     mni_gc_page_size(gc) / MN_GC_GRANULE);
    *record = (struct mni_gc_page){
        .freed = (uint32_t)gc->full_count, .next = gc->stock, .in_stock = true};
    gc->used -= mni_gc_page_size(gc);
    gc->stock = page;
    gc->stock_count++;
}

/* ---- back to the system ---- */

static bool pages_is_old(const struct mni_gc *gc, uint32_t page, uint32_t age)
{
    const struct mni_gc_page *record = &gc->pages[page];

    return record->kind == NULL && record->head == 0 && !record->in_stock
           && !record->is_clean
           && (uint32_t)gc->full_count - record->freed >= age;
}

static void pages_purge_run(struct mni_gc *gc, uint32_t first, uint32_t end)
{
    size_t unit = gc->system->unit;
    size_t page = mni_gc_page_size(gc);
    size_t from = mni_round_up((size_t)first << gc->page_shift, unit);
    size_t to = mni_round_down((size_t)end << gc->page_shift, unit);

    if (from >= to || !gc->system->purge(gc->heap.start + from, to - from))
        return;
    first = (uint32_t)(mni_round_up(from, page) >> gc->page_shift);
    for (; (size_t)(first + 1) << gc->page_shift <= to; first++)
        gc->pages[first].is_clean = true;
}

/* Give back what has been free for so many full collections. */
void mni_gc_purge(struct mni_gc *gc, uint32_t age)
{
    if (gc->system == NULL)
        return;
    pages_empty_stock(gc, age);
    for (uint32_t page = 0; page < gc->page_end; page++) {
        uint32_t first = page;
        while (page < gc->page_end && pages_is_old(gc, page, age))
            page++;
        if (page != first)
            pages_purge_run(gc, first, page);
    }
}

void mn_gc_trim(struct mn_gc *front)
{
    struct mni_gc *gc = mni_gc(front);

    MN_CHECK(!gc->busy, "the collector is used while it collects");
    mni_gc_stop(front->self);
    mni_gc_purge(gc, 0);
    mni_gc_resume(front->self);
}

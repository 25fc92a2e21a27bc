/* SPDX-License-Identifier: MIT */
/* begin.c -- laying out a collector, in a buffer or in reserved addresses. */
#include "gc/gc.h"

#include <mn/strategy.h>

enum {
    BEGIN_LEAST = 4096,              /* bytes of a buffer */
    BEGIN_PAGE_SHIFT_LEAST = 8,      /* pages of a buffer: 256 bytes at least */
    BEGIN_PAGE_SHIFT = 14,           /* and 16 KiB at most */
    BEGIN_PAGES = 32,                /* so many, if they need not be less */
    BEGIN_NURSERY = 8 << 20,         /* bytes */
    BEGIN_RESERVE = 8 << 20,         /* bytes */
    BEGIN_GROWTH = 40,               /* percent */
    BEGIN_STACK_LEAST = 128,         /* words, for what is to be marked */
    BEGIN_COMMIT = 1 << 20,          /* bytes, as the heap grows */
    BEGIN_ALIGN = 2 * sizeof(void *) /* of all tables */
};

bool mni_gc_grow(struct mni_gc *gc, struct mni_gc_table *table, size_t end)
{
    if (end <= table->committed)
        return true;
    if (end > table->size || gc->system == NULL)
        return false;
    size_t step = table->committed / 8;
    if (table == &gc->heap && step < BEGIN_COMMIT)
        step = BEGIN_COMMIT;
    size_t most = mni_round_up(
        end > table->committed + step ? end : table->committed + step,
        gc->system->unit);
    if (most > table->size)
        most = table->size;
    size_t least = mni_round_up(end, gc->system->unit);
    unsigned char *from = table->start + table->committed;
    if (gc->system->commit(from, most - table->committed))
        table->committed = most;
    else if (gc->system->commit(from, least - table->committed))
        table->committed = least;
    return end <= table->committed;
}

static void begin_options(struct mni_gc *gc, const struct mn_gc_options *given)
{
    struct mn_gc_options *options = &gc->options;
    size_t part = gc->heap.size / 8;

    if (given != NULL)
        *options = *given;
    if (options->nursery == 0)
        options->nursery = BEGIN_NURSERY < part ? BEGIN_NURSERY : part;
    if (options->reserve == 0)
        options->reserve = BEGIN_RESERVE < part ? BEGIN_RESERVE : part;
    if (options->growth == 0)
        options->growth = BEGIN_GROWTH;
    if (options->limit == 0 || options->limit > gc->heap.size)
        options->limit = gc->heap.size;
}

void mni_gc_begin_thread(struct mni_gc *gc, struct mni_gc_thread *thread,
                         struct mn_gc *front)
{
    front->base = (uintptr_t)gc->heap.start;
    front->marks = gc->mark_table.start;
    front->noted = gc->options.generational;
    front->self = thread;
    thread->front = front;
    thread->gc = gc;
    thread->attached = true;
    thread->next = gc->threads;
    gc->threads = thread;
}

/* Requires: tables, page_shift, and the region over the heap. */
struct mni_gc *mni_gc_begin(struct mni_gc *gc,
                            const struct mn_gc_options *options)
{
    begin_options(gc, options);
    gc->size = gc->heap.size;
    mni_gc_begin_thread(gc, &gc->first, &gc->front);
    gc->first.stack = gc->options.stack;
    gc->self = &gc->first;
    gc->pages = (struct mni_gc_page *)(void *)gc->page_table.start;
    gc->page_count = (uint32_t)(gc->heap.size >> gc->page_shift);
    gc->marker.gc = gc;
    gc->marker.stack = (size_t *)(void *)gc->stack_table.start;
    gc->marker.capacity = gc->stack_table.committed / sizeof(size_t);
    gc->log = (size_t *)(void *)gc->log_table.start;
    gc->log_capacity = gc->log_table.committed / sizeof *gc->log;
    gc->stock = gc->young = MNI_GC_NONE;
    gc->epoch = 1;
    gc->alive = (unsigned char)(gc->options.generational ? 1 | MNI_GC_LOG : 1);
    gc->budget =
        gc->options.generational ? gc->options.nursery : gc->options.reserve;
    gc->full_at = gc->options.reserve;
    return gc;
}

/* ---- in a buffer ---- */

/* What is left of the buffer. */
struct begin_cut {
    unsigned char *at, *end;
};

static bool begin_cut(struct begin_cut *cut, struct mni_gc_table *table,
                      size_t size)
{
    size = mni_round_up(size, BEGIN_ALIGN);
    if (size > (size_t)(cut->end - cut->at))
        return false;
    table->start = cut->at;
    table->size = table->committed = size;
    cut->at += size;
    return true;
}

static unsigned begin_page_shift(size_t size)
{
    unsigned shift = BEGIN_PAGE_SHIFT_LEAST;

    while (shift < BEGIN_PAGE_SHIFT && (size / BEGIN_PAGES) >> (shift + 1) != 0)
        shift++;
    return shift;
}

static struct mn_tiled_place begin_place(const struct mni_gc *gc, size_t pages)
{
    return (struct mn_tiled_place){
        .memory = gc->heap.start,
        .memory_size = pages << gc->page_shift,
        .granule = mni_gc_page_size(gc),
        .control = gc->control.start,
        .control_size = gc->control.size,
        .strategy = &mn_best_fit,
    };
}

/* Divide the rest of the buffer among `pages` pages and what is about them;
 * false if it is too small. */
static bool begin_divide(struct mni_gc *gc, struct begin_cut cut, size_t pages)
{
    size_t heap = pages << gc->page_shift;
    struct mn_tiled_place place = begin_place(gc, pages);
    size_t control = mn_tiled_control_size(&place, pages);

    if (control == 0 || !begin_cut(&cut, &gc->control, control)
        || !begin_cut(&cut, &gc->page_table, pages * sizeof *gc->pages)
        || !begin_cut(&cut, &gc->mark_table, heap / MN_GC_GRANULE))
        return false;
    uintptr_t at = (uintptr_t)cut.at;
    size_t skipped = mni_round_up(at, mni_gc_page_size(gc)) - at;
    if (skipped > (size_t)(cut.end - cut.at))
        return false;
    cut.at += skipped;
    return begin_cut(&cut, &gc->heap, heap);
}

struct mn_gc *mn_gc_init(void *memory, size_t size,
                         const struct mn_gc_options *options)
{
    size_t skipped =
        mni_round_up((uintptr_t)memory, BEGIN_ALIGN) - (uintptr_t)memory;

    if (size < BEGIN_LEAST || size > PTRDIFF_MAX)
        return NULL;
    struct begin_cut cut = {(unsigned char *)memory + skipped,
                            (unsigned char *)memory + size};
    struct mni_gc *gc = (struct mni_gc *)(void *)cut.at;
    __builtin_memset(gc, 0, sizeof *gc);
    cut.at += mni_round_up(sizeof *gc, BEGIN_ALIGN);
    size_t stack = size / 64;
    if (stack < BEGIN_STACK_LEAST * sizeof(size_t))
        stack = BEGIN_STACK_LEAST * sizeof(size_t);
    bool generational = options != NULL && options->generational;
    if (!begin_cut(&cut, &gc->kind_table, size / 16)
        || !begin_cut(&cut, &gc->stack_table, stack)
        || !begin_cut(&cut, &gc->log_table, generational ? size / 128 : 0))
        return NULL;
    gc->page_shift = begin_page_shift(size);
    size_t pages = (size_t)(cut.end - cut.at) >> gc->page_shift;
    while (pages > 0 && !begin_divide(gc, cut, pages))
        pages--;
    if (pages < 2)
        return NULL;
    __builtin_memset(gc->page_table.start, 0, gc->page_table.size);
    __builtin_memset(gc->mark_table.start, 0, gc->mark_table.size);
    struct mn_tiled_place place = begin_place(gc, pages);
    if (mn_tiled_init(&gc->tiled, &place) != MN_OK)
        return NULL;
    return &mni_gc_begin(gc, options)->front;
}

void mn_gc_destroy(struct mn_gc *front)
{
    struct mni_gc *gc = mni_gc(front);

    MN_CHECK(!gc->busy, "a collector is destroyed while it is used");
    for (const struct mni_gc_thread *thread = gc->threads; thread != NULL;
         thread = thread->next)
        MN_CHECK(!thread->attached || thread == front->self,
                 "a collector is destroyed while other threads use it");
    MN_CHECK(front->frames == NULL, "a collector is destroyed inside a frame");
    if (gc->system != NULL)
        gc->system->destroy(gc);
}

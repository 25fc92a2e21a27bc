/* SPDX-License-Identifier: MIT */
/* check.c -- every invariant of a collector. */
#include "gc/gc.h"

#include "gc/peek.h"

/* What is summed up over all pages. */
struct check_sums {
    size_t used, live, stock, young, queued;
    uint64_t count, due;
};

/* ---- pages ---- */

/* Whether no byte has a bit that is not in `allowed`. */
static bool check_bits(const unsigned char *bytes, size_t count,
                       unsigned allowed)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] & ~allowed)
            return false;
    return true;
}

/* A page without a kind: it is free, or inside a large object. */
static bool check_free(const struct mni_gc *gc, uint32_t index)
{
    const struct mni_gc_page *page = &gc->pages[index];
    const unsigned char *marks = mni_gc_page_marks(gc, index);

    if (page->head > index)
        return false;
    if (page->head != 0) {
        const struct mni_gc_page *head = page - page->head;
        if (head->kind == NULL || head->bytes == 0
            || (head->bytes - 1) >> gc->page_shift < page->head)
            return false;
    }
    return page->live == 0 && page->queued == 0 && page->bytes == 0
           && !page->is_young && !page->is_queued && !page->rescan
           && check_bits(marks, mni_gc_page_size(gc) / MN_GC_GRANULE,
                         page->head != 0 ? MNI_GC_CARD : 0);
}

/* A mark byte that starts no slot is 0; count the others. */
static bool check_marks(const struct mni_gc *gc, uint32_t index)
{
    const struct mni_gc_page *page = &gc->pages[index];
    const unsigned char *marks = mni_gc_page_marks(gc, index);
    size_t count = mni_gc_page_size(gc) / MN_GC_GRANULE;
    size_t step = page->bytes != 0 ? count : page->kind->size / MN_GC_GRANULE;
    size_t end = page->bytes != 0 ? 1 : page->kind->slots * step;
    unsigned apart = page->bytes != 0 ? MNI_GC_CARD : 0;
    size_t live = 0;
    size_t queued = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned epoch = marks[i] & MNI_GC_EPOCH;
        if ((marks[i] & ~apart) != 0 && (i % step != 0 || i >= end))
            return false;
        if ((epoch != 0 && epoch != gc->epoch) || (marks[i] & MNI_GC_KEY) != 0)
            return false;
        live += epoch != 0;
        queued += (marks[i] & MNI_GC_QUEUED) != 0;
    }
    return live == page->live && live == page->counted
           && queued == page->queued;
}

static bool check_page(const struct mni_gc *gc, uint32_t index)
{
    const struct mni_gc_page *page = &gc->pages[index];
    const struct mni_gc_kind *kind = page->kind;

    if (kind->gc != gc || page->head != 0 || page->in_stock || page->rescan
        || !check_marks(gc, index))
        return false;
    if (page->bytes != 0)
        return kind->slots == 0;
    return kind->slots != 0
           && page->scan <= kind->slots * kind->size / MN_GC_GRANULE
           && (page->scan == 0 || page->is_young);
}

static void check_sum(const struct mni_gc *gc, const struct mni_gc_page *page,
                      struct check_sums *sums)
{
    size_t size = mni_gc_page_size(gc);

    sums->stock += page->in_stock;
    sums->young += page->is_young;
    sums->queued += page->is_queued;
    if (page->kind == NULL)
        return;
    sums->used += page->bytes != 0 ? mni_round_up(page->bytes, size) : size;
    sums->live += page->live * mni_gc_bytes(page);
    sums->count += page->live;
    sums->due += page->queued;
}

/* ---- lists ---- */

static bool check_kind(const struct mni_gc *gc, const struct mni_gc_kind *kind,
                       struct check_sums *sums)
{
    for (uint32_t page = kind->queue; page != MNI_GC_NONE;
         page = gc->pages[page].next) {
        if (page >= gc->page_end || sums->queued == 0
            || gc->pages[page].kind != kind || !gc->pages[page].is_queued
            || gc->pages[page].run != NULL)
            return false;
        sums->queued--;
    }
    return true;
}

static bool check_run(const struct mni_gc *gc, const struct mni_gc_run *run)
{
    const struct mn_gc_kind *front = &run->front;

    if (run->page != MNI_GC_NONE
        && (gc->pages[run->page].kind != run->kind
            || gc->pages[run->page].run != run
            || !gc->pages[run->page].is_young))
        return false;
    return front->next <= run->end
           && (front->limit == run->end || front->limit == front->next)
           && (run->kind->asked == MNI_GC_LEAF
               || check_bits(front->next, (size_t)(run->end - front->next), 0));
}

static bool check_thread(const struct mni_gc *gc,
                         const struct mni_gc_thread *thread)
{
    for (size_t i = 0; i < MNI_GC_HASH; i++) {
        const struct mni_gc_run *run = thread->runs[i];
        for (; run != NULL; run = run->chain)
            if (run->thread != thread || !check_run(gc, run))
                return false;
    }
    return thread->gc == gc && thread->front->self == thread
           && thread->log_next <= thread->log_end;
}

/* Each page that says it is in a list is in one. */
static bool check_lists(const struct mni_gc *gc, struct check_sums *sums)
{
    for (uint32_t page = gc->stock; page != MNI_GC_NONE;
         page = gc->pages[page].next) {
        if (page >= gc->page_end || sums->stock-- == 0
            || !gc->pages[page].in_stock)
            return false;
    }
    for (uint32_t page = gc->young; page != MNI_GC_NONE;
         page = gc->pages[page].young) {
        if (page >= gc->page_end || sums->young-- == 0
            || !gc->pages[page].is_young)
            return false;
    }
    for (size_t i = 0; i < MNI_GC_HASH; i++) {
        const struct mni_gc_kind *kind = gc->kinds[i];
        for (; kind != NULL; kind = kind->chain)
            if (!check_kind(gc, kind, sums))
                return false;
    }
    for (const struct mni_gc_thread *thread = gc->threads; thread != NULL;
         thread = thread->next)
        if (!check_thread(gc, thread))
            return false;
    return sums->stock == 0 && sums->young == 0 && sums->queued == 0;
}

/* ---- references ---- */

static bool check_value(const struct mni_gc *gc, const unsigned char *slot)
{
    uintptr_t value;

    __builtin_memcpy(&value, slot, sizeof value);
    return !mni_gc_holds(gc, value)
           || mni_gc_resolve(gc, value, gc->options.interior) != 0;
}

struct check_visit {
    const struct mni_gc *gc;
    bool holds;
};

static void check_visited(void *slot, const struct mn_member *member,
                          void *context)
{
    struct check_visit *visit = context;

    if (member->kind == MN_MEMBER_GC || member->kind == MN_MEMBER_GC_WEAK)
        visit->holds = visit->holds && check_value(visit->gc, slot);
}

/* References of an object lead to objects. */
static bool check_object(const struct mni_gc *gc, uint32_t index,
                         unsigned char *object)
{
    const struct mni_gc_page *page = &gc->pages[index];
    const struct mni_gc_kind *kind = page->kind;
    uint32_t count = kind->strong_count + kind->weak_count;
    size_t elements = count == 0 ? 0 : mni_gc_elements(page);

    for (size_t i = 0; i < elements; i++)
        for (uint32_t k = 0; k < count; k++)
            if (!check_value(gc,
                             object + i * kind->type->size + kind->offsets[k]))
                return false;
    struct check_visit visit = {gc, true};
    if (kind->visited)
        kind->type->visit(object, check_visited, &visit);
    return visit.holds
           && (kind->shape != MNI_GC_EPHEMERON
               || mni_gc_ephemeron_check(gc, object));
}

static bool check_objects(const struct mni_gc *gc, uint32_t index)
{
    const struct mni_gc_page *page = &gc->pages[index];
    unsigned char *object = mni_gc_page_start(gc, index);
    size_t count = page->bytes != 0 ? 1 : page->kind->slots;

    for (size_t i = 0; i < count; i++, object += page->kind->size)
        if (mni_gc_resolve(gc, (uintptr_t)object, false) != 0
            && !check_object(gc, index, object))
            return false;
    return true;
}

static bool check_is_whole(const struct mni_gc *gc,
                           const struct check_sums *sums)
{
    return sums->used == gc->used && sums->live == gc->live
           && sums->count == gc->live_count && sums->due == gc->due_count
           && sums->stock == gc->stock_count && gc->used <= gc->options.limit
           && mni_gc_open_bytes(gc) <= mni_gc_fresh(gc);
}

static bool check_all(const struct mni_gc *gc)
{
    struct check_sums sums = {0};

    if (gc->page_end > gc->page_count || gc->marker.top != 0 || gc->overflowed
        || !mn_region_check(&gc->tiled.region))
        return false;
    for (uint32_t page = 0; page < gc->page_end; page++) {
        if (gc->pages[page].kind == NULL ? !check_free(gc, page)
                                         : !check_page(gc, page))
            return false;
        check_sum(gc, &gc->pages[page], &sums);
    }
    if (!check_is_whole(gc, &sums) || !check_lists(gc, &sums))
        return false;
    for (uint32_t page = 0; page < gc->page_end; page++)
        if (gc->pages[page].kind != NULL && !check_objects(gc, page))
            return false;
    return true;
}

bool mn_gc_check(const struct mn_gc *front)
{
    mni_gc_stop(front->self);
    bool holds = check_all(mni_gc(front));
    mni_gc_resume(front->self);
    return holds;
}

/* SPDX-License-Identifier: MIT */
/* alloc.c -- handing out objects.
 *
 * An object is taken from a run of free slots, which is found by looking for
 * marks and is then filled with zero: so what is dead is swept when its place
 * is needed, and is in the cache when it is used.
 */
#include "gc/gc.h"

#include <mn/gc_threads.h>

enum { ALLOC_RUN = 4096 }; /* bytes of a run, at most if slots are smaller */

/* The first granule of [at, end) with a mark, or `end`. */
static uint32_t alloc_marked(const unsigned char *marks, uint32_t at,
                             uint32_t end)
{
    while (at < end && at % sizeof(size_t) != 0
           && mni_byte_load(&marks[at]) == 0)
        at++;
    if (at < end && mni_byte_load(&marks[at]) != 0)
        return at;
    while (at + sizeof(size_t) <= end && mni_bytes_load(&marks[at]) == 0)
        at += sizeof(size_t);
    while (at < end && mni_byte_load(&marks[at]) == 0)
        at++;
    return at;
}

/* The first slot of [at, end) without a mark, or `end`. */
static uint32_t alloc_unmarked(const unsigned char *marks, uint32_t at,
                               uint32_t end, uint32_t step)
{
    while (at < end && mni_byte_load(&marks[at]) != 0)
        at += step;
    return at;
}

static void alloc_set_run(struct mni_gc_run *run, unsigned char *start,
                          unsigned char *end)
{
    const struct mn_type *type = run->kind->type;

    run->end = end;
    run->front.next = start;
    run->front.limit = type != NULL && type->drop != NULL ? start : end;
}

/* The next run of the thread's page; false if there is none. */
static bool alloc_run(struct mni_gc *gc, struct mni_gc_run *run)
{
    const struct mni_gc_kind *kind = run->kind;
    struct mni_gc_page *page = &gc->pages[run->page];
    const unsigned char *marks = mni_gc_page_marks(gc, run->page);
    unsigned char *start = mni_gc_page_start(gc, run->page);
    uint32_t step = (uint32_t)(kind->size / MN_GC_GRANULE);
    uint32_t end = kind->slots * step;
    uint32_t most = ALLOC_RUN / MN_GC_GRANULE / step * step;

    uint32_t first = alloc_unmarked(marks, page->scan, end, step);
    if (first >= end) {
        page->scan = end;
        return false;
    }
    if (most < step)
        most = step;
    if (most < end - first)
        end = first + most;
    end = alloc_marked(marks, first, end);
    size_t bytes = (size_t)(end - first) * MN_GC_GRANULE;
    start += (size_t)first * MN_GC_GRANULE;
    if (!page->is_clean && kind->asked != MNI_GC_LEAF)
        __builtin_memset(start, 0, bytes);
    run->thread->fresh += bytes;
    alloc_set_run(run, start, start + bytes);
    /* In this order: a child that another thread forks in between has a run
     * whose slots are no objects. */
    mn_atomic_signal_fence();
    page->scan = end;
    return true;
}

/* Have the run a page that may have room; false if there is none. */
static bool alloc_page(struct mni_gc *gc, struct mni_gc_run *run)
{
    struct mni_gc_kind *kind = run->kind;

    mni_gc_lock(gc);
    if (run->page != MNI_GC_NONE)
        gc->pages[run->page].run = NULL;
    run->page = kind->queue;
    if (run->page != MNI_GC_NONE) {
        kind->queue = gc->pages[run->page].next;
        gc->pages[run->page].is_queued = false;
        mni_gc_page_use(gc, run->page);
    } else {
        run->page = mni_gc_page_take(gc, kind);
    }
    if (run->page != MNI_GC_NONE)
        gc->pages[run->page].run = run;
    mni_gc_unlock(gc);
    return run->page != MNI_GC_NONE;
}

static bool alloc_find(struct mni_gc *gc, struct mni_gc_run *run)
{
    while (run->page == MNI_GC_NONE || !alloc_run(gc, run))
        if (!alloc_page(gc, run))
            return false;
    return true;
}

/* Whether to collect before another object of so many bytes is made. */
static bool alloc_is_due(struct mni_gc_thread *self, size_t bytes)
{
    struct mni_gc *gc = self->gc;

    mni_gc_lock(gc);
    gc->fresh += self->fresh;
    self->fresh = 0;
    bool due = gc->fresh >= gc->budget
               || (gc->fresh != 0 && bytes > gc->budget - gc->fresh);
    mni_gc_unlock(gc);
    return due;
}

static void alloc_collect_if_due(struct mni_gc_thread *self, size_t bytes)
{
    if (!alloc_is_due(self, bytes))
        return;
    mni_gc_stop(self);
    /* Another thread may have been first. */
    if (alloc_is_due(self, bytes))
        mni_gc_collect(self, self->gc->want_full);
    mni_gc_resume(self);
}

/* Collect all that can be, and have pages with any room be used. Requires: the
 * others stand still, so that this thread is the first to use them. */
static void alloc_press(struct mni_gc_thread *self)
{
    self->gc->thrifty = true;
    mni_gc_collect(self, true);
    self->gc->thrifty = false;
}

static bool alloc_refill(struct mni_gc_thread *self, struct mni_gc_run *run)
{
    struct mni_gc *gc = self->gc;

    mn_gc_poll(self->front);
    if (run->page != MNI_GC_NONE && alloc_run(gc, run))
        return true;
    alloc_collect_if_due(self, 0);
    if (alloc_find(gc, run))
        return true;
    mni_gc_stop(self);
    alloc_press(self);
    bool found = alloc_find(gc, run);
    mni_gc_resume(self);
    return found;
}

static uint32_t alloc_pages(struct mni_gc *gc, struct mni_gc_kind *kind,
                            size_t bytes)
{
    mni_gc_lock(gc);
    uint32_t page = mni_gc_pages_take(gc, kind, bytes);
    mni_gc_unlock(gc);
    return page;
}

static void *alloc_large(struct mni_gc_thread *self, struct mni_gc_kind *kind,
                         size_t bytes)
{
    struct mni_gc *gc = self->gc;

    if (bytes > gc->options.limit)
        return NULL; /* no collection helps */
    mn_gc_poll(self->front);
    alloc_collect_if_due(self, bytes);
    uint32_t page = alloc_pages(gc, kind, bytes);
    if (page == MNI_GC_NONE) {
        mni_gc_stop(self);
        alloc_press(self);
        page = alloc_pages(gc, kind, bytes);
        mni_gc_resume(self);
    }
    if (page == MNI_GC_NONE)
        return NULL;
    self->fresh += bytes;
    if (kind->type != NULL && kind->type->drop != NULL)
        *mni_gc_page_marks(gc, page) = MNI_GC_DUE;
    return mni_gc_page_start(gc, page);
}

void *mn_gc_take_slow(struct mn_gc_kind *front)
{
    struct mni_gc_run *run = (struct mni_gc_run *)(void *)front;
    struct mni_gc_thread *self = run->thread;

    MN_CHECK(!self->gc->busy, "the collector is used while it collects");
    if (run->kind->slots == 0)
        return alloc_large(self, run->kind, run->kind->type->size);
    if (front->next == run->end && !alloc_refill(self, run))
        return NULL;
    unsigned char *object = front->next;
    front->next += front->size;
    if (front->limit != run->end) {
        front->limit = front->next;
        *mni_gc_mark(self->gc, (uintptr_t)object) = MNI_GC_DUE;
    }
    return object;
}

/* An object of at least `size` bytes of that shape. */
static void *alloc_sized(struct mni_gc_thread *self, const struct mn_type *type,
                         enum mni_gc_shape shape, size_t size)
{
    if (size > PTRDIFF_MAX)
        return NULL;
    struct mni_gc_run *run = mni_gc_run_of(self, type, shape, size);
    if (run == NULL)
        return NULL;
    if (run->kind->slots != 0)
        return mn_gc_take(&run->front);
    MN_CHECK(!self->gc->busy, "the collector is used while it collects");
    return alloc_large(self, run->kind, size);
}

struct mn_gc_kind *mn_gc_kind(struct mn_gc *gc, const struct mn_type *type)
{
    MN_CHECK(mn_type_check(type), "a type with a wrong description");
    MN_CHECK(type->align <= MN_GC_GRANULE,
             "a type that is aligned to more than a granule");
    struct mni_gc_run *run =
        mni_gc_run_of(gc->self, type, MNI_GC_OBJECT, type->size);
    return run == NULL ? NULL : &run->front;
}

void *mn_gc_new(struct mn_gc *gc, const struct mn_type *type)
{
    struct mn_gc_kind *kind = mn_gc_kind(gc, type);

    return kind == NULL ? NULL : mn_gc_take(kind);
}

void *mn_gc_new_array(struct mn_gc *gc, const struct mn_type *type,
                      size_t count)
{
    size_t size;

    MN_CHECK(type->drop == NULL && type->visit == NULL,
             "an array of a type with a drop or a visit");
    MN_CHECK(mn_type_check(type) && type->align <= MN_GC_GRANULE,
             "a type with a wrong description");
    if (!mni_multiply(type->size, count, &size))
        return NULL;
    return alloc_sized(gc->self, type, MNI_GC_ARRAY, size);
}

/* The same without a type: the kinds for small sizes are found at once. */
static inline void *alloc_bytes(struct mn_gc *gc, enum mni_gc_shape shape,
                                size_t size)
{
    struct mni_gc_thread *self = gc->self;
    size_t granules = (size + MN_GC_GRANULE - 1) / MN_GC_GRANULE;

    if (granules >= MNI_GC_DIRECT || size > PTRDIFF_MAX)
        return alloc_sized(self, NULL, shape, size);
    struct mni_gc_run **direct = &self->bytes[shape == MNI_GC_LEAF][granules];
    if (*direct == NULL) {
        *direct = mni_gc_run_of(self, NULL, shape, size);
        if (*direct == NULL)
            return NULL;
    }
    if ((*direct)->kind->slots == 0)
        return alloc_sized(self, NULL, shape, size);
    return mn_gc_take(&(*direct)->front);
}

void *mn_gc_new_untyped(struct mn_gc *gc, size_t size)
{
    return alloc_bytes(gc, MNI_GC_UNTYPED, size);
}

void *mn_gc_new_leaf(struct mn_gc *gc, size_t size)
{
    return alloc_bytes(gc, MNI_GC_LEAF, size);
}

void *mni_gc_alloc(struct mni_gc *gc, const struct mn_type *type,
                   enum mni_gc_shape shape, size_t size)
{
    return alloc_sized(gc->front.self, type, shape, size);
}

/* Leave what is left of all runs; it is free. */
static void alloc_retire(struct mni_gc *gc, struct mni_gc_run *run)
{
    if (run->page != MNI_GC_NONE)
        gc->pages[run->page].run = NULL;
    run->front.next = run->front.limit = run->end = NULL;
    run->page = MNI_GC_NONE;
}

void mni_gc_retire_runs(struct mni_gc *gc)
{
    struct mni_gc_thread *thread = gc->threads;

    for (; thread != NULL; thread = thread->next)
        for (size_t i = 0; i < MNI_GC_HASH; i++) {
            struct mni_gc_run *run = thread->runs[i];
            for (; run != NULL; run = run->chain)
                alloc_retire(gc, run);
        }
}

size_t mni_gc_open_bytes(const struct mni_gc *gc)
{
    const struct mni_gc_thread *thread = gc->threads;
    size_t bytes = 0;

    for (; thread != NULL; thread = thread->next)
        for (size_t i = 0; i < MNI_GC_HASH; i++) {
            const struct mni_gc_run *run = thread->runs[i];
            for (; run != NULL; run = run->chain)
                bytes += (size_t)(run->end - run->front.next);
        }
    return bytes;
}

size_t mni_gc_fresh(const struct mni_gc *gc)
{
    const struct mni_gc_thread *thread = gc->threads;
    size_t bytes = gc->fresh;

    for (; thread != NULL; thread = thread->next)
        bytes += thread->fresh;
    return bytes;
}

/* SPDX-License-Identifier: MIT */
/* alloc.c -- handing out objects.
 *
 * An object is taken from a run of free slots, which is found by looking for
 * marks and is then filled with zero: so what is dead is swept when its place
 * is needed, and is in the cache when it is used.
 */
#include "gc/gc.h"

enum { ALLOC_RUN = 4096 }; /* bytes of a run, at most if slots are smaller */

/* The first granule of [at, end) with a mark, or `end`. */
static uint32_t alloc_marked(const unsigned char *marks, uint32_t at,
                             uint32_t end)
{
    while (at < end && at % sizeof(size_t) != 0 && marks[at] == 0)
        at++;
    if (at < end && marks[at] != 0)
        return at;
    while (at + sizeof(size_t) <= end) {
        size_t word;
        __builtin_memcpy(&word, marks + at, sizeof word);
        if (word != 0)
            break;
        at += sizeof(size_t);
    }
    while (at < end && marks[at] == 0)
        at++;
    return at;
}

/* The first slot of [at, end) without a mark, or `end`. */
static uint32_t alloc_unmarked(const unsigned char *marks, uint32_t at,
                               uint32_t end, uint32_t step)
{
    while (at < end && marks[at] != 0)
        at += step;
    return at;
}

static void alloc_set_run(struct mni_gc_kind *kind, unsigned char *start,
                          unsigned char *end)
{
    bool due = kind->type != NULL && kind->type->drop != NULL;

    kind->front.next = start;
    kind->end = end;
    kind->front.limit = due ? start : end;
}

/* The next run of the kind's page; false if there is none. */
static bool alloc_run(struct mni_gc *gc, struct mni_gc_kind *kind)
{
    struct mni_gc_page *page = &gc->pages[kind->page];
    const unsigned char *marks = mni_gc_page_marks(gc, kind->page);
    unsigned char *start = mni_gc_page_start(gc, kind->page);
    uint32_t step = (uint32_t)(kind->front.size / MN_GC_GRANULE);
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
    page->scan = end;
    size_t bytes = (size_t)(end - first) * MN_GC_GRANULE;
    start += (size_t)first * MN_GC_GRANULE;
    if (!page->is_clean && kind->asked != MNI_GC_LEAF)
        __builtin_memset(start, 0, bytes);
    gc->fresh += bytes;
    alloc_set_run(kind, start, start + bytes);
    return true;
}

/* Have the kind a page that may have room; false if there is none. */
static bool alloc_page(struct mni_gc *gc, struct mni_gc_kind *kind)
{
    kind->page = kind->queue;
    if (kind->page != MNI_GC_NONE) {
        kind->queue = gc->pages[kind->page].next;
        gc->pages[kind->page].is_queued = false;
        mni_gc_page_use(gc, kind->page);
    } else {
        kind->page = mni_gc_page_take(gc, kind);
    }
    return kind->page != MNI_GC_NONE;
}

static bool alloc_find(struct mni_gc *gc, struct mni_gc_kind *kind)
{
    while (kind->page == MNI_GC_NONE || !alloc_run(gc, kind))
        if (!alloc_page(gc, kind))
            return false;
    return true;
}

/* Collect all that can be, and have pages with any room be used. */
static void alloc_press(struct mni_gc *gc)
{
    gc->thrifty = true;
    mni_gc_collect(gc, true);
    gc->thrifty = false;
}

static bool alloc_refill(struct mni_gc *gc, struct mni_gc_kind *kind)
{
    if (gc->fresh >= gc->budget)
        mni_gc_collect(gc, gc->want_full);
    if (alloc_find(gc, kind))
        return true;
    alloc_press(gc);
    return alloc_find(gc, kind);
}

static void *alloc_large(struct mni_gc *gc, struct mni_gc_kind *kind,
                         size_t bytes)
{
    if (bytes > gc->options.limit)
        return NULL; /* no collection helps */
    if (gc->fresh >= gc->budget
        || (gc->fresh != 0 && bytes > gc->budget - gc->fresh))
        mni_gc_collect(gc, gc->want_full);
    uint32_t page = mni_gc_pages_take(gc, kind, bytes);
    if (page == MNI_GC_NONE) {
        alloc_press(gc);
        page = mni_gc_pages_take(gc, kind, bytes);
    }
    if (page == MNI_GC_NONE)
        return NULL;
    gc->fresh += bytes;
    if (kind->type != NULL && kind->type->drop != NULL)
        *mni_gc_page_marks(gc, page) = MNI_GC_DUE;
    return mni_gc_page_start(gc, page);
}

void *mn_gc_take_slow(struct mn_gc_kind *front)
{
    struct mni_gc_kind *kind = (struct mni_gc_kind *)(void *)front;
    struct mni_gc *gc = kind->gc;

    MN_CHECK(!gc->busy, "the collector is used while it collects");
    if (kind->slots == 0)
        return alloc_large(gc, kind, kind->type->size);
    if (front->next == kind->end && !alloc_refill(gc, kind))
        return NULL;
    unsigned char *object = front->next;
    front->next += front->size;
    if (front->limit != kind->end) {
        front->limit = front->next;
        *mni_gc_mark(gc, (uintptr_t)object) = MNI_GC_DUE;
    }
    return object;
}

/* An object of at least `size` bytes of that shape. */
static void *alloc_sized(struct mni_gc *gc, const struct mn_type *type,
                         enum mni_gc_shape shape, size_t size)
{
    if (size > PTRDIFF_MAX)
        return NULL;
    struct mni_gc_kind *kind = mni_gc_kind_of(gc, type, shape, size);
    if (kind == NULL)
        return NULL;
    if (kind->slots != 0)
        return mn_gc_take(&kind->front);
    MN_CHECK(!gc->busy, "the collector is used while it collects");
    return alloc_large(gc, kind, size);
}

struct mn_gc_kind *mn_gc_kind(struct mn_gc *gc, const struct mn_type *type)
{
    MN_CHECK(mn_type_check(type), "a type with a wrong description");
    MN_CHECK(type->align <= MN_GC_GRANULE,
             "a type that is aligned to more than a granule");
    struct mni_gc_kind *kind =
        mni_gc_kind_of(mni_gc(gc), type, MNI_GC_OBJECT, type->size);
    return kind == NULL ? NULL : &kind->front;
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
    return alloc_sized(mni_gc(gc), type, MNI_GC_ARRAY, size);
}

/* The same without a type: the kinds for small sizes are found at once. */
static inline void *alloc_bytes(struct mn_gc *front, enum mni_gc_shape shape,
                                size_t size)
{
    struct mni_gc *gc = mni_gc(front);
    size_t granules = (size + MN_GC_GRANULE - 1) / MN_GC_GRANULE;

    if (granules >= MNI_GC_DIRECT || size > PTRDIFF_MAX)
        return alloc_sized(gc, NULL, shape, size);
    struct mni_gc_kind **direct = &gc->bytes[shape == MNI_GC_LEAF][granules];
    if (*direct == NULL) {
        *direct = mni_gc_kind_of(gc, NULL, shape, size);
        if (*direct == NULL)
            return NULL;
    }
    if ((*direct)->slots == 0)
        return alloc_sized(gc, NULL, shape, size);
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

/* Leave what is left of all runs; it is free. */
void mni_gc_retire_runs(struct mni_gc *gc)
{
    for (size_t i = 0; i < MNI_GC_HASH; i++) {
        struct mni_gc_kind *kind = gc->kinds[i];
        for (; kind != NULL; kind = kind->chain) {
            kind->front.next = kind->front.limit = kind->end = NULL;
            kind->page = MNI_GC_NONE;
        }
    }
}

/* Bytes of runs that were not handed out yet. */
size_t mni_gc_open_bytes(const struct mni_gc *gc)
{
    size_t bytes = 0;

    for (size_t i = 0; i < MNI_GC_HASH; i++) {
        const struct mni_gc_kind *kind = gc->kinds[i];
        for (; kind != NULL; kind = kind->chain)
            bytes += (size_t)(kind->end - kind->front.next);
    }
    return bytes;
}

/* SPDX-License-Identifier: MIT */
/* mark.c -- following references.
 *
 * What is to be marked is on a stack. What is taken from it goes through two
 * short queues: in one while the processor fetches its mark, in the other, if
 * it has references, while it fetches the object. If the stack is full and
 * cannot grow, objects are marked and not followed, their pages are noted, and
 * all marked objects there are followed again when the stack is empty; so there
 * is no failure, and no recursion.
 */
#include "gc/gc.h"

#include "gc/peek.h"

enum {
    MARK_QUEUE = 32,            /* objects that are fetched meanwhile */
    MARK_SLICE = 64,            /* references followed at a time */
    MARK_ROOM = MARK_SLICE + 2, /* words of the stack for one slice */
    MARK_ROOTS = 1024,          /* words of the stack for roots */
    MARK_AGAIN = 1, /* a bit: go on with that object, from the number below */
    MARK_EVEN = 2,  /* so many times as much is there, so that the bit tells */
    MARK_CHUNK = 1024, /* entries that markers give or take, at most */
    MARK_SPARE = 64,   /* who has more gives to who has none */
    MARK_LOOK = 16     /* objects between two looks at who has none */
};

_Static_assert(MN_GC_GRANULE % 2 == 0 && MARK_AGAIN == 1,
               "a bit of an address is free");

/* See to it that there is room for a slice. */
static bool mark_room(struct mni_gc_marker *marker)
{
    struct mni_gc *gc = marker->gc;

    if (marker->capacity - marker->top >= MARK_ROOM)
        return true;
    if (marker->shared)
        return gc->system->give(marker);
    if (!mni_gc_grow(gc, &gc->stack_table,
                     (marker->top + MARK_ROOM) * sizeof *marker->stack))
        return false;
    marker->capacity = gc->stack_table.committed / sizeof *marker->stack;
    return true;
}

/* Several markers may do so at once. */
static void mark_postpone(struct mni_gc *gc, struct mni_gc_page *page)
{
    mni_byte_set(&page->rescan);
    mni_byte_set(&gc->overflowed);
}

/* ---- references of one object ---- */

/* A reference as the stack can have it. What is in the middle of an object
 * stays there. */
static inline uintptr_t mark_even(uintptr_t value)
{
    if (__builtin_expect(value & MARK_AGAIN, 0))
        value = (value ^ MARK_AGAIN) | MARK_EVEN;
    return value;
}

static inline void mark_put(struct mni_gc_marker *marker, uintptr_t value)
{
    if (mni_gc_holds(marker->gc, value))
        marker->stack[marker->top++] = mark_even(value);
}

MNI_GC_PEEKS static void mark_words(struct mni_gc_marker *marker,
                                    const size_t *words, size_t count)
{
    const struct mni_gc *gc = marker->gc;

    for (size_t i = 0; i < count; i++) {
        uintptr_t object = mni_gc_resolve(gc, words[i], gc->options.interior);
        if (object != 0)
            marker->stack[marker->top++] = object;
    }
}

static void mark_members(struct mni_gc_marker *marker,
                         const struct mni_gc_kind *kind,
                         const unsigned char *object, size_t from, size_t end)
{
    size_t size = kind->type->size;
    size_t in = from % kind->strong_count;
    const unsigned char *element = object + from / kind->strong_count * size;

    for (; from < end; from++) {
        uintptr_t value;
        __builtin_memcpy(&value, element + kind->offsets[in], sizeof value);
        mark_put(marker, value);
        if (++in == kind->strong_count) {
            in = 0;
            element += size;
        }
    }
}

struct mark_visit {
    struct mni_gc_marker *marker;
    struct mni_gc_page *page;
};

static void mark_visited(void *slot, const struct mn_member *member,
                         void *context)
{
    struct mark_visit *visit = context;
    struct mni_gc_marker *marker = visit->marker;
    struct mni_gc *gc = marker->gc;
    uintptr_t value;

    __builtin_memcpy(&value, slot, sizeof value);
    if (member->kind != MN_MEMBER_GC || !mni_gc_holds(gc, value)
        || mni_gc_is_marked(gc, value))
        return;
    if (marker->top < marker->capacity || mark_room(marker))
        marker->stack[marker->top++] = mark_even(value);
    else
        mark_postpone(gc, visit->page);
}

/* Follow the references of a marked object from number `from` on, as many as
 * are a slice; the rest is put on the stack. Requires: mark_room. */
static __attribute__((noinline)) void
mark_slice(struct mni_gc_marker *marker, unsigned char *object, size_t from)
{
    struct mni_gc_page *page = mni_gc_page_of(marker->gc, (uintptr_t)object);
    const struct mni_gc_kind *kind = page->kind;
    bool untyped = kind->shape == MNI_GC_UNTYPED;
    size_t count = untyped ? mni_gc_bytes(page) / sizeof(void *)
                           : mni_gc_elements(page) * kind->strong_count;
    size_t end = count;

    if (count - from > MARK_SLICE) {
        end = from + MARK_SLICE;
        marker->stack[marker->top++] = end * MARK_EVEN;
        marker->stack[marker->top++] = (uintptr_t)object | MARK_AGAIN;
    }
    if (untyped)
        mark_words(marker, (const size_t *)(const void *)object + from,
                   end - from);
    else if (kind->strong_count != 0)
        mark_members(marker, kind, object, from, end);
    if (kind->visited && from == 0) {
        struct mark_visit visit = {marker, page};
        kind->type->visit(object, mark_visited, &visit);
    }
}

/* ---- all that can be reached ---- */

/* A copy of what is needed for each object, for registers. */
struct mark {
    uintptr_t base;
    size_t size;
    unsigned char *marks;
    struct mni_gc_page *pages;
    size_t *stack;
    size_t top;
    size_t capacity;
    unsigned page_shift;
    unsigned char epoch, alive;
};

static inline struct mark mark_load(const struct mni_gc_marker *marker)
{
    const struct mni_gc *gc = marker->gc;

    return (struct mark){gc->front.base,   gc->size,       gc->front.marks,
                         gc->pages,        marker->stack,  marker->top,
                         marker->capacity, gc->page_shift, gc->epoch,
                         gc->alive};
}

static _Noreturn __attribute__((cold)) void mark_stop(uintptr_t object)
{
    mni_stop_at("mark", (const void *)object, "a reference leads to no object",
                NULL);
}

/* What to mark for a reference that does not lead to a slot. */
static __attribute__((cold, noinline)) uintptr_t
mark_interior(const struct mni_gc *gc, uintptr_t address)
{
    uintptr_t object =
        gc->options.interior ? mni_gc_resolve(gc, address, true) : 0;

    if (object == 0)
        mark_stop(address);
    return object;
}

/* Whether a slot of the page, or its large object, starts at that offset. */
static inline bool mark_is_start(const struct mni_gc_page *page, size_t offset)
{
    const struct mni_gc_kind *kind = page->kind;

    if (kind == NULL)
        return false;
    /* The low half of the product is small exactly at the start of a slot. */
    return page->bytes != 0
               ? offset == 0
               : (uint32_t)offset * kind->reciprocal < kind->reciprocal;
}

/* Follow the references of a marked object that are few and are all members,
 * or else hand it to mark_slice. */
static inline __attribute__((always_inline)) void
mark_follow(struct mni_gc_marker *marker, struct mark *m, uintptr_t object)
{
    struct mni_gc_page *page = &m->pages[(object - m->base) >> m->page_shift];
    const struct mni_gc_kind *kind = page->kind;

    if (m->capacity - m->top < MARK_ROOM) {
        marker->top = m->top;
        if (!mark_room(marker)) {
            mark_postpone(marker->gc, page);
            return;
        }
        m->top = marker->top;
        m->capacity = marker->capacity;
    }
    if (kind->shape != MNI_GC_OBJECT || kind->visited
        || kind->strong_count > MARK_SLICE) {
        marker->top = m->top;
        mark_slice(marker, (unsigned char *)object, 0);
        m->top = marker->top;
        m->capacity = marker->capacity;
        return;
    }
    for (uint32_t i = 0; i < kind->strong_count; i++) {
        uintptr_t value;
        __builtin_memcpy(&value, (const char *)object + kind->offsets[i],
                         sizeof value);
        m->stack[m->top] = mark_even(value);
        m->top += value - m->base < m->size;
    }
}

/* Mark the object; it, if its references are to be followed, or else 0. */
static inline __attribute__((always_inline)) uintptr_t
mark_object(struct mni_gc *gc, struct mark *m, uintptr_t object, bool watch)
{
    unsigned char *mark = &m->marks[(object - m->base) / MN_GC_GRANULE];
    struct mni_gc_page *page = &m->pages[(object - m->base) >> m->page_shift];
    size_t offset = (object - m->base) & (((size_t)1 << m->page_shift) - 1);

    if ((mni_byte_load(mark) & MNI_GC_EPOCH) == m->epoch)
        return 0;
    if (__builtin_expect(!mark_is_start(page, offset), 0)) {
        object = mark_interior(gc, object);
        mark = &m->marks[(object - m->base) / MN_GC_GRANULE];
        page = &m->pages[(object - m->base) >> m->page_shift];
        if ((mni_byte_load(mark) & MNI_GC_EPOCH) == m->epoch)
            return 0;
    }
    if (watch)
        mni_gc_meet(gc, page, object);
    /* Another marker may do the same at the same moment. Then both follow the
     * object, which costs less than to find out who was first. */
    mni_byte_store(
        mark, (unsigned char)((mni_byte_load(mark) & MNI_GC_STAYS) | m->alive));
    if (page->kind->shape == MNI_GC_LEAF)
        return 0;
    __builtin_prefetch((const void *)object);
    return object;
}

/* Go on with an object that has more references than a slice. */
static size_t mark_go_on(struct mni_gc_marker *marker, uintptr_t object,
                         size_t top)
{
    marker->top = top - 1;
    mark_slice(marker, (unsigned char *)(object - MARK_AGAIN),
               marker->stack[top - 1] / MARK_EVEN);
    return marker->top;
}

/* Give some of it to who has nothing. */
static __attribute__((noinline)) void mark_offer(struct mni_gc_marker *marker,
                                                 struct mark *m)
{
    marker->top = m->top;
    (void)marker->gc->system->give(marker);
    m->top = marker->top;
}

/* Mark what is on the stack, and what that leads to. */
static inline __attribute__((always_inline)) void
mark_loop(struct mni_gc_marker *marker, bool shared, bool watch)
{
    struct mni_gc *gc = marker->gc;
    struct mark m = mark_load(marker);
    uintptr_t marks[MARK_QUEUE] = {0};   /* whose marks are being fetched */
    uintptr_t objects[MARK_QUEUE] = {0}; /* that are being fetched */
    unsigned at = 0;

    for (unsigned idle = 0; idle <= 2 * MARK_QUEUE || m.top > 0; idle++) {
        uintptr_t object = marks[at];
        uintptr_t follow = objects[at];
        marks[at] = 0;
        if (m.top > 0) {
            idle = 0;
            uintptr_t next = m.stack[--m.top];
            if (next & MARK_AGAIN) {
                m.top = mark_go_on(marker, next, m.top);
                m.capacity = marker->capacity;
            } else {
                __builtin_prefetch(&m.marks[(next - m.base) / MN_GC_GRANULE],
                                   1);
                marks[at] = next;
            }
        }
        objects[at] = object != 0 ? mark_object(gc, &m, object, watch) : 0;
        at = (at + 1) % MARK_QUEUE;
        if (follow != 0)
            mark_follow(marker, &m, follow);
        if (shared && at % MARK_LOOK == 0 && m.top > MARK_SPARE
            && gc->system->is_asked_for())
            mark_offer(marker, &m);
    }
    marker->top = m.top;
}

/* Apart, so that the other form has the processor's registers for itself. */
static __attribute__((noinline)) void mark_watched(struct mni_gc *gc)
{
    mark_loop(&gc->marker, false, true);
}

static void mark_all(struct mni_gc *gc)
{
    if (gc->watches)
        mark_watched(gc);
    else
        mark_loop(&gc->marker, false, false);
}

void mni_gc_push(struct mni_gc *gc, uintptr_t object)
{
    struct mni_gc_marker *marker = &gc->marker;

    if (marker->top >= MARK_ROOTS || !mark_room(marker))
        mark_all(gc);
    marker->stack[marker->top++] = object;
}

void mni_gc_rescan(struct mni_gc *gc, uintptr_t object)
{
    if (!mark_room(&gc->marker))
        mark_all(gc);
    mark_slice(&gc->marker, (unsigned char *)object, 0);
}

/* The references of a part of a large array, and of elements that it cuts. */
void mni_gc_rescan_part(struct mni_gc *gc, uintptr_t part)
{
    struct mni_gc_part at = mni_gc_part_at(gc, part);
    const struct mni_gc_kind *kind = at.page->kind;
    bool untyped = kind->shape == MNI_GC_UNTYPED;
    size_t size = untyped ? sizeof(void *) : kind->type->size;
    size_t count = untyped ? 1 : kind->strong_count;
    size_t from = at.from / size * count;
    size_t to = (at.to + size - 1) / size * count;

    for (; from < to; from += MARK_SLICE) {
        size_t end = to - from < MARK_SLICE ? to : from + MARK_SLICE;
        if (!mark_room(&gc->marker))
            mark_all(gc);
        if (untyped)
            mark_words(&gc->marker,
                       (const size_t *)(const void *)at.object + from,
                       end - from);
        else
            mark_members(&gc->marker, kind, at.object, from, end);
    }
}

/* ---- several markers ---- */

void mni_gc_mark_shared(struct mni_gc_marker *marker)
{
    mark_loop(marker, true, false);
}

/* How many entries [0, count) has, or one less if it would cut two that
 * belong together. */
static size_t mark_cut(const size_t *stack, size_t count)
{
    return (stack[count] & MARK_AGAIN) != 0 ? count - 1 : count;
}

bool mni_gc_give(struct mni_gc_marker *marker)
{
    struct mni_gc_marker *common = &marker->gc->marker;
    size_t count = mark_cut(marker->stack, marker->top / 2);
    size_t end = common->top + count;

    if (common->capacity - common->top < count) {
        struct mni_gc_table *table = &marker->gc->stack_table;
        if (!mni_gc_grow(marker->gc, table, end * sizeof *common->stack))
            return false;
        common->capacity = table->committed / sizeof *common->stack;
    }
    __builtin_memcpy(common->stack + common->top, marker->stack,
                     count * sizeof *common->stack);
    common->top = end;
    marker->top -= count;
    __builtin_memmove(marker->stack, marker->stack + count,
                      marker->top * sizeof *marker->stack);
    return true;
}

bool mni_gc_take_some(struct mni_gc_marker *marker)
{
    struct mni_gc_marker *common = &marker->gc->marker;
    /* Half of it, as others may want some. */
    size_t from = common->top / 2;

    if (common->top == 0)
        return false;
    if (common->top - from > MARK_CHUNK)
        from = common->top - MARK_CHUNK;
    from = mark_cut(common->stack, from);
    marker->top = common->top - from;
    __builtin_memcpy(marker->stack, common->stack + from,
                     marker->top * sizeof *marker->stack);
    common->top = from;
    return true;
}

static void mark_again(struct mni_gc *gc, struct mni_gc_page *page,
                       unsigned char *object, void *context)
{
    (void)context;
    if (page->kind->shape == MNI_GC_LEAF)
        return;
    mni_gc_rescan(gc, (uintptr_t)object);
    mark_all(gc);
}

/* Follow what was postponed. */
static void mark_rest(struct mni_gc *gc)
{
    while (gc->overflowed) {
        gc->overflowed = false;
        gc->overflow_count++;
        for (uint32_t page = 0; page < gc->page_end; page++) {
            if (!gc->pages[page].rescan)
                continue;
            gc->pages[page].rescan = false;
            mni_gc_each_marked(gc, page, mark_again, NULL);
        }
    }
}

static void mark_drain(struct mni_gc *gc)
{
    if (!gc->full || gc->options.markers < 2 || gc->system == NULL
        || !gc->system->mark(gc))
        mark_all(gc);
    mark_rest(gc);
}

void mni_gc_drain(struct mni_gc *gc)
{
    mark_drain(gc);
    if (!gc->paired)
        return;
    /* Most keys are marked by now, and all markers may see to their values. */
    mni_gc_push_values(gc);
    mark_drain(gc);
    mni_gc_watch_keys(gc);
    do {
        while (mni_gc_look(gc))
            mark_all(gc);
        mark_rest(gc);
    } while (gc->pairs != NULL);
    mni_gc_forget_keys(gc);
}

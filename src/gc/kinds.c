/* SPDX-License-Identifier: MIT */
/* kinds.c -- which kinds of objects there are: one for each type, shape and
 * size that was asked for. */
#include "gc/gc.h"

enum {
    KINDS_PAGE_PART = 4, /* a slot is at most that part of a page */
    KINDS_EXACT = 8,     /* up to so many granules there is each size */
    KINDS_STEPS = 3      /* then 2^3 to each power of two */
};

/* The size of slots for arrays and bytes. Sizes that as many slots of a page
 * can have are one. */
static size_t kinds_class(const struct mni_gc *gc, size_t size)
{
    size_t granules = (size + MN_GC_GRANULE - 1) / MN_GC_GRANULE;

    if (granules > KINDS_EXACT) {
        unsigned shift = mni_highest_bit(granules - 1) - KINDS_STEPS;
        granules = mni_round_up(granules, (size_t)1 << shift);
    }
    size_t slots = mni_gc_page_size(gc) / (granules * MN_GC_GRANULE);
    if (slots < KINDS_PAGE_PART)
        slots = KINDS_PAGE_PART;
    return mni_round_down(mni_gc_page_size(gc) / slots, MN_GC_GRANULE);
}

/* The size of slots for objects of that kind, or 0 if they are large. */
static size_t kinds_size(const struct mni_gc *gc, enum mni_gc_shape shape,
                         size_t size)
{
    if (size > mni_gc_page_size(gc) / KINDS_PAGE_PART)
        return 0;
    if (shape == MNI_GC_OBJECT)
        return mni_round_up(size, MN_GC_GRANULE);
    size_t granules = (size + MN_GC_GRANULE - 1) / MN_GC_GRANULE;
    return granules <= KINDS_EXACT ? granules * MN_GC_GRANULE
                                   : kinds_class(gc, size);
}

static size_t kinds_hash(const struct mn_type *type, enum mni_gc_shape shape,
                         size_t size)
{
    size_t key = ((uintptr_t)type >> 4) + size / MN_GC_GRANULE * 5 + shape;

    return (key ^ key >> 5) % MNI_GC_HASH;
}

static bool kinds_is(const struct mni_gc_kind *kind, const struct mn_type *type,
                     enum mni_gc_shape shape, size_t size)
{
    return kind->type == type && kind->asked == shape && kind->size == size;
}

/* References of that kind in the members of the type. */
static size_t kinds_count(const struct mn_type *type, unsigned kind)
{
    size_t count = 0;

    for (size_t i = 0; i < type->member_count; i++)
        if (type->members[i].kind == kind)
            count += type->members[i].count;
    return count;
}

static uint32_t *kinds_offsets(const struct mn_type *type, unsigned kind,
                               uint32_t *to)
{
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        if (member->kind != kind)
            continue;
        for (uint32_t k = 0; k < member->count; k++)
            *to++ = member->offset + k * (uint32_t)sizeof(void *);
    }
    return to;
}

/* What the collector has to know of the type. */
static void kinds_describe(struct mni_gc_kind *kind, const struct mn_type *type)
{
    uint32_t *weak = kinds_offsets(type, MN_MEMBER_GC, kind->offsets);
    uint32_t *end = kinds_offsets(type, MN_MEMBER_GC_WEAK, weak);

    kind->strong_count = (uint32_t)(weak - kind->offsets);
    kind->weak_count = (uint32_t)(end - weak);
    kind->visited = type->visit != NULL;
    if (end == kind->offsets && !kind->visited)
        kind->shape = MNI_GC_LEAF;
}

void *mni_gc_record(struct mni_gc *gc, size_t size)
{
    size = mni_round_up(size, sizeof(void *));
    if (!mni_gc_grow(gc, &gc->kind_table, gc->kind_used + size))
        return NULL;
    void *record = gc->kind_table.start + gc->kind_used;
    gc->kind_used += size;
    __builtin_memset(record, 0, size);
    return record;
}

static struct mni_gc_kind *kinds_add(struct mni_gc *gc,
                                     const struct mn_type *type,
                                     enum mni_gc_shape shape, size_t size)
{
    size_t offsets = 0;

    if (type != NULL)
        offsets = kinds_count(type, MN_MEMBER_GC)
                  + kinds_count(type, MN_MEMBER_GC_WEAK);
    struct mni_gc_kind *kind = mni_gc_record(
        gc, sizeof(struct mni_gc_kind) + offsets * sizeof(uint32_t));
    if (kind == NULL)
        return NULL;
    kind->gc = gc;
    kind->type = type;
    kind->shape = shape;
    kind->asked = shape;
    kind->size = size;
    kind->queue = MNI_GC_NONE;
    if (size != 0) {
        kind->slots = (uint32_t)(mni_gc_page_size(gc) / size);
        kind->reciprocal = (uint32_t)((((uint64_t)1 << 32) + size - 1) / size);
    }
    if (type != NULL)
        kinds_describe(kind, type);
    return kind;
}

/* The kind, which all threads share. Requires: the lock. */
static struct mni_gc_kind *kinds_of(struct mni_gc *gc,
                                    const struct mn_type *type,
                                    enum mni_gc_shape shape, size_t size)
{
    struct mni_gc_kind **head = &gc->kinds[kinds_hash(type, shape, size)];
    struct mni_gc_kind *kind = *head;

    while (kind != NULL && !kinds_is(kind, type, shape, size))
        kind = kind->chain;
    if (kind != NULL)
        return kind;
    kind = kinds_add(gc, type, shape, size);
    if (kind != NULL) {
        kind->chain = *head;
        *head = kind;
    }
    return kind;
}

static struct mni_gc_run *kinds_add_run(struct mni_gc_thread *self,
                                        const struct mn_type *type,
                                        enum mni_gc_shape shape, size_t size)
{
    struct mni_gc *gc = self->gc;
    struct mni_gc_run *run = NULL;

    mni_gc_lock(gc);
    struct mni_gc_kind *kind = kinds_of(gc, type, shape, size);
    if (kind != NULL && self == &gc->first)
        run = &kind->first;
    else if (kind != NULL)
        run = mni_gc_record(gc, sizeof *run);
    mni_gc_unlock(gc);
    if (run != NULL)
        *run = (struct mni_gc_run){.front.size = size,
                                   .kind = kind,
                                   .thread = self,
                                   .page = MNI_GC_NONE};
    return run;
}

struct mni_gc_run *mni_gc_run_of(struct mni_gc_thread *self,
                                 const struct mn_type *type,
                                 enum mni_gc_shape shape, size_t size)
{
    size = kinds_size(self->gc, shape, size == 0 ? 1 : size);
    struct mni_gc_run **head = &self->runs[kinds_hash(type, shape, size)];
    struct mni_gc_run **link = head;

    while (*link != NULL && !kinds_is((*link)->kind, type, shape, size))
        link = &(*link)->chain;
    struct mni_gc_run *run = *link;
    if (run != NULL)
        *link = run->chain;
    else
        run = kinds_add_run(self, type, shape, size);
    if (run == NULL)
        return NULL;
    /* To the front: what is used often is found at once. */
    run->chain = *head;
    return *head = run;
}

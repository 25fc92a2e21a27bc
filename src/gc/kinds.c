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

static struct mni_gc_kind **kinds_head(struct mni_gc *gc,
                                       const struct mn_type *type,
                                       enum mni_gc_shape shape, size_t size)
{
    size_t key = ((uintptr_t)type >> 4) + size / MN_GC_GRANULE * 5 + shape;

    return &gc->kinds[(key ^ key >> 5) % MNI_GC_HASH];
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

static struct mni_gc_kind *kinds_alloc(struct mni_gc *gc, size_t offsets)
{
    size_t size =
        mni_round_up(sizeof(struct mni_gc_kind) + offsets * sizeof(uint32_t),
                     sizeof(void *));

    if (!mni_gc_grow(gc, &gc->kind_table, gc->kind_used + size))
        return NULL;
    void *kind = gc->kind_table.start + gc->kind_used;
    gc->kind_used += size;
    __builtin_memset(kind, 0, size);
    return kind;
}

static struct mni_gc_kind *kinds_add(struct mni_gc *gc,
                                     const struct mn_type *type,
                                     enum mni_gc_shape shape, size_t size)
{
    size_t offsets = 0;

    if (type != NULL)
        offsets = kinds_count(type, MN_MEMBER_GC)
                  + kinds_count(type, MN_MEMBER_GC_WEAK);
    struct mni_gc_kind *kind = kinds_alloc(gc, offsets);
    if (kind == NULL)
        return NULL;
    kind->gc = gc;
    kind->type = type;
    kind->shape = shape;
    kind->asked = shape;
    kind->front.size = size;
    kind->page = kind->queue = MNI_GC_NONE;
    if (size != 0) {
        kind->slots = (uint32_t)(mni_gc_page_size(gc) / size);
        kind->reciprocal = (uint32_t)((((uint64_t)1 << 32) + size - 1) / size);
    }
    if (type != NULL)
        kinds_describe(kind, type);
    return kind;
}

struct mni_gc_kind *mni_gc_kind_of(struct mni_gc *gc,
                                   const struct mn_type *type,
                                   enum mni_gc_shape shape, size_t size)
{
    size = kinds_size(gc, shape, size == 0 ? 1 : size);
    struct mni_gc_kind **head = kinds_head(gc, type, shape, size);
    struct mni_gc_kind **link = head;

    while (*link != NULL) {
        struct mni_gc_kind *kind = *link;
        if (kind->type == type && kind->asked == shape
            && kind->front.size == size) {
            /* To the front: what is used often is found at once. */
            *link = kind->chain;
            kind->chain = *head;
            return *head = kind;
        }
        link = &kind->chain;
    }
    struct mni_gc_kind *kind = kinds_add(gc, type, shape, size);
    if (kind != NULL) {
        kind->chain = *head;
        *head = kind;
    }
    return kind;
}

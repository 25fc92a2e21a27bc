/* SPDX-License-Identifier: MIT */
/* mn/gc.h -- a collector: objects that are released when nothing leads to them.
 *
 * Objects have no header and never move. What they refer to is known from the
 * description of their type (mn/type.h: members of the kinds GC and GC_WEAK),
 * and what the program refers to, from its roots (mn/root.h). There may be any
 * number of collectors. A handle is used by one thread at a time, outside
 * signal handlers, and several threads by mn/gc_threads.h; what can be seen of
 * a breach stops the program.
 *
 * Objects are filled with zero, unless stated, and aligned to MN_GC_GRANULE.
 * Out of memory is NULL, after a collection. Whatever allocates may collect
 * first.
 *
 * How to use it: docs/manual/gc.md. Design: docs/design/gc.md
 */
#ifndef MN_GC_H
#define MN_GC_H

#include <mn/block.h>
#include <mn/type.h>

MN_BEGIN

enum { MN_GC_GRANULE = 2 * sizeof(void *) };

struct mn_gc { /* fields are private */
    uintptr_t base;
    unsigned char *marks;       /* a byte for each granule */
    struct mn_gc_frame *frames; /* mn/root.h */
    struct mni_gc_thread *self; /* whose handle it is */
    bool noted;                 /* stores are, as it is generational */
    bool asked;                 /* a collection waits for the thread */
};

enum mn_gc_phase {
    MN_GC_BEGIN, /* a collection, which stops the program */
    MN_GC_MARKED,
    MN_GC_ENDED /* things that ended are in the queue; the program goes on */
};

struct mn_gc_options { /* what is 0 has its default */
    size_t limit;      /* bytes of pages with objects, at most */
    size_t nursery;    /* bytes to allocate between minor collections: 8 MiB */
    size_t reserve;    /* bytes to allocate before the first full one: 8 MiB */
    unsigned growth;   /* percent to grow by until the next full one: 40 */
    unsigned markers;  /* threads that mark in a full one: 1, at most 8 */
    bool generational; /* stores go through mn_gc_store */
    bool interior;     /* so keep what pointers into objects lead to alive */
    bool verify;       /* stop at a store that did not; slow */
    /* For conservative stacks: MN_GC_HERE in a function that outlives all use.
     * NULL: what is on the stack does not count. */
    const void *stack;
    /* Called in each collection. It must not use the collector. */
    void (*phase)(struct mn_gc *gc, enum mn_gc_phase phase, void *context);
    void *context;
};

#define MN_GC_HERE __builtin_frame_address(0)

/* Make a collector, or NULL. `options` may be NULL. */
MN_API struct mn_gc *
mn_gc_create(const struct mn_gc_options *options) MN_MUST_USE;

/* The same with all objects and records inside `memory`, without a system:
 * 4 KiB at least. There are no times in its statistics. */
MN_API struct mn_gc *mn_gc_init(void *memory, size_t size,
                                const struct mn_gc_options *options) MN_MUST_USE
    MN_NONNULL(1);

/* Release all objects, without a call of any drop, and all other memory. */
MN_API void mn_gc_destroy(struct mn_gc *gc) MN_NONNULL(1);

/* ---- objects; a collection reads and changes them, so that compilers must not
 * be told that nothing else leads to what these functions return ---- */

/* An object of that type. Requires: mn_type_check(type), an alignment of at
 * most MN_GC_GRANULE, and that the description stays as it is. */
MN_API void *mn_gc_new(struct mn_gc *gc, const struct mn_type *type) MN_MUST_USE
    MN_NONNULL(1, 2);

/* `count` objects of that type, side by side, which live as one. Requires: it
 * has neither a drop nor a visit. */
MN_API void *mn_gc_new_array(struct mn_gc *gc, const struct mn_type *type,
                             size_t count) MN_MUST_USE MN_NONNULL(1, 2);

/* `size` bytes in which every aligned word that could lead to an object, or
 * into one with .interior, does. */
MN_API void *mn_gc_new_untyped(struct mn_gc *gc, size_t size) MN_MUST_USE
    MN_NONNULL(1) MN_SIZED_BY(2);

/* `size` bytes without pointers. Their content is undefined. */
MN_API void *mn_gc_new_leaf(struct mn_gc *gc, size_t size) MN_MUST_USE
    MN_NONNULL(1) MN_SIZED_BY(2);

/* Where objects of one type come from; fields are private. */
struct mn_gc_kind {
    unsigned char *next; /* the next object, if it is not `limit` */
    unsigned char *limit;
    size_t size;
};

/* The kind for objects of that type, or NULL if there is no memory; it lives
 * as long as the collector. */
MN_API struct mn_gc_kind *mn_gc_kind(struct mn_gc *gc,
                                     const struct mn_type *type) MN_MUST_USE
    MN_NONNULL(1, 2);
MN_API void *mn_gc_take_slow(struct mn_gc_kind *kind) MN_MUST_USE MN_NONNULL(1);

/* As mn_gc_new, in a few instructions. */
static inline MN_MUST_USE void *mn_gc_take(struct mn_gc_kind *kind)
{
    unsigned char *object = kind->next;

    if (object == kind->limit)
        return mn_gc_take_slow(kind);
    kind->next = object + kind->size;
    return object;
}

/* ---- stores into objects, where the collector is generational ---- */

enum { MNI_GC_LOG = 0x80 };
MN_API void mn_gc_note(struct mn_gc *gc, void *holder, const void *field)
    MN_NONNULL(1, 2);

static inline bool mni_gc_is_noted(const struct mn_gc *gc, const void *holder)
{
    size_t at = ((uintptr_t)holder - gc->base) / MN_GC_GRANULE;

    return gc->noted && (MN_READ_ANY(&gc->marks[at]) & MNI_GC_LOG) != 0;
}

/* Say that references in `holder`, the start of an object, are to change.
 * Requires: that is done before the next allocation. */
static inline void mn_gc_touch(struct mn_gc *gc, void *holder)
{
    if (mni_gc_is_noted(gc, holder))
        mn_gc_note(gc, holder, NULL);
}

/* Store `value` at `field`, a reference in `holder`, as in
 * mn_gc_store(gc, node, &node->next, next). */
static inline void mn_gc_store(struct mn_gc *gc, void *holder, void *field,
                               const void *value)
{
    if (mni_gc_is_noted(gc, holder))
        mn_gc_note(gc, holder, field);
    __builtin_memcpy(field, &value, sizeof value);
}

/* ---- collections ---- */

/* Collect now: all objects, or, in a generational collector, those made since
 * the last collection if not `full`. */
MN_API void mn_gc_collect(struct mn_gc *gc, bool full) MN_NONNULL(1);

/* Objects whose type has a drop are not released when nothing leads to them
 * any more: they, and what they lead to, stay until this has called the drop,
 * once, in any order among them; what drop has made the program refer to again
 * lives on as an object without a drop. Weak references to them are NULL
 * before. Call the drops of up to `most` of them, and tell how many. */
MN_API size_t mn_gc_finalize(struct mn_gc *gc, size_t most) MN_NONNULL(1);

struct mn_gc_stats {
    /* Bytes of memory. All but `records` add up to `committed`. */
    size_t committed; /* for objects, so far */
    size_t live;      /* objects that the last collection found */
    size_t fresh;     /* made since; a drop or a mark may be due */
    size_t room;      /* free, in pages with objects, and rounding */
    size_t stock;     /* free pages */
    size_t returned;  /* free pages that the system has back */
    size_t records;   /* about objects */
    size_t used_max;  /* the most in pages with objects, so far */
    /* Numbers. */
    uint64_t minor_count, full_count, overflow_count;
    uint64_t object_count; /* that the last collection found */
    uint64_t due_count;    /* objects that wait for mn_gc_finalize */
    /* Nanoseconds that the program stood still. */
    uint64_t pause_ns_last, pause_ns_max, pause_ns_sum;
};

/* O(pages). */
MN_API void mn_gc_read_stats(const struct mn_gc *gc, struct mn_gc_stats *stats)
    MN_NONNULL(1, 2);

/* Give all free pages back to the system. */
MN_API void mn_gc_trim(struct mn_gc *gc) MN_NONNULL(1);

/* True if every invariant holds. Reads all objects and records. */
MN_API bool mn_gc_check(const struct mn_gc *gc) MN_MUST_USE MN_NONNULL(1);

/* As mn_block_at, which knows objects of mn_gc_create: the object or the free
 * place of one in which `address` lies. */
MN_API bool mn_gc_block_at(const struct mn_gc *gc, const void *address,
                           struct mn_block *block) MN_MUST_USE MN_NONNULL(1, 3);

MN_END

#endif

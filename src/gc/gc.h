/* SPDX-License-Identifier: MIT */
/* gc.h -- the collector from inside.
 *
 * begin.c lays it out; kinds.c knows what kinds of objects there are, pages.c
 * and large.c where their pages come from, alloc.c hands out objects, roots.c
 * and stack.c find roots, mark.c follows references, ephemeron.c those of
 * pairs, weak.c and finalize.c treat what died, sweep.c makes room of it,
 * collect.c is one collection from end to end, and verify.c, check.c and
 * stats.c look at the whole. system.c alone knows that there is a system, and
 * world.c that there are threads: it has them attach, and stop; team.c has
 * several mark. log.c notes what changed.
 *
 * Each thread has a handle of its own, with frames, a part of the log, and the
 * runs that it takes objects from. What all share is changed under the lock,
 * or by the one that goes on while all others stand still.
 *
 * A mark byte tells of the object that starts at its granule. Between two
 * collections it is the epoch if the last collection found the object, and 0
 * in that place if not: a free slot, or an object that was made since. A full
 * collection takes the other epoch, so that nothing has to be cleared before.
 */
#ifndef MNI_GC_H
#define MNI_GC_H

#include <mn/root.h>

#include "base/assert.h"
#include "base/atomic_byte.h"
#include "base/bits.h"
#include "region/tiled.h"

enum {
    MNI_GC_EPOCH = 3,     /* bits of the epoch: 1 or 2 */
    MNI_GC_DUE = 0x40,    /* its type's drop is to be called once it is dead */
    MNI_GC_QUEUED = 0x20, /* it was dead, and waits for that call */
    MNI_GC_KEY = 0x08,    /* while marking: an ephemeron waits for it */
    MNI_GC_CARD = 0x10,   /* this part of a large object is in the log */
    MNI_GC_STAYS = MNI_GC_DUE | MNI_GC_QUEUED,
    MNI_GC_PART = 64 /* bytes of such a part */
};

#define MNI_GC_NONE UINT32_MAX /* no page */

enum mni_gc_shape {
    MNI_GC_OBJECT, /* one object of a type */
    MNI_GC_ARRAY,  /* several, side by side */
    MNI_GC_UNTYPED,
    MNI_GC_LEAF,
    MNI_GC_EPHEMERON
};

struct mni_gc_thread;
struct mni_gc_kind;

/* Where a thread takes objects of one kind from. */
struct mni_gc_run {
    /* [next, end) is what is left of a run of free slots, filled with zero.
     * front.limit is `end`, or `next` where each allocation has more to do. */
    struct mn_gc_kind front;
    unsigned char *end;
    struct mni_gc_kind *kind;
    struct mni_gc_thread *thread;
    struct mni_gc_run *chain; /* in the thread's hash table */
    uint32_t page;            /* where the run is, or MNI_GC_NONE */
};

/* Objects that share pages: of one type and shape, and of one size. */
struct mni_gc_kind {
    struct mni_gc_run first; /* of the collector's first thread */
    size_t size;             /* of a slot; 0 if there are none */
    struct mni_gc *gc;
    const struct mn_type *type; /* NULL: untyped, or a leaf */
    struct mni_gc_kind *chain;  /* in the hash table */
    enum mni_gc_shape shape;    /* a leaf too if the type has no references */
    enum mni_gc_shape asked;    /* the shape before that was looked at */
    uint32_t slots;      /* in a page; 0: each object has pages of its own */
    uint32_t reciprocal; /* of the size of a slot, times 2^32, rounded up */
    uint32_t queue;      /* the first page with room, or MNI_GC_NONE */
    uint32_t strong_count;
    uint32_t weak_count;
    bool visited;       /* has references that only its type's visit finds */
    uint32_t offsets[]; /* of strong references, then of weak ones */
};

/* Of each page. Pages of a kind are in its queue, are its current page, or
 * have too little room to be worth it. */
struct mni_gc_page {
    struct mni_gc_kind *kind; /* NULL: free, or inside a large object */
    struct mni_gc_run *run;   /* that allocates from it, or NULL */
    size_t bytes;             /* of a large object; 0: a page of slots */
    uint32_t live;            /* objects that are marked */
    uint32_t counted;         /* of them, those in the collector's sums */
    uint32_t scan;   /* granules: slots below are marked or were handed out */
    uint32_t next;   /* in the queue, or the stock */
    uint32_t young;  /* the next page that was allocated from, or NONE */
    uint32_t head;   /* inside a large object: pages back to its first */
    uint32_t queued; /* objects that wait for their drop */
    union {
        uint32_t freed; /* without a kind: the number of the full one then */
        uint32_t waits; /* ephemeron.c, while marking; else 0 */
    };
    bool is_young;
    bool is_clean;  /* filled with zero, or never used */
    bool in_stock;  /* free, and taken from the region */
    bool is_queued; /* in the queue of its kind */
    bool rescan;    /* has marked objects whose references were not followed */
};

/* A part of the collector's memory, of which the start is memory. */
struct mni_gc_table {
    unsigned char *start;
    size_t size;
    size_t committed;
};

struct mni_gc_marker;

/* What only a system can do. */
struct mni_gc_system {
    bool (*commit)(void *start, size_t size);
    bool (*purge)(void *start, size_t size); /* it reads zero afterwards */
    uint64_t (*now)(void);
    void (*destroy)(struct mni_gc *gc);
    void (*lock)(struct mni_gc *gc, bool enter);
    void (*stop)(struct mni_gc_thread *self);
    void (*resume)(struct mni_gc_thread *self);
    void (*pause)(struct mni_gc_thread *self);
    /* Mark what was noted, by several threads, if there are any. */
    bool (*mark)(struct mni_gc *gc);
    /* A marker gives half of what it has to all; whether anybody has none. */
    bool (*give)(struct mni_gc_marker *marker);
    bool (*is_asked_for)(void);
    size_t unit; /* bytes, of what is committed and purged */
};

/* What a layer above adds that knows more of the program: src/front. */
struct mni_gc_beside {
    bool (*allows)(struct mni_gc *gc); /* a collection, now */
    void (*roots)(struct mni_gc *gc);  /* push what the program refers to */
    void (*marked)(struct mni_gc *gc); /* all that it leads to is marked */
};

enum { MNI_GC_HASH = 32, MNI_GC_DIRECT = 40 };

/* Who follows references, and what it has found to be marked. */
struct mni_gc_marker {
    struct mni_gc *gc;
    size_t *stack;
    size_t top, capacity;
    bool shared; /* others mark, too: a full stack goes to the common one */
};

/* A thread that uses the collector, by its handle. */
struct mni_gc_thread {
    struct mn_gc *front;
    struct mni_gc *gc;
    struct mni_gc_run *runs[MNI_GC_HASH];
    struct mni_gc_run *bytes[2][MNI_GC_DIRECT]; /* untyped, leaf: by granules */
    /* Its part of the log, and what is left of that. */
    size_t *log_next, *log_end;
    size_t fresh; /* bytes of its runs that `fresh` does not have yet */
    /* The ends of a conservative stack, or NULL. While the thread stands still
     * or is outside, its registers are in it. */
    const void *stack, *stack_top;
    struct mni_gc_thread *next; /* of the collector, attached or not */
    struct mni_gc_thread *same; /* of the same thread of the system */
    const void *owner; /* tells the thread of the system that used it last */
    bool attached;
    bool outside; /* does not touch objects, so that nobody waits for it */
};

struct mni_gc {
    struct mn_gc front; /* of the first thread */
    size_t size;        /* bytes of the heap's range */
    struct mni_gc_page *pages;
    uint32_t page_shift;
    uint32_t page_count;
    uint32_t page_end; /* pages from here on were never used */
    unsigned char epoch;
    unsigned char alive; /* what marking writes: the epoch, and LOG */

    struct mn_gc_options options;
    const struct mni_gc_system *system; /* NULL: all is memory from the start */
    void *system_context;
    const struct mni_gc_beside *beside; /* NULL: nothing */
    struct mni_gc_table heap, mark_table, page_table, control, stack_table,
        log_table, kind_table, marker_table;
    size_t kind_used; /* bytes of kind_table */
    struct mn_tiled tiled;
    struct mni_gc_kind *kinds[MNI_GC_HASH];
    struct mni_gc_thread first;
    struct mni_gc_thread *threads; /* all of them */
    struct mni_gc_thread *self;    /* the one that collects */

    uint32_t stock; /* free pages, the warmest first */
    uint32_t stock_count;
    uint32_t young; /* pages that were allocated from since the last one */
    size_t used;    /* pages with objects */
    size_t used_max;

    size_t fresh;  /* bytes handed out since the last collection, in runs */
    size_t budget; /* collect when so many are */
    size_t live;   /* bytes that the last collection found */
    uint64_t live_count;
    size_t full_at; /* the next one is a full one if so many were */
    bool want_full;
    bool full;       /* what goes on is a full collection */
    bool busy;       /* in a collection, or about to change the heap */
    bool overflowed; /* pages have marked objects to rescan */
    bool paired;     /* there are ephemerons, or were */
    bool watches;    /* marking hands over keys that are waited for */
    bool thrifty;    /* pages with any room are worth it */

    struct mn_gc_ephemeron *pairs; /* to be looked at */
    struct mni_gc_marker marker;   /* of roots; else what markers share */
    size_t *log; /* objects that changed, parts of large ones plus 1, or 0 */
    size_t log_count, log_capacity;
    bool log_lost;

    struct mn_gc_root *roots;
    uint64_t due_count;
    uint32_t due_page; /* where mn_gc_finalize goes on */
    size_t due_slot;
    uint64_t minor_count, full_count, overflow_count;
    uint64_t began, pause_last, pause_max, pause_sum;
};

static inline struct mni_gc *mni_gc(const struct mn_gc *front)
{
    return front->self->gc;
}

static inline void mni_gc_lock(struct mni_gc *gc)
{
    if (gc->system != NULL)
        gc->system->lock(gc, true);
}

static inline void mni_gc_unlock(struct mni_gc *gc)
{
    if (gc->system != NULL)
        gc->system->lock(gc, false);
}

/* Have all other threads stand still where nothing is half done. Meanwhile
 * others may have done so, too. Requires: not the lock. */
static inline void mni_gc_stop(struct mni_gc_thread *self)
{
    if (self->gc->system != NULL)
        self->gc->system->stop(self);
}

static inline void mni_gc_resume(struct mni_gc_thread *self)
{
    if (self->gc->system != NULL)
        self->gc->system->resume(self);
}

static inline size_t mni_gc_page_size(const struct mni_gc *gc)
{
    return (size_t)1 << gc->page_shift;
}

static inline bool mni_gc_holds(const struct mni_gc *gc, uintptr_t address)
{
    return address - gc->front.base < gc->size;
}

static inline unsigned char *mni_gc_page_start(const struct mni_gc *gc,
                                               uint32_t page)
{
    return gc->heap.start + ((size_t)page << gc->page_shift);
}

static inline unsigned char *mni_gc_mark(const struct mni_gc *gc,
                                         uintptr_t object)
{
    return &gc->front.marks[(object - gc->front.base) / MN_GC_GRANULE];
}

static inline unsigned char *mni_gc_page_marks(const struct mni_gc *gc,
                                               uint32_t page)
{
    return gc->front.marks + (((size_t)page << gc->page_shift) / MN_GC_GRANULE);
}

static inline struct mni_gc_page *mni_gc_page_of(const struct mni_gc *gc,
                                                 uintptr_t address)
{
    return &gc->pages[(address - gc->front.base) >> gc->page_shift];
}

static inline bool mni_gc_is_marked(const struct mni_gc *gc, uintptr_t object)
{
    return (*mni_gc_mark(gc, object) & MNI_GC_EPOCH) == gc->epoch;
}

/* Bytes that the object may use. */
static inline size_t mni_gc_bytes(const struct mni_gc_page *page)
{
    return page->bytes != 0 ? page->bytes : page->kind->size;
}

/* How many objects of its type are in it, and references of one kind in all. */
static inline size_t mni_gc_elements(const struct mni_gc_page *page)
{
    return page->kind->shape == MNI_GC_ARRAY
               ? mni_gc_bytes(page) / page->kind->type->size
               : 1;
}

/* begin.c */
struct mni_gc *mni_gc_begin(struct mni_gc *gc, const struct mn_gc_options *o);
bool mni_gc_grow(struct mni_gc *gc, struct mni_gc_table *table, size_t end);

/* kinds.c: where the thread takes objects of at least `size` bytes from, or
 * NULL; more memory of that sort. */
struct mni_gc_run *mni_gc_run_of(struct mni_gc_thread *self,
                                 const struct mn_type *type,
                                 enum mni_gc_shape shape, size_t size);
void *mni_gc_record(struct mni_gc *gc, size_t size);

/* pages.c, under the lock: a page for objects of that kind, or MNI_GC_NONE. */
uint32_t mni_gc_page_take(struct mni_gc *gc, struct mni_gc_kind *kind);
/* Pages in a row for one object. */
uint32_t mni_gc_pages_take(struct mni_gc *gc, struct mni_gc_kind *kind,
                           size_t bytes);
void mni_gc_page_free(struct mni_gc *gc, uint32_t page);
void mni_gc_page_use(struct mni_gc *gc, uint32_t page);
void mni_gc_purge(struct mni_gc *gc, uint32_t age);

/* alloc.c: an object of at least `size` bytes of that shape, or NULL. */
void *mni_gc_alloc(struct mni_gc *gc, const struct mn_type *type,
                   enum mni_gc_shape shape, size_t size);
/* alloc.c. The two others are of all threads, which stand still: what is left
 * of runs, and what they are but for that. */
void mni_gc_retire_runs(struct mni_gc *gc);
size_t mni_gc_open_bytes(const struct mni_gc *gc);
size_t mni_gc_fresh(const struct mni_gc *gc);

/* roots.c: the object at `address`, or that it lies in if `interior`; 0 if that
 * is none. */
uintptr_t mni_gc_resolve(const struct mni_gc *gc, uintptr_t address,
                         bool interior);
void mni_gc_mark_roots(struct mni_gc *gc);
void mni_gc_mark_ambiguous(struct mni_gc *gc, const void *start, size_t count);

/* stack.c: the ambiguous words on the stack of a thread, and in registers of
 * the one that runs. Call `run` while the thread's stack has its registers. */
void mni_gc_mark_stack(struct mni_gc *gc, const struct mni_gc_thread *thread);
void mni_gc_spill(struct mni_gc_thread *self, void (*run)(void *context),
                  void *context);

/* mark.c: note an object to be marked, mark what was noted and all that it
 * leads to, follow the references of a marked object again. */
void mni_gc_push(struct mni_gc *gc, uintptr_t object);
void mni_gc_drain(struct mni_gc *gc);
void mni_gc_rescan(struct mni_gc *gc, uintptr_t object);
void mni_gc_rescan_part(struct mni_gc *gc, uintptr_t part);

/* ephemeron.c: push the values whose keys are marked; have marking hand over
 * what it marks, by mni_gc_meet just before; look at what that listed, false if
 * there was nothing; have all be as before; clear those whose keys are dead. */
void mni_gc_push_values(struct mni_gc *gc);
void mni_gc_watch_keys(struct mni_gc *gc);
void mni_gc_meet(struct mni_gc *gc, struct mni_gc_page *page, uintptr_t object);
bool mni_gc_look(struct mni_gc *gc);
void mni_gc_forget_keys(struct mni_gc *gc);
void mni_gc_clear_ephemerons(struct mni_gc *gc);
bool mni_gc_ephemeron_check(const struct mni_gc *gc, const void *object);

/* For several markers: mark what one has; under the team's lock, give half of
 * it to the common marker, false if there is no memory, or take some of what
 * that one has, which is for an empty stack, and false if that has none. */
void mni_gc_mark_shared(struct mni_gc_marker *marker);
bool mni_gc_give(struct mni_gc_marker *marker);
bool mni_gc_take_some(struct mni_gc_marker *marker);

/* Call `fn` with each marked object in the page. */
typedef void (*mni_gc_object_fn)(struct mni_gc *gc, struct mni_gc_page *page,
                                 unsigned char *object, void *context);
void mni_gc_each_marked(struct mni_gc *gc, uint32_t page, mni_gc_object_fn fn,
                        void *context);
/* Call `fn` with each page that has objects and may have changed: all, or those
 * that were allocated from since the last collection. */
typedef void (*mni_gc_page_fn)(struct mni_gc *gc, uint32_t page);
void mni_gc_each_page(struct mni_gc *gc, bool full, mni_gc_page_fn fn);

/* weak.c, finalize.c, sweep.c, verify.c */
void mni_gc_clear_weak(struct mni_gc *gc, bool full);
bool mni_gc_queue_dead(struct mni_gc *gc, bool full);
void mni_gc_mark_queued(struct mni_gc *gc);
void mni_gc_sweep(struct mni_gc *gc, bool full);
void mni_gc_verify(struct mni_gc *gc);

/* log.c: a part of a large object that changed; follow what is in the log, or
 * forget it. */
struct mni_gc_part {
    struct mni_gc_page *page;
    unsigned char *object;
    size_t from, to; /* bytes in the object */
};
struct mni_gc_part mni_gc_part_at(const struct mni_gc *gc, uintptr_t part);
void mni_gc_follow_log(struct mni_gc *gc);
void mni_gc_forget_log(struct mni_gc *gc);
void mni_gc_close_log(struct mni_gc *gc);

/* begin.c: the record of a handle. */
void mni_gc_begin_thread(struct mni_gc *gc, struct mni_gc_thread *thread,
                         struct mn_gc *front);

/* release.c: the object, which nothing leads to, is dead: have its place free
 * at once, if that is cheap. Requires: no generations, and no other thread. */
void mni_gc_release(struct mni_gc *gc, uintptr_t object);

/* collect.c. Requires: the others stand still. */
void mni_gc_collect(struct mni_gc_thread *self, bool full);

#endif

/* SPDX-License-Identifier: MIT */
/* heap.h -- what a heap is, and which files do what with it.
 *
 * A heap allocates from one slab for each class, the current one, a word of
 * bits at a time. Further slabs with free slots are listed; full ones are on
 * no list and are found again when a slot comes back. Whether a release may
 * take the fast path is one comparison: the slab's owner trusts this heap.
 *
 *   fast.h    allocation and release without a call
 *   alloc.c   finding the next word with a free slot
 *   free.c    every release that is not plain
 *   large.c   blocks above 256 KiB, a span each
 *   cache.c   such spans, kept between two blocks
 *   grow.c    blocks that are made larger again and again
 *   check.c   whether all invariants hold
 *   hint.c    whether a block is better moved
 *   thread.c  heaps of threads: birth, death, orphans, fork
 *   heap.c    the public interface
 *   stats.c   where the memory is
 *   walk.c    visiting all blocks that are out
 *   leaks.c   which of them nothing leads to
 *   limit.c   bounds, and asking the program before failure
 *   stock.c, arena.c  where spans come from
 *   huge.c    for which memory huge pages are asked for
 *   purge.c   when free memory goes back
 *   returned.c  what other threads returned to one that sleeps
 *   ages.c    what nobody takes, in slabs that are partly used
 *   gone.c    slabs that another thread emptied
 *   demand.c  checks when another process asks
 *   place.c   memory for heaps of their own, on some nodes
 */
#ifndef MNI_HEAP_H
#define MNI_HEAP_H

#include <mn/heap.h>

#include "heap/cache.h"
#include "heap/limit.h"
#include "heap/stock.h"
#include "slab/slab.h"

enum {
    MNI_GRANULES = 64, /* sizes up to 1 KiB find their bin by table */
    MNI_DIRECT_MAX = MNI_GRANULES * MNI_SLOT_UNIT,
    MNI_HEAP_ASIDE = 64
};

/* Where a heap allocates the slots of one class. */
struct mni_bin {
    _Atomic uint64_t *word; /* free slots to hand out, lowest first */
    unsigned char *base;    /* slot of the word's bit 0 */
    size_t slot_size;
    struct mni_slab *current; /* the word is one of its, or it is NULL */
};

/* How full a listed slab was when it was looked at, in the order in which slabs
 * are taken up. */
enum mni_rank {
    MNI_RANK_DENSE,  /* up to half of it is free */
    MNI_RANK_HALF,   /* up to three quarters */
    MNI_RANK_SPARSE, /* more */
    MNI_RANK_BRIM,   /* less than an eighth: not yet worth taking up */
    MNI_RANK_COUNT
};

/* The slabs of one class that a heap has. */
struct mni_slabs {
    struct mni_slab *first[MNI_RANK_COUNT]; /* of the listed ones: queues */
    struct mni_slab *last[MNI_RANK_COUNT];
    size_t free_count; /* slots that were free in them when looked at */
    uint32_t count;    /* of all slabs, listed, current or full */
    uint32_t pause;    /* so many are taken up without a look */
};

enum mni_heap_kind {
    MNI_HEAP_NONE,   /* of a thread that has not allocated yet */
    MNI_HEAP_THREAD, /* of a living thread */
    MNI_HEAP_IDLE,   /* of a thread that ended; waits for another thread */
    MNI_HEAP_COMMON, /* has the slabs of threads that ended */
    MNI_HEAP_OWN     /* first-class */
};

struct mni_heap {
    /* Sizes below are allocated on the fast paths: from a bin that the table
     * leads to, and from any bin. */
    size_t direct;
    size_t slots;
    struct mni_stock *stock;
    struct mni_heap *next; /* in the list of all heaps of threads */
    struct mni_heap *idle; /* in the list of idle ones */

    /* Under the stock's lock: what `pending` was when returned.c last looked,
     * and at how many looks in a row. */
    const struct mni_slab *told;
    uint32_t told_looks;

    uint32_t looked; /* mni_ages_looks when idle slabs were last retired */

    /* What `direct` and `slots` are of a heap that is MNI_HEAP_ASIDE bytes
     * further: zero for ever. */
    _Alignas(MNI_HEAP_ASIDE) size_t aside[2];
    struct mni_bin *granules[MNI_GRANULES];
    _Alignas(64) struct mni_bin bins[MNI_CLASS_COUNT]; /* two in a line */
    struct mni_slabs slabs[MNI_CLASS_COUNT];
    _Atomic(struct mni_slab *) pending; /* slabs that got slots back */
    struct mni_slab *gone;              /* records that are left of some */
    _Atomic uint32_t drains; /* odd while returned slots are on their way */
    bool busy;               /* of a heap that is not the thread's own */
    _Atomic uint32_t kind;   /* an enum mni_heap_kind */
    struct mni_cache cache;  /* of large spans, of a thread's heap */
};
_Static_assert(offsetof(struct mni_heap, aside)
                   == offsetof(struct mni_heap, direct) + MNI_HEAP_ASIDE,
               "a heap aside is one that allocates nothing");

/* Where a heap lies that has memory of its own. */
struct mni_place {
    unsigned char *start;
    size_t size;
    bool reserved;  /* for the heap, not given by the user */
    uint16_t nodes; /* that the whole pages are bound to, or 0 */
};

/* A first-class heap. */
struct mn_heap {
    struct mni_heap heap; /* first: slabs lead to it */
    struct mni_lock lock; /* of a shared heap */
    struct mni_stock *stock;
    struct mni_large *large; /* its blocks above 256 KiB; common lock */
    struct mni_limit limit;
    bool shared;
    struct mn_heap *next; /* in the list of all first-class heaps */
    struct mn_heap *prev;
    struct mni_stock fixed; /* its stock, if it lies in memory of the user */
    struct mni_place place;
};

/* The first-class heap that this is, or NULL. */
static inline struct mn_heap *mni_heap_first_class(struct mni_heap *heap)
{
    return mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_OWN
               ? (struct mn_heap *)heap
               : NULL;
}

/* The limit of a heap, or NULL. */
static inline struct mni_limit *mni_limit_of(struct mn_heap *heap)
{
    return heap == NULL ? NULL : &heap->limit;
}

/* A block above 256 KiB. */
struct mni_large {
    struct mni_span span;
    _Atomic size_t asked;           /* bytes, for statistics */
    _Atomic(struct mn_heap *) heap; /* that it belongs to, or NULL */
    struct mni_large *next;         /* in that heap's list */
    struct mni_large *prev;
    struct mni_large *deferred; /* in the list of those to be released later */
};

/* This thread's heap; mni_heap_none before the first allocation. */
extern _Thread_local struct mni_heap *mni_heap_self
    __attribute__((tls_model("initial-exec")));

/* The same for the fast paths. While the heap is busy, it leads MNI_HEAP_ASIDE
 * bytes further, which is a heap that allocates nothing and that no slab
 * trusts: so a signal handler takes the slow paths without a test. */
extern _Thread_local void *mni_heap_quick
    __attribute__((tls_model("initial-exec")));

/* A heap that has nothing and gets nothing, so that the fast path needs no
 * test for the first allocation of a thread. */
extern struct mni_heap mni_heap_none;

/* The heap that takes slabs over from threads that ended; under its lock. */
extern struct mni_heap mni_heap_common;
bool mni_common_lock(void) __attribute__((warn_unused_result));
void mni_common_unlock(void);

/* Whether this very thread holds the lock. */
bool mni_common_is_mine(void);

/* In the child of a fork: nobody else has the lock. If a thread had it that is
 * gone, what it guards is made anew. */
void mni_common_after_fork(void);

/* ---- alloc.c ---- */

/* Make a heap ready to allocate, with nothing in it. Requires: its lists of
 * slabs are empty. What is zero is not written to: most of a heap is never
 * used. */
void mni_heap_init(struct mni_heap *heap, struct mni_stock *stock);

/* Allocate when the bin's word is empty, or NULL. */
void *mni_alloc_slow(struct mni_heap *heap, size_t size);

/* Requires: the thread's heap is not busy. */
static inline void mni_quick_begin_busy(void)
{
    mni_word_advance(&mni_heap_quick, MNI_HEAP_ASIDE);
    mn_atomic_signal_fence();
}

/* Around everything that changes a heap's lists or bins: a signal handler in
 * between takes other paths. */
static inline void mni_heap_begin_busy(struct mni_heap *heap)
{
    if (heap == mni_heap_self)
        mni_heap_quick = (unsigned char *)heap + MNI_HEAP_ASIDE;
    else
        heap->busy = true;
    mn_atomic_signal_fence();
}

static inline void mni_heap_end_busy(struct mni_heap *heap)
{
    mn_atomic_signal_fence();
    if (heap == mni_heap_self)
        mni_heap_quick = heap;
    else
        heap->busy = false;
}

/* Whether this thread is changing the heap, or it is that of no thread. */
static inline bool mni_heap_is_busy(const struct mni_heap *heap)
{
    const struct mni_heap *quick = mni_heap_quick;

    return heap == mni_heap_self ? quick->direct == 0 : heap->busy;
}

/* The thread's own heap, which is busy from now on; or NULL if it cannot be. */
static inline struct mni_heap *mni_own_begin_busy(void)
{
    struct mni_heap *heap = mni_heap_quick;

    if (heap->direct == 0)
        return NULL;
    mni_quick_begin_busy();
    return heap;
}

static inline void mni_own_end_busy(struct mni_heap *heap)
{
    mn_atomic_signal_fence();
    mni_heap_quick = heap;
}

/* Sizes asked for, by class: how many were looked at, and their sum. */
void mni_sample_read(unsigned class, uint64_t *count, uint64_t *bytes);

/* ---- lists.c: all for the owner, or with the common heap's lock ---- */

static inline enum mni_slab_place mni_slab_place(const struct mni_slab *slab)
{
    return (enum mni_slab_place)(mn_atomic_load_relaxed(&slab->place)
                                 % (1 << MNI_SLAB_PLACE_BITS));
}

/* Put a slab that is on no list, and not current, where it belongs. */
void mni_slab_settle(struct mni_heap *heap, struct mni_slab *slab);

/* Take a listed slab off its list, into the owner's hand. False if another
 * thread has given its span back: then only a record was left, and put away. */
bool mni_slab_unlist(struct mni_heap *heap, struct mni_slab *slab);

/* Take the next listed slab into the owner's hand, to allocate from it; NULL if
 * there is none. */
struct mni_slab *mni_heap_take_listed(struct mni_heap *heap, unsigned class);

/* The same for a full one, which is on no list. */
bool mni_slab_pick_up(struct mni_heap *heap, struct mni_slab *slab);

/* Whether the heap has a listed slab of the class. */
static inline bool mni_heap_has_listed(const struct mni_heap *heap,
                                       unsigned class)
{
    return heap->slabs[class].free_count != 0;
}

/* The listed slab of the class to take up next, or NULL. */
struct mni_slab *mni_heap_listed(struct mni_heap *heap, unsigned class);

/* Put a listed slab into the queue that it belongs to now. */
void mni_slab_look(struct mni_heap *heap, struct mni_slab *slab);

/* Give a slab that is on no list, and not current, to another heap. */
void mni_slab_give(struct mni_slab *slab, struct mni_heap *heap);

/* If a listed slab is empty and nobody is about to touch it, return it to the
 * stock. */
void mni_slab_release_if_empty(struct mni_heap *heap, struct mni_slab *slab);

/* A slot of the slab was released: if the slab was full, list it. */
void mni_slab_list_again(struct mni_heap *heap, struct mni_slab *slab);

/* Make the bin allocate from `slab`, which is on no list, from its word `from`
 * on. False if there is no free slot there. */
bool mni_bin_use(struct mni_heap *heap, struct mni_bin *bin,
                 struct mni_slab *slab, uint32_t from);

/* Make the bin's current slab a listed or full one. */
void mni_bin_retire(struct mni_heap *heap, struct mni_bin *bin);

/* Have the slab's owner take in what other threads returned of it, such that a
 * walk can tell. True if there was anything. */
bool mni_slab_drain(struct mni_heap *heap, struct mni_slab *slab);

/* Take in what other threads returned. True if there was anything. */
bool mni_heap_drain(struct mni_heap *heap);

/* Retire all current slabs, and return all empty ones to the stock. */
void mni_heap_collect(struct mni_heap *heap);

/* Any thread: tell the heap that owns it that a slab got slots back. */
void mni_slab_tell(struct mni_slab *slab);

/* In the child of a fork that interrupted the holder of the common lock: let
 * that one take the slab in, which no thread has, before it leaves. */
void mni_slab_put_off(struct mni_slab *slab);

/* ---- gone.c ---- */

/* Any thread: if this is still the slab where `block` was, no slot of it is
 * out, and its owner does not allocate from it, return its span. */
void mni_gone_return(struct mni_slab *slab, const void *block);

/* Owner: put away the record of a slab that is on no list and has no span. */
void mni_gone_put_away(struct mni_heap *heap, struct mni_slab *slab);

/* Owner: delete the records that nobody will touch any more. */
void mni_gone_delete(struct mni_heap *heap);

/* Owner of both heaps: let `heap` have the records of `from`. */
void mni_gone_hand_over(struct mni_heap *from, struct mni_heap *heap);

/* ---- free.c ---- */

/* Any thread, any pointer. */
void mni_free_slow(void *block);

/* The same; the map leads to `owner` for `block`, which may be that of nothing.
 */
void mni_free_untrusted(void *block, struct mn_owner *owner);

/* Owner of the heap, which is busy until this returns: a word of the slab is
 * above the trigger. */
void mni_free_emptied(struct mni_heap *heap, struct mni_slab *slab);

/* Owner of the heap, which is not busy: release slot `index` of its slab. */
void mni_free_owner(struct mni_heap *heap, struct mni_slab *slab,
                    uint64_t index, const void *block);

/* Stop the program: `block` is not the start of a block that is out. */
_Noreturn void mni_stop_bad_block(const char *operation, const void *block);

/* The span in which `block` starts a block that is out. Stops otherwise. */
struct mni_span *mni_block_span(const char *operation, const void *block);

/* ---- large.c ---- */

/* Allocate a span as one block; `owner` is NULL or a first-class heap. */
void *mni_large_new(struct mni_stock *stock, struct mn_heap *owner, size_t size,
                    size_t align, bool *zero);

/* A block in a span that this thread kept, or NULL. */
static inline void *mni_large_reuse(size_t size)
{
    struct mni_heap *heap = mni_own_begin_busy();
    if (heap == NULL)
        return NULL;
    struct mni_span *span = mni_cache_take(&heap->cache, size);
    mni_own_end_busy(heap);
    if (span == NULL)
        return NULL;
    /* Never more than the size, whenever another thread looks. */
    mn_atomic_store_relaxed(&((struct mni_large *)(void *)span)->asked, size);
    mn_atomic_store_relaxed(&span->kind, MNI_SPAN_LARGE);
    return span->start;
}

/* The one or the other. */
void *mni_large_alloc(struct mni_stock *stock, struct mn_heap *owner,
                      size_t size, size_t align, bool *zero);

void mni_large_free(struct mni_large *large);

/* Return the span of a block that nobody has to its stock, or remember to. */
void mni_large_return(struct mni_large *large);

/* Return what a signal handler could not. */
void mni_large_return_deferred(void);

/* Change the size where the block is. */
bool mni_large_resize(struct mni_large *large, size_t size);

bool mni_large_block_at(const struct mn_owner *owner, const void *address,
                        struct mn_block *block);

/* The large block's record if `owner` is one, or NULL. */
static inline struct mni_large *mni_large_from(struct mn_owner *owner)
{
    return owner != NULL && owner->block_at == mni_large_block_at
               ? (struct mni_large *)(void *)owner
               : NULL;
}

/* ---- grow.c ---- */

enum {
    MNI_GROW_FROM = 16 * 1024, /* blocks of this size that are made larger */
    MNI_GROW_MIN = 32 * 1024,  /* than this become spans of their own */
    MNI_GROW_AMPLE = 8         /* and get a part more than was asked for */
};

/* A block, above MNI_GROW_MIN, that is to grow further; or NULL. */
void *mni_grow_alloc(size_t size);

/* Make a block larger where it is. */
bool mni_grow_in_place(struct mni_large *large, size_t size);

/* ---- thread.c ---- */

/* The calling thread's heap, made now if it has none; mni_heap_none if there
 * is no memory or the thread is about to end. */
struct mni_heap *mni_thread_heap(void);

/* Allocate from the common heap, under its lock. */
void *mni_common_alloc(size_t size);

/* Take a listed slab of the class from the common heap, or NULL. Only heaps of
 * threads get any. */
struct mni_slab *mni_common_take(struct mni_heap *heap, unsigned class);

/* In the child of a fork: the heap's thread is gone, and it has nothing; unless
 * it is in hand. */
void mni_thread_gone(struct mni_heap *heap);

/* Whether this thread was interrupted while it began or ended with the heap. */
bool mni_thread_is_in_hand(const struct mni_heap *heap);

/* Make a slab of the common heap, or one that an ended thread left full, this
 * heap's. False if it is neither, or in use. */
bool mni_common_adopt(struct mni_heap *heap, struct mni_slab *slab);

/* Whether the common heap may have a listed slab of the class. */
extern _Atomic uint32_t mni_common_listed[MNI_CLASS_COUNT];

/* The list of all heaps of threads, living and idle; it only grows. */
struct mni_heap *mni_thread_heaps(void);

/* How many of them belong to living threads. */
uint32_t mni_thread_count(void);

/* ---- begin.c ---- */

/* Read the options, and prepare for forks and for the end of the process. Only
 * the first call does anything. */
void mni_begin(void);

/* ---- fork.c ---- */

extern _Atomic bool mni_threads_noted __attribute__((visibility("hidden")));

/* Note that there is more than one thread, which a heap does not show: one that
 * only releases, or that uses first-class heaps. */
static inline void mni_note_threads(void)
{
    /* Relaxed: it is set before what it stands for begins, and a fork by
     * another thread has passed the locks since. */
    if (!mn_atomic_load_relaxed(&mni_threads_noted))
        mn_atomic_store_relaxed(&mni_threads_noted, true);
}

/* Prepare for forks. */
void mni_fork_begin(void);

/* ---- check.c ---- */

/* NULL if every invariant holds that can be looked at while other threads run;
 * or what is not right, as a noun. */
const char *mni_check_all(void);

/* ---- heap.c ---- */

/* The list of all first-class heaps, and its lock, the outermost. */
bool mni_heaps_lock(void) __attribute__((warn_unused_result));
bool mni_heaps_lock_to_fork(uint32_t orders);
void mni_heaps_unlock_after_fork(void);
void mni_heaps_after_fork(void);
void mni_heaps_unlock(void);
struct mn_heap *mni_heaps_first(void);

/* How many there are; needs no lock. */
size_t mni_heaps_count(void);

/* ---- place.c ---- */

/* The memory that the options ask for; false if there is none. */
bool mni_place_take(struct mni_place *place,
                    const struct mn_heap_options *options);

/* Give it back, or leave it as it was given. */
void mni_place_leave(const struct mni_place *place);

#endif

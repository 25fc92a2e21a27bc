/* SPDX-License-Identifier: MIT */
/* shared.h -- what a pool for many threads is made of.
 *
 * A chunk is a run of cells cut into slots, with two arrays of bits in its
 * record, as slabs of the heap have: one that its owner changes by plain loads
 * and stores, and one in which all others set what they release. A slot is
 * free if one of its bits is set. Its owner is a local, which is what one
 * thread has of one pool. Locals stay until the pool is finished, so whoever
 * tells one something late does no harm.
 *
 *   shared.c         allocation, release, and all at once
 *   shared_lists.c   which chunk is where, and what other threads returned
 *   shared_thread.c  how a thread finds its local; its end; forks
 *   shared_source.c  where chunks come from
 *   shared_look.c    statistics, walks, checks
 *   shared_watch.c   while a tool watches; the end of objects that are out
 */
#ifndef MNI_SHARED_H
#define MNI_SHARED_H

#include <mn/shared_pool.h>
#include <mn/space.h>

#include "base/atomic.h"
#include "base/watch.h"
#include "base/word.h"
#include "os/lock.h"
#include "slab/class.h"
#include "slab/slots.h"

struct mni_shared;
struct mni_local;

enum mni_chunk_place {
    MNI_CHUNK_LISTED,  /* in its owner's list of those with free slots */
    MNI_CHUNK_FULL,    /* in the list of those without, and trusts nobody */
    MNI_CHUNK_LISTS,   /* how many lists an owner has */
    MNI_CHUNK_CURRENT, /* its owner allocates from it */
    MNI_CHUNK_KEPT,    /* nobody's, and all slots are free */
    MNI_CHUNK_BARE     /* a record without memory */
};

struct mni_chunk {
    struct mn_owner owner; /* first: the map leads here */
    unsigned char *start;
    size_t size;
    uint64_t reciprocal; /* of the slot size, as a fraction of 2^64 */
    uint64_t trigger;    /* a word of the owner above this empties the chunk */
    uint32_t slot_size;
    uint32_t slot_count;
    uint32_t word_count;
    _Atomic uint32_t place;          /* enum mni_chunk_place; the owner's */
    _Atomic uint32_t pending;        /* 1 while in some local's pending stack */
    struct mni_local *_Atomic local; /* the owner, or NULL */
    struct mni_shared *shared;
    struct mni_chunk *next; /* in the list that its place tells */
    struct mni_chunk *prev;
    struct mni_chunk *pending_next;
    struct mni_chunk *next_of_all;
    struct mni_stacks *stacks;

    /* Whoever makes a remote word other than zero tells the owner, and counts
     * that as its very last access. The owner counts the words it found so.
     * While the counts differ, somebody is on the way: the chunk stays. */
    _Atomic uint32_t told;
    uint32_t owed;

    struct mn_owner *below;  /* who answered for the cells before */
    _Atomic uint64_t bits[]; /* word_count words each: the owner's, others' */
};

struct mni_chunk_list { /* a queue */
    struct mni_chunk *first;
    struct mni_chunk *last;
    uint32_t count;
};

enum mni_local_kind {
    MNI_LOCAL_LIVING, /* of a living thread */
    MNI_LOCAL_IDLE,   /* of none: has no chunks, and waits for one */
    MNI_LOCAL_COMMON  /* has what ended threads left; under the pool's lock */
};

struct mni_local {
    _Atomic uint64_t *word; /* free slots to hand out, lowest first */
    unsigned char *base;    /* slot of the word's bit 0 */
    size_t slot_size;
    bool busy; /* its thread changes it */

    /* The slot that was released last, if it is still free: its bit is set, and
     * to take it need not wait for what finds the lowest bit of a word. NULL
     * when its chunk leaves. */
    void *hot;
    _Atomic uint64_t *hot_word;
    uint64_t hot_index;

    struct mni_chunk *current;
    struct mni_chunk_list lists[MNI_CHUNK_LISTS];
    _Atomic(struct mni_chunk *) pending; /* chunks that got slots back */
    _Atomic uint32_t kind;               /* enum mni_local_kind */
    struct mni_shared *shared;
    struct mni_local *next; /* of the pool's */
    struct mni_local *next_idle;
};

struct mni_extent; /* of reserved addresses */

struct mni_shared {
    uint64_t serial;
    struct mni_layout layout;
    struct mn_region *region;
    size_t size_max;
    const struct mn_type *type;
    struct mni_watched watched;
    bool drop_live;
    bool dropping; /* functions of the program run, which must not use it */

    struct mni_lock lock; /* of what follows */
    struct mni_local common;
    struct mni_local *locals; /* but for the common one */
    struct mni_local *idle;
    _Atomic uint32_t common_listed; /* a hint that needs no lock */
    uint64_t watch_rest; /* bits of the common word not taken in this turn */

    struct mni_lock source_lock; /* of what follows */
    struct mni_chunk *all;
    struct mni_chunk *kept;
    struct mni_chunk *bare;
    struct mni_extent *extents;
    size_t size;        /* of chunks with memory */
    size_t record_size; /* of all records, this one too */
};

/* What a thread has of which pool, by the pool's index. */
struct mni_entry {
    uint64_t serial; /* 0: nothing */
    struct mni_local *local;
};

struct mni_table {
    size_t mask; /* entries but one: a power of two but one */
    struct mni_entry entries[];
};

extern _Thread_local struct mni_table *mni_shared_self
    __attribute__((tls_model("initial-exec")));

/* Of threads that have nothing yet: without slots, and busy for ever. */
extern struct mni_local mni_local_none;

/* This thread's local of a pool, or mni_local_none. */
static inline __attribute__((always_inline)) struct mni_local *
mni_shared_local(const struct mn_shared_pool *pool)
{
    struct mni_table *table = mni_shared_self;
    const struct mni_entry *entry = &table->entries[pool->index & table->mask];

    return __builtin_expect(entry->serial == pool->serial, 1) ? entry->local
                                                              : &mni_local_none;
}

/* Around what changes a local: a signal handler in between takes other paths.
 */
static inline void mni_local_begin_busy(struct mni_local *local)
{
    local->busy = true;
    mn_atomic_signal_fence();
}

static inline void mni_local_end_busy(struct mni_local *local)
{
    mn_atomic_signal_fence();
    local->busy = false;
}

/* ---- chunks ---- */

/* What chunks answer for addresses with. */
bool mni_chunk_block_at(const struct mn_owner *owner, const void *address,
                        struct mn_block *block);

/* The chunk if `owner` is one, or NULL. */
static inline struct mni_chunk *mni_chunk_from(struct mn_owner *owner)
{
    return owner != NULL
                   && mn_atomic_load_plain(&owner->block_at)
                          == mni_chunk_block_at
               ? (struct mni_chunk *)(void *)owner
               : NULL;
}

struct mni_chunk_slot {
    uint64_t index;
    uint64_t fraction; /* below the reciprocal at the start of a slot */
};

/* As mni_slab_slot, which names its source. */
static inline struct mni_chunk_slot
mni_chunk_slot(const struct mni_chunk *chunk, const void *address)
{
    uint64_t fraction = (uintptr_t)address - (uintptr_t)chunk->start;
    uint64_t index = mni_word_multiply(&fraction, &chunk->reciprocal);

    return (struct mni_chunk_slot){index, fraction};
}

static inline _Atomic uint64_t *mni_chunk_word(struct mni_chunk *chunk,
                                               uint64_t index)
{
    return &chunk->bits[index / 64];
}

static inline _Atomic uint64_t *mni_chunk_remote(struct mni_chunk *chunk,
                                                 uint64_t index)
{
    return &chunk->bits[chunk->word_count + index / 64];
}

/* Each word when all its slots are free: there are up to 64, or whole words. */
static inline uint64_t mni_chunk_full_word(const struct mni_chunk *chunk)
{
    return mni_slots_all(chunk->slot_count);
}

static inline enum mni_chunk_place
mni_chunk_place(const struct mni_chunk *chunk)
{
    return (enum mni_chunk_place)mn_atomic_load_relaxed(&chunk->place);
}

/* Any thread: the free slots of word `i`. */
static inline uint64_t mni_chunk_free_word(const struct mni_chunk *chunk,
                                           uint32_t i)
{
    /* Acquire: pairs with the exchange that empties the word in a drain, and
     * keeps the second load after the first. */
    uint64_t remote =
        mn_atomic_load_acquire(&chunk->bits[chunk->word_count + i]);

    return remote | mn_atomic_load_relaxed(&chunk->bits[i]);
}

/* ---- shared_lists.c: for the owner, or with the pool's lock ---- */

void mni_local_init(struct mni_local *local, struct mni_shared *shared);

/* Make the local allocate. False if there is no memory. */
bool mni_local_refill(struct mni_local *local);

/* Put a chunk that is on no list, and not current, where it belongs. */
void mni_chunk_settle(struct mni_local *local, struct mni_chunk *chunk);

/* Make a chunk that is on no list another local's. */
void mni_chunk_give(struct mni_local *local, struct mni_chunk *chunk);

/* A slot of the owner's chunk was released: list it if it was full, and give it
 * up if it is empty and another one has free slots. */
void mni_chunk_returned(struct mni_local *local, struct mni_chunk *chunk);

/* The same, and the local is no longer busy. */
void mni_chunk_emptied(struct mni_local *local, struct mni_chunk *chunk);

/* Take a chunk off its list. */
void mni_chunk_unlist(struct mni_local *local, struct mni_chunk *chunk);

/* Take in what other threads returned to a chunk. True if there was anything.
 */
bool mni_chunk_drain(struct mni_chunk *chunk);

/* Take in what other threads told of. */
void mni_local_drain(struct mni_local *local);

/* Let no chunk be current, and keep none that is empty. */
void mni_local_collect(struct mni_local *local);

/* Any thread: tell the owner that a chunk got slots back. */
void mni_chunk_tell(struct mni_chunk *chunk);

/* The pool's lock, and with it the common local. */
bool mni_shared_lock(struct mni_shared *shared)
    __attribute__((warn_unused_result));
void mni_shared_unlock(struct mni_shared *shared);

/* ---- shared_thread.c ---- */

/* Enter a pool into the list of all; its index and serial are then known. */
bool mni_shared_enter(struct mn_shared_pool *pool);
void mni_shared_leave(struct mn_shared_pool *pool);

/* The calling thread's local, made now; mni_local_none where that cannot be. */
struct mni_local *mni_shared_join(struct mn_shared_pool *pool);

/* ---- shared.c ---- */

/* Stop the program, since the address is no live object. */
_Noreturn void mni_shared_stop(const void *object);

/* ---- shared_watch.c ---- */

/* As mn_shared_pool_alloc and _release, while a tool watches. False: the object
 * still has to be returned, in the way of other threads than the owner. */
void *mni_shared_alloc_watched(struct mni_shared *shared);
bool mni_shared_release_watched(struct mni_chunk *chunk, uint64_t index,
                                void *object);

/* A chunk has got memory, or is about to lose it. */
void mni_chunk_watch(struct mni_chunk *chunk);
void mni_chunk_unwatch(struct mni_chunk *chunk);

/* Drop what is out if that is asked for, and have tools see it released.
 * Requires: nobody uses the pool, and no thread that did ends. */
void mni_shared_end_objects(struct mni_shared *shared);

/* ---- shared_source.c ---- */

/* A chunk whose slots are all free, now owned by `local`, or NULL. */
struct mni_chunk *mni_chunk_new(struct mni_local *local);

/* The chunk, on no list, is empty: any thread may have it. False in a handler
 * that interrupted the holder of the lock. */
bool mni_chunk_keep(struct mni_chunk *chunk);

/* Make all slots of a chunk free. Requires: nobody uses the pool. */
void mni_chunk_reset(struct mni_chunk *chunk);

/* Give back kept chunks; the bytes. */
size_t mni_shared_shrink(struct mni_shared *shared);

/* Give back everything but the record of the pool. */
void mni_shared_give_back(struct mni_shared *shared);

#endif

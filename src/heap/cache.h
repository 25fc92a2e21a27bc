/* SPDX-License-Identifier: MIT */
/* cache.h -- large spans that a thread keeps for its next large blocks.
 *
 * Only its thread puts spans in, and whoever finds one takes it out by one
 * exchange: its thread for a block, any thread to return it to the stock. So
 * a pair of a large block takes no lock, and nothing in a cache is out of
 * reach of those that want memory back.
 */
#ifndef MNI_CACHE_H
#define MNI_CACHE_H

#include "base/atomic.h"
#include "base/bits.h"
#include "space/map.h"
#include "space/span.h"

struct mni_heap;

enum {
    MNI_CACHE_SPANS = 8,
    MNI_CACHE_BYTES = 8 * 1024 * 1024, /* of all threads' spans together, */
    MNI_CACHE_SHARE = 1024 * 1024,     /* but so many for each at least */
    MNI_CACHE_WASTE = 8, /* of a span, one part may be more than is needed */
    MNI_CACHE_ROOM = 8,
    MNI_CACHE_TURNS = 256 /* one span in so many goes to the stock, which looks
                             at the clock only then */
};

struct mni_cache {
    _Atomic uintptr_t spans[MNI_CACHE_SPANS]; /* addresses of records, or 0 */
    /* Its thread's own notes: others take spans out without a word. */
    size_t sizes[MNI_CACHE_SPANS]; /* 0 where it knows of no span */
    size_t bytes;                  /* their sum */
    unsigned evicted;              /* whose turn was last */
    unsigned turns;                /* how often one was put in */
};

/* Added to an address that was there at the last look. */
static const uintptr_t mni_cache_seen = 1;

static inline struct mni_span *mni_cache_span(uintptr_t place)
{
    return (struct mni_span *)(place & ~mni_cache_seen);
}

/* How much a thread may keep now: its share, or nothing where nothing is to be
 * kept. A cache that has more gives it up as others come or it ages. */
extern _Atomic size_t mni_cache_bytes_max;

static inline size_t mni_cache_most(void)
{
    return mn_atomic_load_relaxed(&mni_cache_bytes_max);
}

/* So many threads have caches from now on. Requires: the common lock, or the
 * child of a fork. */
void mni_cache_share(uint32_t threads);

/* Forget spans that others took, and return others to the stock until `size`
 * bytes more are not too many; false if they are by themselves, or it is the
 * stock's turn. Requires: as mni_cache_take. */
bool mni_cache_make_room(struct mni_cache *cache, size_t size);

/* Empty a place of the owner's. What was there, or 0. */
static inline uintptr_t mni_cache_take_out(struct mni_cache *cache, size_t i)
{
    cache->bytes -= cache->sizes[i];
    cache->sizes[i] = 0;
    /* Acquire: pairs with the release in mni_cache_put. */
    return mn_atomic_exchange_acquire(&cache->spans[i], 0);
}

/* The record of a span for `size` bytes, which does not waste too much, or
 * NULL. Requires: the heap is the calling thread's, and busy. */
static inline struct mni_span *mni_cache_take(struct mni_cache *cache,
                                              size_t size)
{
    if (size > MNI_CACHE_BYTES)
        return NULL;
    size = mni_round_up(size, MNI_CELL_SIZE);
    for (size_t i = 0; i < MNI_CACHE_SPANS; i++) {
        /* Wraps for spans that are too small, and empty places. */
        if (cache->sizes[i] - size > size / MNI_CACHE_WASTE)
            continue;
        uintptr_t found = mni_cache_take_out(cache, i);
        if (found != 0)
            return mni_cache_span(found);
    }
    return NULL;
}

/* The largest that has `size` bytes, and not MNI_CACHE_ROOM times as many.
 * Requires: the same. */
struct mni_span *mni_cache_take_largest(struct mni_cache *cache, size_t size);

/* Keep a span that nobody has; false if there is no room. The purge is to be
 * told. Requires: the same. */
static inline bool mni_cache_put(struct mni_cache *cache, struct mni_span *span)
{
    size_t size = span->size;
    size_t i = 0;

    if (cache->bytes + size > mni_cache_most()
        || cache->turns % MNI_CACHE_TURNS == MNI_CACHE_TURNS - 1)
        return false;
    cache->turns++;
    while (cache->sizes[i] != 0)
        if (++i == MNI_CACHE_SPANS)
            return false;
    cache->sizes[i] = size;
    cache->bytes += size;
    mn_atomic_store_relaxed(&span->kind, MNI_SPAN_CACHED);
    /* Release: pairs with the acquires of those that take it out. */
    mn_atomic_store_release(&cache->spans[i], (uintptr_t)span);
    return true;
}

/* Any thread, in a signal handler too: return to the stock what was there at
 * the last look, or all with `everything`, of all heaps. True if there was
 * any. */
bool mni_cache_age(bool everything);

/* Whether any heap has one. */
bool mni_cache_holds(void);

/* Look once in every decay time; `looked` changes as often. */
void mni_cache_tick(uint64_t looked);

/* Return all that a heap has, whose thread is the calling one, or is gone. */
void mni_cache_flush(struct mni_heap *heap);

/* Keep nothing where what is free is to be returned at once. After
 * mni_options_load. */
void mni_cache_begin(void);

/* Whether the notes of the calling thread's heap are right. */
bool mni_cache_check(const struct mni_heap *heap);

#endif

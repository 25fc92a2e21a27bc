/* SPDX-License-Identifier: MIT */
/* cache.c -- large spans between two blocks of one thread.
 *
 * A span in a cache is still mapped, and its kind says that no block is in it;
 * so a second release, mn_block_at and the statistics need not look here.
 * Whoever exchanges a place for 0 has the span. Only the owner fills places,
 * and only empty ones, so a place that still holds what was seen there was not
 * touched meanwhile but by the look that ages it.
 */
#include "heap/cache.h"

#include "base/assert.h"
#include "base/bits.h"
#include "heap/heap.h"
#include "heap/options.h"

_Atomic size_t mni_cache_bytes_max = MNI_CACHE_BYTES;

/* Set before there is a second thread. */
static bool cache_off;

/* What `looked` was when the caches were last looked at. */
static _Atomic uint64_t cache_looked;

static void cache_return(uintptr_t place)
{
    mni_large_return((struct mni_large *)(void *)mni_cache_span(place));
}

bool mni_cache_make_room(struct mni_cache *cache, size_t size)
{
    size_t most = mni_cache_most();
    size_t used = 0;

    if (size > most || cache->turns % MNI_CACHE_TURNS == MNI_CACHE_TURNS - 1) {
        cache->turns++;
        return false;
    }
    for (size_t i = 0; i < MNI_CACHE_SPANS; i++) {
        if (mn_atomic_load_relaxed(&cache->spans[i]) == 0)
            (void)mni_cache_take_out(cache, i);
        used += cache->sizes[i] != 0;
    }
    while (used == MNI_CACHE_SPANS || cache->bytes + size > most) {
        size_t i = ++cache->evicted % MNI_CACHE_SPANS;
        if (cache->sizes[i] == 0)
            continue;
        uintptr_t found = mni_cache_take_out(cache, i);
        used--;
        if (found != 0)
            cache_return(found);
    }
    return true;
}

struct mni_span *mni_cache_take_largest(struct mni_cache *cache, size_t size)
{
    size_t largest = MNI_CACHE_SPANS;
    size_t most = size - 1;

    for (size_t i = 0; i < MNI_CACHE_SPANS; i++)
        if (cache->sizes[i] > most && cache->sizes[i] / MNI_CACHE_ROOM < size) {
            largest = i;
            most = cache->sizes[i];
        }
    return largest == MNI_CACHE_SPANS
               ? NULL
               : mni_cache_span(mni_cache_take_out(cache, largest));
}

/* Return what is in one place, if it was there at the last look or
 * `everything` is to go; else note that it was there now. */
static bool cache_age_place(_Atomic uintptr_t *place, bool everything)
{
    uintptr_t seen = mn_atomic_load_relaxed(place);

    if (seen == 0)
        return false;
    bool due = everything || (seen & mni_cache_seen) != 0;
    uintptr_t next = due ? 0 : seen | mni_cache_seen;
    /* Acquire: pairs with the release in mni_cache_put. Where it fails, the
     * span is in use, or another look came between. */
    if (!mn_atomic_cas_strong_acquire(place, &seen, next) || !due)
        return false;
    cache_return(seen);
    return true;
}

bool mni_cache_age(bool everything)
{
    bool any = false;

    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        for (size_t i = 0; i < MNI_CACHE_SPANS; i++)
            any |= cache_age_place(&heap->cache.spans[i], everything);
    return any;
}

bool mni_cache_holds(void)
{
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        for (size_t i = 0; i < MNI_CACHE_SPANS; i++)
            if (mn_atomic_load_relaxed(&heap->cache.spans[i]) != 0)
                return true;
    return false;
}

void mni_cache_tick(uint64_t looked)
{
    uint64_t before = mn_atomic_load_relaxed(&cache_looked);

    if (before == looked)
        return;
    /* Two threads that both look age twice as fast, which does no harm. */
    mn_atomic_store_relaxed(&cache_looked, looked);
    if (before != 0)
        (void)mni_cache_age(false);
}

void mni_cache_flush(struct mni_heap *heap)
{
    struct mni_cache *cache = &heap->cache;

    for (size_t i = 0; i < MNI_CACHE_SPANS; i++) {
        uintptr_t found = mni_cache_take_out(cache, i);
        if (found != 0)
            cache_return(found);
    }
    /* A thread that a fork left behind may have been between its notes. */
    cache->bytes = 0;
}

void mni_cache_begin(void)
{
    if (mni_option(MNI_OPTION_DECAY) != 0)
        return;
    cache_off = true;
    mn_atomic_store_relaxed(&mni_cache_bytes_max, 0);
}

void mni_cache_share(uint32_t threads)
{
    size_t share = MNI_CACHE_BYTES / (threads == 0 ? 1 : threads);

    if (share < MNI_CACHE_SHARE)
        share = MNI_CACHE_SHARE;
    if (!cache_off)
        mn_atomic_store_relaxed(&mni_cache_bytes_max, share);
}

bool mni_cache_check(const struct mni_heap *heap)
{
    const struct mni_cache *cache = &heap->cache;
    size_t bytes = 0;

    for (size_t i = 0; i < MNI_CACHE_SPANS; i++) {
        uintptr_t place = mn_atomic_load_relaxed(&cache->spans[i]);
        bytes += cache->sizes[i];
        if (place != 0 && cache->sizes[i] == 0)
            return false;
    }
    return bytes == cache->bytes && bytes <= MNI_CACHE_BYTES;
}

/* SPDX-License-Identifier: MIT */
/* shared_source.c -- where chunks come from: the system, or a region.
 *
 * From the system, addresses are reserved in extents, each twice as large as
 * the last, so that there are few mappings; a chunk is committed when it is
 * taken. A chunk that is given back keeps its record, and in an extent its
 * place, for the next one.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"
#include "pool/shared.h"
#include "space/map.h"
#include "space/meta.h"

static const size_t source_extent_min = (size_t)1 << 20;
static const size_t source_extent_max = (size_t)1 << 28;

struct mni_extent {
    unsigned char *start;
    size_t size;
    size_t used;
    struct mni_extent *next; /* older ones */
};

static bool source_cover(unsigned char *start, size_t size)
{
    if (!mni_space_lock())
        return false;
    bool covered = mni_map_cover(start, size);
    mni_space_unlock();
    return covered;
}

/* ---- addresses ---- */

/* Reserve what is asked for, or less where addresses are scarce. */
static bool source_reserve(struct mni_extent *extent, size_t size, size_t least)
{
    for (; size >= least; size /= 2) {
        size = mni_round_up(size, MNI_CELL_SIZE);
        extent->start = mni_os_reserve(size, MNI_CELL_SIZE, MN_PERM_NONE);
        if (extent->start == NULL)
            continue;
        extent->size = size;
        if (source_cover(extent->start, size))
            return true;
        mni_os_release(extent->start, size);
    }
    return false;
}

static struct mni_extent *source_new_extent(struct mni_shared *shared)
{
    size_t least = shared->layout.span_size;
    size_t size =
        shared->extents == NULL ? source_extent_min : 2 * shared->extents->size;
    struct mni_extent *extent = mni_meta_new(sizeof *extent);

    if (extent == NULL)
        return NULL;
    if (size > source_extent_max)
        size = source_extent_max;
    if (!source_reserve(extent, size < least ? least : size, least)) {
        mni_meta_delete(extent, sizeof *extent);
        return NULL;
    }
    shared->record_size += sizeof *extent;
    extent->next = shared->extents;
    shared->extents = extent;
    return extent;
}

static unsigned char *source_addresses(struct mni_shared *shared)
{
    struct mni_extent *extent = shared->extents;
    size_t size = shared->layout.span_size;

    if (extent == NULL || extent->size - extent->used < size)
        extent = source_new_extent(shared);
    if (extent == NULL)
        return NULL;
    extent->used += size;
    return extent->start + extent->used - size;
}

/* ---- memory ---- */

static bool source_take_from_region(struct mni_shared *shared,
                                    struct mni_chunk *chunk)
{
    size_t size = shared->layout.span_size;
    unsigned char *start = mn_region_alloc(shared->region, size, MNI_CELL_SIZE);

    if (start == NULL)
        return false;
    if (!source_cover(start, size)) {
        mn_region_free(shared->region, start);
        return false;
    }
    chunk->start = start;
    chunk->below = mni_map_get(start);
    return true;
}

/* Give a record memory. */
static bool source_take(struct mni_shared *shared, struct mni_chunk *chunk)
{
    if (shared->region != NULL)
        return source_take_from_region(shared, chunk);
    if (chunk->start == NULL)
        chunk->start = source_addresses(shared);
    if (chunk->start == NULL
        || !mni_os_protect(chunk->start, chunk->size, MN_PERM_RW))
        return false;
    mni_os_name(chunk->start, chunk->size, "mneme pool");
    return true;
}

/* Take it away again. False if the system does not take it. */
static bool source_return(struct mni_shared *shared, struct mni_chunk *chunk)
{
    if (shared->region == NULL
        && (!mni_os_purge(chunk->start, chunk->size, true)
            || !mni_os_protect(chunk->start, chunk->size, MN_PERM_NONE)))
        return false;
    mni_map_set(chunk->start, chunk->size, chunk->below);
    mni_chunk_unwatch(chunk);
    if (shared->region != NULL) {
        mn_region_free(shared->region, chunk->start);
        chunk->start = NULL;
    }
    return true;
}

/* ---- chunks ---- */

static size_t source_record_size(const struct mni_shared *shared)
{
    return sizeof(struct mni_chunk)
           + 2 * sizeof(uint64_t) * (size_t)shared->layout.word_count;
}

void mni_chunk_reset(struct mni_chunk *chunk)
{
    for (uint32_t i = 0; i < chunk->word_count; i++) {
        mn_atomic_store_relaxed(&chunk->bits[i], mni_chunk_full_word(chunk));
        mn_atomic_store_relaxed(&chunk->bits[chunk->word_count + i], 0);
    }
    mn_atomic_store_relaxed(&chunk->pending, 0);
    mn_atomic_store_relaxed(&chunk->told, 0);
    chunk->owed = 0;
    chunk->trigger = 0;
    mn_atomic_store_plain(&chunk->owner.trusted, NULL);
    mn_atomic_store_relaxed(&chunk->local, NULL);
    mn_atomic_store_relaxed(&chunk->place, MNI_CHUNK_KEPT);
}

/* A record without memory, or NULL. */
static struct mni_chunk *source_record(struct mni_shared *shared)
{
    struct mni_chunk *chunk = shared->bare;

    if (chunk != NULL) {
        shared->bare = chunk->next;
        return chunk;
    }
    chunk = mni_meta_new(source_record_size(shared));
    if (chunk == NULL)
        return NULL;
    mn_atomic_store_plain(&chunk->owner.block_at, mni_chunk_block_at);
    chunk->shared = shared;
    chunk->size = shared->layout.span_size;
    chunk->slot_size = shared->layout.slot_size;
    chunk->slot_count = shared->layout.slot_count;
    chunk->word_count = shared->layout.word_count;
    chunk->reciprocal = UINT64_MAX / chunk->slot_size + 1;
    mn_atomic_store_relaxed(&chunk->place, MNI_CHUNK_BARE);
    chunk->next_of_all = shared->all;
    shared->all = chunk;
    shared->record_size += source_record_size(shared);
    return chunk;
}

static void source_make_bare(struct mni_shared *shared, struct mni_chunk *chunk)
{
    mn_atomic_store_relaxed(&chunk->place, MNI_CHUNK_BARE);
    chunk->next = shared->bare;
    shared->bare = chunk;
}

/* A new chunk that nobody has. Requires: the lock of the source. */
static struct mni_chunk *source_new(struct mni_shared *shared)
{
    size_t size = shared->layout.span_size;

    if (shared->size > shared->size_max
        || size > shared->size_max - shared->size)
        return NULL;
    struct mni_chunk *chunk = source_record(shared);
    if (chunk == NULL)
        return NULL;
    if (!source_take(shared, chunk)) {
        source_make_bare(shared, chunk);
        return NULL;
    }
    shared->size += size;
    mni_chunk_reset(chunk);
    mni_chunk_watch(chunk);
    mni_map_set(chunk->start, size, &chunk->owner);
    return chunk;
}

struct mni_chunk *mni_chunk_new(struct mni_local *local)
{
    struct mni_shared *shared = local->shared;

    if (!mni_lock_enter(&shared->source_lock))
        return NULL;
    struct mni_chunk *chunk = shared->kept;
    if (chunk != NULL)
        shared->kept = chunk->next;
    else
        chunk = source_new(shared);
    /* Under the lock, or a fork would take it for one that nobody has. Release:
     * pairs with the acquires of those who look whose it is. */
    if (chunk != NULL)
        mn_atomic_store_release(&chunk->local, local);
    mni_lock_leave(&shared->source_lock);
    return chunk;
}

bool mni_chunk_keep(struct mni_chunk *chunk)
{
    struct mni_shared *shared = chunk->shared;

    if (!mni_lock_enter(&shared->source_lock))
        return false;
    mn_atomic_store_plain(&chunk->owner.trusted, NULL);
    mn_atomic_store_relaxed(&chunk->local, NULL);
    mn_atomic_store_relaxed(&chunk->place, MNI_CHUNK_KEPT);
    chunk->next = shared->kept;
    shared->kept = chunk;
    mni_lock_leave(&shared->source_lock);
    return true;
}

size_t mni_shared_shrink(struct mni_shared *shared)
{
    struct mni_chunk *refused = NULL;
    size_t size = 0;

    if (!mni_lock_enter(&shared->source_lock))
        return 0;
    while (shared->kept != NULL) {
        struct mni_chunk *chunk = shared->kept;
        shared->kept = chunk->next;
        if (source_return(shared, chunk)) {
            size += chunk->size;
            source_make_bare(shared, chunk);
        } else {
            chunk->next = refused;
            refused = chunk;
        }
    }
    shared->kept = refused;
    shared->size -= size;
    mni_lock_leave(&shared->source_lock);
    return size;
}

void mni_shared_give_back(struct mni_shared *shared)
{
    size_t record_size = source_record_size(shared);

    while (shared->all != NULL) {
        struct mni_chunk *chunk = shared->all;
        shared->all = chunk->next_of_all;
        if (mni_chunk_place(chunk) != MNI_CHUNK_BARE) {
            mni_map_set(chunk->start, chunk->size, chunk->below);
            mni_chunk_unwatch(chunk);
            if (shared->region != NULL)
                mn_region_free(shared->region, chunk->start);
        }
        mni_meta_delete(chunk, record_size);
    }
    while (shared->extents != NULL) {
        struct mni_extent *extent = shared->extents;
        shared->extents = extent->next;
        mni_os_release(extent->start, extent->size);
        mni_meta_delete(extent, sizeof *extent);
    }
    while (shared->locals != NULL) {
        struct mni_local *local = shared->locals;
        shared->locals = local->next;
        mni_meta_delete(local, sizeof *local);
    }
}

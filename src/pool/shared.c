/* SPDX-License-Identifier: MIT */
/* shared.c -- the fast paths, and what is done to a pool as a whole. */
#include "pool/shared.h"

#include "base/assert.h"
#include "base/word.h"
#include "space/map.h"
#include "space/meta.h"

#define SHARED_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Requires: the local is busy, so that no signal handler changes it. */
static inline __attribute__((always_inline)) void *
shared_take_hot(struct mni_local *local)
{
    void *object = local->hot;

    if (__builtin_expect(object == NULL, 0))
        return NULL;
    uint64_t bit = UINT64_C(1) << local->hot_index % 64;
    local->hot = NULL;
    mn_atomic_store_relaxed(local->hot_word,
                            mn_atomic_load_relaxed(local->hot_word) & ~bit);
    return object;
}

/* The same, and nothing is hot: that slot's bit is in some word, too. */
static inline __attribute__((always_inline)) void *
shared_take_lowest(struct mni_local *local)
{
    uint64_t seen;

    if (SHARED_UNLIKELY(!mni_slots_take(local->word, &seen)))
        return NULL;
    return local->base + mni_word_lowest(seen) * local->slot_size;
}

/* As these two, and makes the local allocate from another word. */
static void *shared_take(struct mni_local *local)
{
    void *object = shared_take_hot(local);

    if (object == NULL && mni_local_refill(local))
        object = shared_take_lowest(local);
    return object;
}

static struct mni_shared *shared_state(const struct mn_shared_pool *pool)
{
    MN_CHECK(pool->state != NULL, "a pool is used that is finished");
    MN_CHECK(!pool->state->dropping,
             "the pool is used by a function that it has called");
    return pool->state;
}

/* For threads without a local, and handlers that interrupted theirs. */
static void *shared_common_alloc(struct mni_shared *shared)
{
    if (!mni_shared_lock(shared))
        return NULL;
    void *object = shared_take(&shared->common);
    mni_shared_unlock(shared);
    return object;
}

static __attribute__((noinline)) void *
shared_alloc_slow(struct mn_shared_pool *pool)
{
    struct mni_shared *shared = shared_state(pool);
    struct mni_local *local = mni_shared_local(pool);

    if (shared->watched.tool != MNI_TOOL_NONE)
        return mni_shared_alloc_watched(shared);
    if (local == &mni_local_none)
        local = mni_shared_join(pool);
    if (local->busy)
        return shared_common_alloc(shared);
    mni_local_begin_busy(local);
    void *object = shared_take(local);
    mni_local_end_busy(local);
    return object;
}

void *mn_shared_pool_alloc(struct mn_shared_pool *pool)
{
    struct mni_local *local = mni_shared_local(pool);

    if (SHARED_UNLIKELY(local->busy))
        return shared_alloc_slow(pool);
    mni_local_begin_busy(local);
    void *object = shared_take_hot(local);
    if (object == NULL)
        object = shared_take_lowest(local);
    mni_local_end_busy(local);
    return SHARED_UNLIKELY(object == NULL) ? shared_alloc_slow(pool) : object;
}

/* ---- release ---- */

__attribute__((noinline, cold)) void mni_shared_stop(const void *object)
{
    struct mn_block found;
    const char *what = "foreign address";

    if (!mn_block_at(object, &found))
        mni_stop_at("release", object, what, NULL);
    if (found.state == MN_FREE)
        what = "block is already free";
    else if (found.state == MN_RESERVED)
        what = "address was never handed out";
    else if (found.start != object)
        what = "pointer into a block";
    mni_stop_at("release", object, what, &found);
}

/* Return a slot that is out; *next is its word then. False if it is free. */
static inline __attribute__((always_inline)) bool
shared_return_own(struct mni_chunk *chunk, uint64_t index, uint64_t *next)
{
    return !mni_word_test(
               mn_atomic_load_relaxed(mni_chunk_remote(chunk, index)), index)
           && mni_slots_return(mni_chunk_word(chunk, index), index, next);
}

/* Another thread's, or of a local that is interrupted. */
static void shared_return_remote(struct mni_chunk *chunk, uint64_t index,
                                 const void *object)
{
    uint64_t bit = UINT64_C(1) << index % 64;

    if (mni_word_test(mn_atomic_load_relaxed(mni_chunk_word(chunk, index)),
                      index))
        mni_shared_stop(object);
    /* Release: pairs with the acquire in mni_chunk_drain. */
    uint64_t before = mn_atomic_or_acq_rel(mni_chunk_remote(chunk, index), bit);
    if (mni_word_test(before, index))
        mni_shared_stop(object);
    if (before == 0)
        mni_chunk_tell(chunk);
}

/* No object of this pool begins there. */
static _Noreturn void shared_refuse(const struct mni_shared *shared,
                                    const void *object)
{
    mni_watch_refuse(&shared->watched, NULL, object);
    mni_shared_stop(object);
}

static __attribute__((noinline)) void
shared_release_slow(struct mn_shared_pool *pool, void *object)
{
    struct mni_local *local = mni_shared_local(pool);

    if (object == NULL)
        return;
    struct mni_shared *shared = shared_state(pool);
    struct mni_chunk *chunk = mni_chunk_from(mni_map_get(object));
    if (chunk == NULL) /* something is published in its cell, or misuse */
        chunk = mni_chunk_from(mni_map_ground(object));
    if (chunk == NULL || chunk->shared != shared)
        shared_refuse(shared, object);
    struct mni_chunk_slot slot = mni_chunk_slot(chunk, object);
    if (slot.fraction >= chunk->reciprocal || slot.index >= chunk->slot_count)
        shared_refuse(shared, object);
    if (shared->watched.tool != MNI_TOOL_NONE) {
        if (!mni_shared_release_watched(chunk, slot.index, object))
            shared_return_remote(chunk, slot.index, object);
        return;
    }
    /* Acquire: pairs with the release in mni_chunk_give. */
    if (local->busy || mn_atomic_load_acquire(&chunk->local) != local) {
        shared_return_remote(chunk, slot.index, object);
        return;
    }
    uint64_t next;
    mni_local_begin_busy(local);
    if (!shared_return_own(chunk, slot.index, &next))
        mni_shared_stop(object);
    mni_chunk_returned(local, chunk);
    mni_local_end_busy(local);
}

void mn_shared_pool_release(struct mn_shared_pool *pool, void *object)
{
    struct mn_owner *owner = mni_map_get(object);
    struct mni_local *local = mni_shared_local(pool);

    if (SHARED_UNLIKELY(owner == NULL
                        || mn_atomic_load_plain(&owner->trusted) != local
                        || local->busy)) {
        shared_release_slow(pool, object);
        return;
    }
    struct mni_chunk *chunk = (struct mni_chunk *)(void *)owner;
    struct mni_chunk_slot slot = mni_chunk_slot(chunk, object);
    if (SHARED_UNLIKELY(slot.fraction >= chunk->reciprocal
                        || slot.index >= chunk->slot_count))
        mni_shared_stop(object);
    uint64_t next;
    mni_local_begin_busy(local);
    if (SHARED_UNLIKELY(!shared_return_own(chunk, slot.index, &next)))
        mni_shared_stop(object);
    local->hot = object;
    local->hot_word = mni_chunk_word(chunk, slot.index);
    local->hot_index = slot.index;
    if (SHARED_UNLIKELY(next > chunk->trigger)) {
        mni_chunk_emptied(local, chunk);
        return;
    }
    mni_local_end_busy(local);
}

/* ---- a pool as a whole ---- */

enum { SHARED_SLOT_MIN = 8 };

/* The distance of objects, and what tools are told of them. */
static struct mni_watched
shared_watched(const struct mn_shared_pool_options *options)
{
    const struct mn_type *type = options->type;
    size_t size = type->size < SHARED_SLOT_MIN ? SHARED_SLOT_MIN : type->size;
    struct mni_watched watched = {
        .tool = options->unwatched ? MNI_TOOL_NONE : mni_watch_tool(),
        .stride = mni_round_up(size, type->align),
    };
    size_t align = type->align < MNI_WATCH_ZONE ? MNI_WATCH_ZONE : type->align;
    size_t stride = mni_round_up(type->size + MNI_WATCH_ZONE, align);

    watched.size = watched.stride;
    if (watched.tool == MNI_TOOL_NONE)
        return watched;
    watched.size = type->size;
    if (stride >= MNI_SLOT_MAX)
        return watched;
    watched.zone = MNI_WATCH_ZONE;
    watched.stride = stride;
    return watched;
}

enum mn_status mn_shared_pool_init(struct mn_shared_pool *pool,
                                   const struct mn_shared_pool_options *options)
{
    const struct mn_type *type = options->type;

    if (type == NULL || !mn_type_check(type) || type->size >= MNI_SLOT_MAX
        || type->align > MNI_CELL_SIZE
        || (options->drop_live && type->drop == NULL))
        return MN_ERR_INVALID;
    struct mni_shared *shared = mni_meta_new(sizeof *shared);
    if (shared == NULL)
        return MN_ERR_NOMEM;
    shared->lock.order = MNI_LOCK_POOL;
    shared->source_lock.order = MNI_LOCK_SOURCE;
    shared->type = type;
    shared->watched = shared_watched(options);
    shared->layout = mni_slot_layout(shared->watched.stride);
    shared->drop_live = options->drop_live;
    shared->region = options->region;
    shared->size_max = options->size_max == 0 ? SIZE_MAX : options->size_max;
    shared->record_size = sizeof *shared;
    mni_local_init(&shared->common, shared);
    mn_atomic_store_relaxed(&shared->common.kind, MNI_LOCAL_COMMON);
    *pool = (struct mn_shared_pool){.state = shared};
    if (!mni_shared_enter(pool)) {
        mni_meta_delete(shared, sizeof *shared);
        pool->state = NULL;
        return MN_ERR_NOMEM;
    }
    return MN_OK;
}

/* Its functions must not use the pool: no thread finds what it has of a pool
 * with this serial, so that each use is seen. */
static void shared_end_objects(struct mn_shared_pool *pool)
{
    uint64_t serial = pool->serial;

    pool->serial = UINT64_MAX;
    mni_shared_end_objects(pool->state);
    pool->serial = serial;
}

void mn_shared_pool_finish(struct mn_shared_pool *pool)
{
    struct mni_shared *shared = shared_state(pool);

    mni_shared_leave(pool);
    shared_end_objects(pool);
    mni_shared_give_back(shared);
    mni_meta_delete(shared, sizeof *shared);
    *pool = (struct mn_shared_pool){0};
}

static void shared_forget(struct mni_local *local)
{
    uint32_t kind = mn_atomic_load_relaxed(&local->kind);

    mni_local_init(local, local->shared);
    mn_atomic_store_relaxed(&local->kind, kind);
}

void mn_shared_pool_clear(struct mn_shared_pool *pool)
{
    struct mni_shared *shared = shared_state(pool);

    MN_CHECK(mni_shared_lock(shared) && mni_lock_enter(&shared->source_lock),
             "a pool is cleared in a handler that interrupted it");
    shared_end_objects(pool);
    for (struct mni_local *local = shared->locals; local != NULL;
         local = local->next)
        shared_forget(local);
    shared_forget(&shared->common);
    mn_atomic_store_relaxed(&shared->common_listed, 0);
    shared->kept = NULL;
    for (struct mni_chunk *chunk = shared->all; chunk != NULL;
         chunk = chunk->next_of_all)
        if (mni_chunk_place(chunk) != MNI_CHUNK_BARE) {
            mni_chunk_reset(chunk);
            chunk->next = shared->kept;
            shared->kept = chunk;
        }
    mni_lock_leave(&shared->source_lock);
    mni_shared_unlock(shared);
}

size_t mn_shared_pool_shrink(struct mn_shared_pool *pool)
{
    struct mni_shared *shared = shared_state(pool);
    struct mni_local *local = mni_shared_local(pool);

    if (!local->busy) {
        mni_local_begin_busy(local);
        mni_local_collect(local);
        mni_local_end_busy(local);
    }
    if (mni_shared_lock(shared)) {
        mni_local_collect(&shared->common);
        mni_shared_unlock(shared);
    }
    return mni_shared_shrink(shared);
}

/* ---- a pool as a source ---- */

static void *shared_source_alloc(struct mn_source *source, size_t size,
                                 size_t align)
{
    struct mn_shared_pool *pool =
        ((struct mn_shared_pool_source *)source)->pool;
    const struct mni_shared *shared = shared_state(pool);
    size_t slot_size = shared->layout.slot_size;

    /* Chunks begin at cells, so slots are at multiples of what divides both. */
    if (size > shared->watched.size || (slot_size | MNI_CELL_SIZE) % align != 0)
        return NULL;
    return mn_shared_pool_alloc(pool);
}

static void shared_source_free(struct mn_source *source, void *block)
{
    mn_shared_pool_release(((struct mn_shared_pool_source *)source)->pool,
                           block);
}

void mn_shared_pool_source_init(struct mn_shared_pool_source *source,
                                struct mn_shared_pool *pool)
{
    source->source.alloc = shared_source_alloc;
    source->source.free = shared_source_free;
    source->pool = pool;
}

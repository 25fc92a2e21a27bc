/* SPDX-License-Identifier: MIT */
/* pool.c -- what the inline operations leave to the library, and the life of a
 * pool. src/pool/pool.h says what all of this keeps true.
 */
#include "pool/pool.h"

#include "base/assert.h"
#include "base/bits.h"

/* A debug build does not read more than this at each step. */
enum { POOL_DEBUG_COUNT = 1024 };

/* After so many releases that went from one chunk to another, and no chunk that
 * was found empty, it is not likely that the next stays in its chunk. */
enum { POOL_MISSES = 8 };

/* Never written: it has no object to take, and none comes back to it. */
struct mn_pool_chunk mni_pool_nothing = {
    .first.at = MN_POOL_NONE,
    .last.at = MN_POOL_NONE,
};

void mni_pool_detach(struct mn_pool *pool)
{
    pool->from = &mni_pool_nothing;
    pool->to = &mni_pool_nothing;
    pool->near = NULL;
}

/* Have the inline functions find the chunk of an address, and of those near. */
static void pool_remember(struct mn_pool *pool, const void *address,
                          struct mn_pool_chunk *chunk)
{
    pool->to = chunk;
    if (pool->places == NULL)
        return;
    pool->places[mn_pool_place(pool, address)] = chunk;
    if (++pool->misses > POOL_MISSES)
        pool->near = pool->places;
}

/* ---- what is wrong with an address ---- */

static _Noreturn __attribute__((cold)) void
pool_stop(const struct mn_pool *pool, const void *address)
{
    const struct mni_watched watched = mni_pool_watched(pool);
    const struct mn_pool_chunk *chunk =
        mni_pool_table_find(pool->table, (uintptr_t)address);
    struct mn_block block;

    if (chunk == NULL || !mn_pool_block_at(chunk->pool, address, &block)) {
        mni_watch_refuse(&watched, NULL, address);
        mni_stop_at("release", address, "not an object of this pool", NULL);
    }
    mni_watch_refuse(&watched, chunk->stacks, address);
    if (chunk->pool != pool)
        mni_stop_at("release", address, "object of another size", &block);
    if (block.start != address)
        mni_stop_at("release", address, "pointer into an object", &block);
    mni_stop_at("release", address, "object is already free", &block);
}

void mni_pool_expect_idle(const struct mn_pool *pool, const char *operation)
{
    if (pool->busy)
        mni_stop_at(operation, pool,
                    "the pool is used by a function that it has called", NULL);
}

/* ---- lists ---- */

static void pool_list(struct mn_pool *pool, struct mn_pool_chunk *chunk)
{
    chunk->listed = true;
    chunk->next_idle = pool->idle;
    pool->idle = chunk;
}

void mni_pool_list_all(struct mn_pool *pool)
{
    struct mn_pool_chunk *chunk;
    size_t i = 0;

    mni_pool_detach(pool);
    pool->idle = NULL;
    pool->open = NULL;
    while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL) {
        chunk->listed = false;
        if (chunk->first.at != MN_POOL_NONE)
            pool_list(pool, chunk);
        if (chunk->used < chunk->count * pool->stride) {
            chunk->next_open = pool->open;
            pool->open = chunk;
        }
    }
}

/* Have the inline functions take objects from `chunk`, which is not listed. The
 * one before has no list. */
static void pool_use(struct mn_pool *pool, struct mn_pool_chunk *chunk)
{
    if (mni_pool_tool(pool) == MNI_TOOL_NONE)
        pool->from = chunk;
    pool->near = NULL;
    pool->misses = 0;
}

/* ---- taking ---- */

size_t mni_pool_peak(const struct mn_pool *pool)
{
    struct mn_pool_chunk *chunk;
    size_t touched = 0;
    size_t i = 0;

    if (mni_pool_tool(pool) == MNI_TOOL_NONE)
        while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL)
            touched += mni_pool_touched(pool, chunk);
    return touched > pool->peak ? touched : pool->peak;
}

size_t mni_pool_count_live(const struct mn_pool *pool,
                           const struct mn_pool_chunk *chunk)
{
    size_t touched = mni_pool_touched(pool, chunk);
    size_t live = 0;

    for (size_t i = 0; i < touched; i++)
        live += mni_pool_is_live(chunk, i);
    return live;
}

/* While a tool watches, an object that was never out is preferred. */
static void pool_count_peak(struct mn_pool *pool)
{
    pool->live++;
    if (pool->live > pool->peak)
        pool->peak = pool->live;
}

static void pool_tell_alloc(const struct mn_pool *pool,
                            const struct mn_pool_chunk *chunk, void *object,
                            bool kept)
{
    enum mni_tool tool = mni_pool_tool(pool);

    if (tool == MNI_TOOL_NONE)
        return;
    mni_pool_tell_alloc(pool, chunk, object);
    if (kept)
        mni_watch_keep(tool, object, pool->options.type->size);
}

/* Run the program's function for a new object. */
static bool pool_construct(struct mn_pool *pool, void *object)
{
    const struct mn_pool_options *options = &pool->options;

    if (options->construct == NULL)
        return true;
    pool->busy = true;
    mni_pool_detach(pool);
    bool done = options->construct(object, options->context);
    pool->busy = false;
    return done;
}

/* The first object that was never out. Requires: pool->open != NULL. */
static void *pool_take_new(struct mn_pool *pool)
{
    struct mn_pool_chunk *chunk = pool->open;
    size_t index = mni_pool_touched(pool, chunk);
    void *object = chunk->base + chunk->used;

    pool_tell_alloc(pool, chunk, object, false);
    if (!pool_construct(pool, object)) {
        mni_pool_tell_free(pool, chunk, object);
        return NULL;
    }
    mn_pool_links(chunk)[index].at = MN_POOL_OUT;
    chunk->used += pool->stride;
    if (index + 1 == chunk->count)
        pool->open = chunk->next_open;
    pool_use(pool, chunk); /* no chunk is listed now, unless a tool watches */
    return object;
}

/* The first object of the list of the first idle chunk. */
static void *pool_take_idle(struct mn_pool *pool)
{
    struct mn_pool_chunk *chunk = pool->idle;
    size_t index = chunk->first.at;
    void *object = mni_pool_object(pool, chunk, index);

    pool->idle = chunk->next_idle;
    chunk->listed = false;
    chunk->first = mn_pool_links(chunk)[index];
    mn_pool_links(chunk)[index].at = MN_POOL_OUT;
    pool_use(pool, chunk);
    if (pool->from != chunk && chunk->first.at != MN_POOL_NONE)
        pool_list(pool, chunk);
    pool_tell_alloc(pool, chunk, object, pool->options.construct != NULL);
    return object;
}

/* Apart, so that the usual way through the function below saves no registers.
 */
static __attribute__((noinline)) void *pool_take(struct mn_pool *pool)
{
    bool watched = mni_pool_tool(pool) != MNI_TOOL_NONE;
    void *object = NULL;

    mni_pool_expect_idle(pool, "allocation");
    if (pool->idle != NULL && !(watched && pool->open != NULL))
        object = pool_take_idle(pool);
    else if (pool->open != NULL || mni_pool_grow(pool, 1))
        object = pool_take_new(pool);
    if (watched && object != NULL)
        pool_count_peak(pool);
    return object;
}

void *mn_pool_alloc_call(struct mn_pool *pool)
{
    if (pool->from->first.at != MN_POOL_NONE)
        return mn_pool_take(pool, pool->stride);
    return pool_take(pool);
}

/* ---- giving back ---- */

/* The index of a live object of `chunk`; any other address stops the program.
 */
static size_t pool_live_index(const struct mn_pool *pool,
                              const struct mn_pool_chunk *chunk,
                              const void *object)
{
    size_t index;

    if (chunk == NULL || chunk->pool != pool)
        pool_stop(pool, object);
    size_t offset = (uintptr_t)object - (uintptr_t)chunk->base;
    if (offset >= chunk->used
        || !mn_pool_index(offset, pool->stride, pool->reciprocal, &index)
        || mn_pool_links(chunk)[index].at != MN_POOL_OUT)
        pool_stop(pool, object);
    return index;
}

/* Free objects are taken in the order they came while a tool watches, so that
 * each stays closed for as long as it can. */
static void pool_append(struct mn_pool_chunk *chunk, size_t index)
{
    struct mn_pool_link link;

    link.at = (__typeof__(link.at))index;
    if (chunk->first.at == MN_POOL_NONE)
        chunk->first = link;
    else
        mn_pool_links(chunk)[chunk->last.at] = link;
    mn_pool_links(chunk)[index].at = MN_POOL_NONE;
    chunk->last = link;
}

static __attribute__((noinline)) void
pool_release_watched(struct mn_pool *pool, struct mn_pool_chunk *chunk,
                     size_t index)
{
    pool->live--;
    mni_pool_tell_free(pool, chunk, mni_pool_object(pool, chunk, index));
    pool_append(chunk, index);
    if (!chunk->listed)
        pool_list(pool, chunk);
}

/* An object of a chunk that is not found near, or is to be listed. If `from`
 * has no more objects, the next one is taken from here. */
void mn_pool_release_call(struct mn_pool *pool, void *object)
{
    struct mn_pool_chunk *chunk =
        mni_pool_table_find(pool->table, (uintptr_t)object);

    if (object == NULL)
        return;
    mni_pool_expect_idle(pool, "release");
    size_t index = pool_live_index(pool, chunk, object);
    if (mni_pool_tool(pool) != MNI_TOOL_NONE) {
        pool_release_watched(pool, chunk, index);
        return;
    }
    mn_pool_links(chunk)[index] = chunk->first;
    chunk->first.at = (__typeof__(chunk->first.at))index;
    pool_remember(pool, object, chunk);
    if (chunk->listed)
        return;
    if (pool->from->first.at == MN_POOL_NONE)
        pool->from = chunk;
    else if (pool->from != chunk)
        pool_list(pool, chunk);
}

/* ---- the life of a pool ---- */

static bool pool_check_small(const struct mn_pool *pool)
{
    return pool->capacity > POOL_DEBUG_COUNT || mn_pool_check(pool);
}

static bool pool_can_be(const struct mn_pool_options *options)
{
    const struct mn_type *type = options->type;
    bool fixed = options->memory != NULL;

    return type != NULL && mn_type_check(type) && type->size <= PTRDIFF_MAX / 4
           && fixed == (options->region == NULL)
           && !(options->drop_live
                && (type->drop == NULL || options->construct != NULL))
           && (uintptr_t)options->records % MN_POOL_RECORD_ALIGN == 0
           && !(fixed && options->record_region != NULL)
           && !(!fixed && options->records != NULL);
}

enum mn_status mni_pool_init(struct mn_pool *pool,
                             const struct mn_pool_options *options,
                             struct mn_pool_table *table)
{
    if (!pool_can_be(options))
        return MN_ERR_INVALID;
    enum mni_tool tool = options->unwatched ? MNI_TOOL_NONE : mni_watch_tool();
    *pool = (struct mn_pool){
        .table = table,
        .options = *options,
        .tool = (unsigned char)tool,
    };
    if (table == &pool->own)
        mni_pool_table_init(table, options->size_max);
    bool zones = tool != MNI_TOOL_NONE;
    if (zones && options->memory != NULL)
        zones = options->count != 0 && options->records == NULL
                && options->memory_size
                       >= mn_pool_fixed_size(options->type, options->count);
    pool->stride = mni_pool_full_stride(options->type, zones);
    pool->reciprocal = mn_pool_reciprocal(pool->stride);
    mni_pool_detach(pool);
    if (options->memory != NULL && !mni_pool_place_fixed(pool))
        return MN_ERR_NOMEM;
    MN_ASSERT(pool_check_small(pool));
    return MN_OK;
}

enum mn_status mn_pool_init(struct mn_pool *pool,
                            const struct mn_pool_options *options)
{
    return mni_pool_init(pool, options, &pool->own);
}

enum mn_status mn_pool_reserve(struct mn_pool *pool, size_t count)
{
    struct mn_pool_chunk *chunk;
    size_t left = pool->capacity;
    size_t i = 0;

    MN_ASSERT(pool_check_small(pool));
    mni_pool_expect_idle(pool, "reservation");
    while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL)
        left -= mni_pool_count_live(pool, chunk);
    if (count <= left)
        return MN_OK;
    return mni_pool_grow(pool, count - left) ? MN_OK : MN_ERR_NOMEM;
}

/* Drop what the options say of one chunk; a live object then counts as
 * released, to tools. */
static void pool_end_objects(struct mn_pool *pool, struct mn_pool_chunk *chunk,
                             bool all)
{
    const struct mn_type *type = pool->options.type;
    enum mni_tool tool = mni_pool_tool(pool);
    size_t touched = mni_pool_touched(pool, chunk);

    for (size_t i = 0; i < touched; i++) {
        bool live = mni_pool_is_live(chunk, i);
        void *object = mni_pool_object(pool, chunk, i);
        if (!live && all)
            mni_watch_keep(tool, object, type->size);
        if (all || (live && pool->options.drop_live))
            type->drop(object);
        if (live)
            mni_pool_tell_free(pool, chunk, object);
        else
            mni_watch_close(tool, object, type->size);
    }
}

/* Whether something has to be done for each object that ends. */
static bool pool_drops_all(const struct mn_pool *pool)
{
    return pool->options.construct != NULL && pool->options.type->drop != NULL;
}

static void pool_end_chunk(struct mn_pool *pool, struct mn_pool_chunk *chunk)
{
    bool all = pool_drops_all(pool);

    if (all || pool->options.drop_live
        || mni_pool_tool(pool) != MNI_TOOL_NONE) {
        pool->busy = true;
        mni_pool_detach(pool);
        pool_end_objects(pool, chunk, all);
        pool->busy = false;
    }
    chunk->used = 0;
    chunk->first.at = MN_POOL_NONE;
}

/* All objects of a chunk that have been constructed become free, as they are.
 */
static void pool_free_kept(struct mn_pool *pool, struct mn_pool_chunk *chunk)
{
    size_t touched = mni_pool_touched(pool, chunk);
    struct mn_pool_link *links = mn_pool_links(chunk);

    for (size_t i = 0; i < touched; i++) {
        if (mni_pool_is_live(chunk, i))
            mni_pool_tell_free(pool, chunk, mni_pool_object(pool, chunk, i));
        links[i].at = (__typeof__(links[i].at))(i + 1);
    }
    if (touched > 0) {
        links[touched - 1].at = MN_POOL_NONE;
        chunk->first.at = 0;
        chunk->last.at = (__typeof__(links->at))(touched - 1);
    }
}

void mn_pool_clear(struct mn_pool *pool)
{
    struct mn_pool_chunk *chunk;
    size_t i = 0;

    mni_pool_expect_idle(pool, "clear");
    pool->peak = mni_pool_peak(pool);
    pool->live = 0;
    while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL) {
        if (pool->options.construct != NULL)
            pool_free_kept(pool, chunk);
        else
            pool_end_chunk(pool, chunk);
    }
    mni_pool_list_all(pool);
    MN_ASSERT(pool_check_small(pool));
}

static bool pool_has_live(const struct mn_pool *pool,
                          const struct mn_pool_chunk *chunk)
{
    size_t touched = mni_pool_touched(pool, chunk);

    for (size_t i = 0; i < touched; i++)
        if (mni_pool_is_live(chunk, i))
            return true;
    return false;
}

/* End all chunks, by rising address, or those without live objects. The bytes
 * given back to regions. */
static size_t pool_give_back(struct mn_pool *pool, bool all)
{
    struct mn_pool_chunk *chunk;
    size_t size = 0;
    size_t i = 0;

    MN_ASSERT(pool_check_small(pool));
    pool->peak = mni_pool_peak(pool);
    while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL) {
        if (!all && pool_has_live(pool, chunk))
            continue;
        pool_end_chunk(pool, chunk);
        if (chunk->record != NULL || all) {
            size += mni_pool_remove_chunk(pool, chunk);
            i--;
        }
    }
    size += mni_pool_forget_near(pool, all);
    mni_pool_list_all(pool);
    MN_ASSERT(pool_check_small(pool));
    return size;
}

size_t mn_pool_shrink(struct mn_pool *pool)
{
    mni_pool_expect_idle(pool, "shrink");
    return pool_give_back(pool, false);
}

void mn_pool_finish(struct mn_pool *pool)
{
    mni_pool_expect_idle(pool, "finish");
    (void)pool_give_back(pool, true);
    if (pool->table == &pool->own)
        mni_pool_table_finish(&pool->own, mni_pool_record_region(pool));
    pool->options.region = NULL; /* so it never grows again */
}

/* SPDX-License-Identifier: MIT */
/* pool_chunk.c -- how a chunk lies in memory, and how a pool grows and shrinks.
 *
 * A chunk is a record (struct mn_pool_chunk and a link for each object), and
 * behind it, or in memory of their own, the objects. So a write beyond an
 * object goes away from the record of its chunk.
 */
#include "base/bits.h"
#include "pool/pool.h"

enum { CHUNK_SIZE = 4096, CHUNK_COUNT_LEAST = 8 };

_Static_assert(sizeof(struct mn_pool_chunk) % sizeof(uint64_t) == 0
                   || sizeof(void *) < sizeof(uint64_t),
               "links follow the record");
_Static_assert(_Alignof(struct mn_pool_chunk) <= MN_POOL_RECORD_ALIGN,
               "records are aligned");

size_t mni_pool_full_stride(const struct mn_type *type, bool zones)
{
    size_t align = type->align < MNI_WATCH_ZONE ? MNI_WATCH_ZONE : type->align;

    if (!zones)
        return mn_pool_stride(type->size);
    return mni_round_up(type->size + MNI_WATCH_ZONE, align);
}

size_t mni_pool_align(const struct mn_pool *pool)
{
    size_t align = pool->options.type->align;

    return mni_pool_zone(pool) > align ? MNI_WATCH_ZONE : align;
}

size_t mni_pool_count_max(const struct mn_pool *pool)
{
    size_t count = MN_POOL_OUT;
    uint64_t most = UINT64_MAX / pool->stride / pool->stride;

    if (count > PTRDIFF_MAX / 2 / pool->stride)
        count = PTRDIFF_MAX / 2 / pool->stride;
    return count > most ? (size_t)most : count;
}

/* Requires: count <= mni_pool_count_max. */
static size_t chunk_record_size(size_t count)
{
    return mni_round_up(sizeof(struct mn_pool_chunk)
                            + count * sizeof(struct mn_pool_link),
                        MN_POOL_RECORD_ALIGN);
}

/* Bytes from `start` on that objects need, with zones. */
static size_t chunk_objects_size(const struct mn_pool *pool, uintptr_t start,
                                 size_t count)
{
    uintptr_t base =
        mni_round_up(start + mni_pool_zone(pool), mni_pool_align(pool));

    return base + count * pool->stride - start;
}

/* Bytes from `start` on that a chunk needs, the record first if it is there. */
static size_t chunk_size(const struct mn_pool *pool, uintptr_t start,
                         size_t count, bool record)
{
    size_t before = record ? chunk_record_size(count) : 0;

    return before + chunk_objects_size(pool, start + before, count);
}

/* The most objects that fit into `size` bytes from `start` on. */
static size_t chunk_fit(const struct mn_pool *pool, uintptr_t start,
                        size_t size, bool record)
{
    size_t each = pool->stride + (record ? sizeof(struct mn_pool_link) : 0);
    size_t count = size / each;

    if (count > mni_pool_count_max(pool))
        count = mni_pool_count_max(pool);
    if (!record)
        while (count > 0 && chunk_size(pool, start, count, false) > size)
            count--;
    if (!record || count == 0)
        return count;
    /* What does not grow with the count is left out first. */
    size_t fixed = chunk_size(pool, start, 0, true);
    if (fixed >= size)
        return 0;
    if (count > (size - fixed) / each + 1)
        count = (size - fixed) / each + 1;
    while (count > 0 && chunk_size(pool, start, count, true) > size)
        count--;
    return count;
}

/* Enter a chunk whose record is at `record` and whose objects are from
 * `objects` on. */
static struct mn_pool_chunk *chunk_enter(struct mn_pool *pool, void *record,
                                         void *objects, size_t count)
{
    struct mn_pool_chunk *chunk = record;
    size_t size = chunk_objects_size(pool, (uintptr_t)objects, count);

    *chunk = (struct mn_pool_chunk){
        .base = (unsigned char *)objects + size - count * pool->stride,
        .first.at = MN_POOL_NONE,
        .last.at = MN_POOL_NONE,
        .pool = pool,
        .next_open = pool->open,
        .count = (uint32_t)count,
    };
    mni_watch_close(mni_pool_tool(pool), chunk->base - mni_pool_zone(pool),
                    count * pool->stride + mni_pool_zone(pool));
    const struct mni_watched watched = mni_pool_watched(pool);
    if (watched.tool != MNI_TOOL_NONE)
        chunk->stacks = mni_stacks_new(&watched, chunk->base, count);
    mni_pool_table_insert(pool->table, chunk);
    pool->open = chunk;
    pool->capacity += count;
    return chunk;
}

/* What a chunk with its record is aligned to. */
static size_t chunk_block_align(const struct mn_pool *pool)
{
    size_t align = mni_pool_align(pool);

    return align < MN_POOL_RECORD_ALIGN ? MN_POOL_RECORD_ALIGN : align;
}

/* ---- fixed ---- */

bool mni_pool_place_fixed(struct mn_pool *pool)
{
    const struct mn_pool_options *options = &pool->options;
    uintptr_t start = (uintptr_t)options->memory;
    size_t skip = 0;
    size_t size = options->memory_size;
    bool own = options->records == NULL;

    if (own)
        skip = mni_round_up(start, MN_POOL_RECORD_ALIGN) - start;
    if (skip >= size)
        return false;
    size_t count = chunk_fit(pool, start + skip, size - skip, own);
    if (options->count != 0 && options->count < count)
        count = options->count;
    if (!own) {
        size_t room =
            options->records_size < sizeof(struct mn_pool_chunk)
                ? 0
                : (options->records_size - sizeof(struct mn_pool_chunk))
                      / sizeof(struct mn_pool_link);
        while (room > 0 && chunk_record_size(room) > options->records_size)
            room--;
        count = count < room ? count : room;
    }
    if (count == 0 || count < options->count)
        return false;
    unsigned char *objects = (unsigned char *)options->memory + skip;
    void *record = own ? objects : options->records;
    struct mn_pool_chunk *chunk = chunk_enter(
        pool, record, objects + (own ? chunk_record_size(count) : 0), count);
    chunk->size = size + (own ? 0 : options->records_size);
    pool->size = chunk->size;
    pool->table->size = chunk->size;
    return true;
}

size_t mn_pool_fixed_size(const struct mn_type *type, size_t count)
{
    struct mn_pool pool = {
        .options.type = type,
        .stride = mni_pool_full_stride(type, mni_watch_tool() != MNI_TOOL_NONE),
    };

    if (!mn_type_check(type) || count == 0 || count > mni_pool_count_max(&pool))
        return 0;
    /* As if it began at the worst address, which is one behind a right one. */
    return chunk_record_size(count) + count * pool.stride + mni_pool_zone(&pool)
           + chunk_block_align(&pool) - 1;
}

/* ---- growing ---- */

/* How large a block from the region is: of a chunk, or of its objects alone. */
static size_t chunk_block_size(const struct mn_pool *pool, size_t count)
{
    return chunk_size(pool, 0, count, pool->options.record_region == NULL);
}

/* All bytes that a chunk of `count` objects takes. */
static size_t chunk_full_size(const struct mn_pool *pool, size_t count)
{
    return chunk_block_size(pool, count)
           + (pool->options.record_region != NULL ? chunk_record_size(count)
                                                  : 0);
}

static void chunk_add_size(struct mn_pool *pool, size_t size)
{
    pool->size += size;
    pool->table->size += size;
}

/* A chunk of exactly `count` objects, or NULL. */
static struct mn_pool_chunk *chunk_new(struct mn_pool *pool, size_t count)
{
    const struct mn_pool_options *options = &pool->options;
    void *memory =
        mn_region_alloc(options->region, chunk_block_size(pool, count),
                        chunk_block_align(pool));
    void *record = memory;
    unsigned char *objects = memory;

    if (memory == NULL)
        return NULL;
    if (options->record_region == NULL) {
        objects += chunk_record_size(count);
    } else {
        record =
            mn_region_alloc(options->record_region, chunk_record_size(count),
                            MN_POOL_RECORD_ALIGN);
        if (record == NULL) {
            mn_region_free(options->region, memory);
            return NULL;
        }
    }
    struct mn_pool_chunk *chunk = chunk_enter(pool, record, objects, count);
    chunk->record = record;
    chunk->memory = record != memory ? memory : NULL;
    chunk->size = chunk_full_size(pool, count);
    chunk_add_size(pool, chunk->size);
    return chunk;
}

/* Bytes that the limit leaves; SIZE_MAX if there is none. */
static size_t chunk_room(const struct mn_pool_table *table)
{
    if (table->size_max == 0)
        return SIZE_MAX;
    return table->size_max > table->size ? table->size_max - table->size : 0;
}

/* How many objects the limits allow a new chunk. */
static size_t chunk_allowed(const struct mn_pool *pool)
{
    const struct mn_pool_options *options = &pool->options;
    size_t count = mni_pool_count_max(pool);

    if (options->count_max != 0) {
        size_t left = options->count_max > pool->capacity
                          ? options->count_max - pool->capacity
                          : 0;
        count = count < left ? count : left;
    }
    size_t room = chunk_room(pool->table);
    if (room < SIZE_MAX) {
        size_t fit = chunk_fit(pool, 0, room, true);
        count = count < fit ? count : fit;
    }
    return count;
}

/* How many objects a new chunk is to have, if there is memory. */
static size_t chunk_wanted(const struct mn_pool *pool)
{
    if (pool->capacity > 0)
        return pool->capacity;
    if (pool->options.count > 0)
        return pool->options.count;
    size_t count = chunk_fit(pool, 0, CHUNK_SIZE, true);
    return count < CHUNK_COUNT_LEAST ? CHUNK_COUNT_LEAST : count;
}

/* Room in the table for one chunk more. Its memory counts. */
static bool chunk_provide_entry(struct mn_pool *pool)
{
    const struct mn_pool_table *table = pool->table;

    return mni_pool_table_more(table) <= chunk_room(table)
           && mni_pool_table_reserve(pool->table, mni_pool_record_region(pool));
}

/* ---- which chunk is near ---- */

/* Whether all objects are in one chunk, or there are none. */
static bool chunk_is_sole(const struct mn_pool *pool)
{
    size_t at = 0;

    return mni_pool_next_chunk(pool, &at) == NULL
           || mni_pool_next_chunk(pool, &at) == NULL;
}

/* The chunks at the places are not the right ones any more. */
static void chunk_clear_near(struct mn_pool *pool)
{
    for (size_t i = 0; pool->places != NULL && i < MN_POOL_NEAR; i++)
        pool->places[i] = &mni_pool_nothing;
}

size_t mni_pool_forget_near(struct mn_pool *pool, bool all)
{
    size_t size = 0;

    mni_pool_detach(pool);
    if (pool->places != NULL && (all || chunk_is_sole(pool))) {
        mn_region_free(mni_pool_record_region(pool), pool->places);
        pool->places = NULL;
        size = MNI_POOL_NEAR_SIZE;
        chunk_add_size(pool, 0 - size);
    }
    chunk_clear_near(pool);
    return size;
}

/* There is one chunk more: have places for them if there is memory. A part of
 * the addresses is so large that the places reach for twice the pool. */
static void chunk_provide_near(struct mn_pool *pool)
{
    size_t part = 2 * pool->size / MN_POOL_NEAR;

    if (pool->places == NULL && !chunk_is_sole(pool)
        && chunk_room(pool->table) >= MNI_POOL_NEAR_SIZE) {
        pool->places =
            mn_region_alloc(mni_pool_record_region(pool), MNI_POOL_NEAR_SIZE,
                            _Alignof(struct mn_pool_chunk *));
        chunk_add_size(pool, pool->places != NULL ? MNI_POOL_NEAR_SIZE : 0);
    }
    pool->near_shift = mni_highest_bit(part | 1) + 1;
    chunk_clear_near(pool);
}

bool mni_pool_grow(struct mn_pool *pool, size_t need)
{
    if (pool->options.region == NULL || !chunk_provide_entry(pool))
        return false;
    size_t allowed = chunk_allowed(pool);
    size_t count = chunk_wanted(pool);

    count = count < need ? need : count;
    count = count < allowed ? count : allowed;
    for (; count >= need; count /= 2) {
        if (chunk_new(pool, count) != NULL) {
            chunk_provide_near(pool);
            return true;
        }
        if (count > need && count / 2 < need)
            count = 2 * need;
    }
    return false;
}

size_t mni_pool_remove_chunk(struct mn_pool *pool, struct mn_pool_chunk *chunk)
{
    const struct mn_pool_options *options = &pool->options;
    size_t size = chunk->size;
    size_t zone = mni_pool_zone(pool);

    mni_watch_open(mni_pool_tool(pool), chunk->base - zone,
                   chunk->count * pool->stride + zone);
    mni_stacks_end(chunk->stacks);
    mni_pool_table_remove(pool->table, chunk);
    pool->capacity -= chunk->count;
    chunk_add_size(pool, 0 - size);
    mn_region_free(options->region, chunk->memory);
    if (chunk->record != NULL)
        mn_region_free(mni_pool_record_region(pool), chunk->record);
    return size;
}

/* SPDX-License-Identifier: MIT */
/* pool_class.c -- pools of several sizes, whose chunks are in one table.
 *
 * So one search finds the class of an address, and an object that is released
 * with a size of another class is known for what it is.
 */
#include <mn/class_pool.h>

#include "base/assert.h"
#include "pool/pool.h"

enum { CLASS_UNIT = 8, CLASS_ALIGN_MAX = 64 };

static const size_t class_sizes[] = {8,   16,  24,  32,  48,  64,  80,  96,
                                     112, 128, 160, 192, 224, 256, 320, 384,
                                     448, 512, 640, 768, 896, 1024};

#define CLASS_COUNT (sizeof class_sizes / sizeof class_sizes[0])
_Static_assert(CLASS_COUNT <= MN_CLASS_POOL_MAX, "there is room for these");

static bool class_sizes_can_be(const size_t *sizes, size_t count)
{
    size_t before = 0;

    for (size_t i = 0; i < count; i++) {
        if (sizes[i] <= before || sizes[i] % CLASS_UNIT != 0)
            return false;
        before = sizes[i];
    }
    return count > 0 && count <= MN_CLASS_POOL_MAX
           && before <= MN_CLASS_POOL_SIZE_MAX;
}

static size_t class_align(size_t size)
{
    size_t align = size & (0 - size);

    return align < CLASS_ALIGN_MAX ? align : CLASS_ALIGN_MAX;
}

enum mn_status mn_class_pool_init(struct mn_class_pool *pool,
                                  const struct mn_class_pool_options *options)
{
    const size_t *sizes = options->sizes;
    size_t count = sizes != NULL ? options->size_count : CLASS_COUNT;
    size_t unit = 0;

    sizes = sizes != NULL ? sizes : class_sizes;
    if (options->region == NULL || !class_sizes_can_be(sizes, count))
        return MN_ERR_INVALID;
    pool->count = count;
    mni_pool_table_init(&pool->table, options->size_max);
    for (size_t i = 0; i < count; i++) {
        struct mn_pool_options own = {
            .type = &pool->types[i],
            .region = options->region,
            .record_region = options->record_region,
            .unwatched = options->unwatched,
        };
        pool->types[i] = (struct mn_type){.name = "object of a size",
                                          .size = sizes[i],
                                          .align = class_align(sizes[i])};
        enum mn_status status =
            mni_pool_init(&pool->pools[i], &own, &pool->table);
        if (status != MN_OK)
            return status;
        for (; unit <= sizes[i] / CLASS_UNIT; unit++)
            pool->of[unit] = (unsigned char)i;
    }
    for (; unit < sizeof pool->of; unit++)
        pool->of[unit] = MN_CLASS_POOL_MAX;
    return MN_OK;
}

void mn_class_pool_finish(struct mn_class_pool *pool)
{
    struct mn_region *region = mni_pool_record_region(&pool->pools[0]);

    for (size_t i = 0; i < pool->count; i++)
        mn_pool_finish(&pool->pools[i]);
    mni_pool_table_finish(&pool->table, region);
}

void mn_class_pool_clear(struct mn_class_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++)
        mn_pool_clear(&pool->pools[i]);
}

size_t mn_class_pool_shrink(struct mn_class_pool *pool)
{
    size_t size = 0;

    for (size_t i = 0; i < pool->count; i++)
        size += mn_pool_shrink(&pool->pools[i]);
    return size;
}

void mn_class_pool_release_any(struct mn_class_pool *pool, void *object)
{
    struct mn_pool_chunk *chunk =
        mni_pool_table_find(&pool->table, (uintptr_t)object);

    /* An address that is no object's stops the program in any of the pools. */
    mn_pool_release(chunk != NULL ? chunk->pool : &pool->pools[0], object);
}

void mn_class_pool_release_call(struct mn_class_pool *pool, void *object,
                                size_t size)
{
    struct mn_pool *of = mn_class_pool_of(pool, size);

    if (object == NULL)
        return;
    if (of == NULL)
        mni_stop_at("release", object, "no object has the given size", NULL);
    mn_pool_release(of, object);
}

void mn_class_pool_read_stats(const struct mn_class_pool *pool,
                              struct mn_pool_stats *stats)
{
    struct mn_pool_stats one;

    *stats = (struct mn_pool_stats){
        .size = mni_pool_table_size(&pool->table),
        .record_size = mni_pool_table_size(&pool->table),
    };
    for (size_t i = 0; i < pool->count; i++) {
        mn_pool_read_stats(&pool->pools[i], &one);
        stats->live += one.live;
        stats->peak += one.peak;
        stats->capacity += one.capacity;
        stats->chunks += one.chunks;
        stats->size += one.size;
        stats->live_size += one.live_size;
        stats->free_size += one.free_size;
        stats->gap_size += one.gap_size;
        stats->record_size += one.record_size;
    }
}

bool mn_class_pool_check(const struct mn_class_pool *pool)
{
    struct mn_pool_stats stats;

    for (size_t i = 0; i < pool->count; i++)
        if (!mn_pool_check(&pool->pools[i]))
            return false;
    mn_class_pool_read_stats(pool, &stats);
    return stats.chunks == pool->table.count && stats.size == pool->table.size;
}

bool mn_class_pool_block_at(const struct mn_class_pool *pool,
                            const void *address, struct mn_block *block)
{
    const struct mn_pool_chunk *chunk =
        mni_pool_table_find(&pool->table, (uintptr_t)address);

    return chunk != NULL && mn_pool_block_at(chunk->pool, address, block);
}

/* SPDX-License-Identifier: MIT */
/* pool_look.c -- what a pool tells of itself, and whether it can be true. */
#include "pool/pool.h"

bool mn_pool_walk(struct mn_pool *pool,
                  bool (*visit)(void *object, void *context), void *context)
{
    struct mn_pool_chunk *chunk;
    size_t at = 0;

    mni_pool_expect_idle(pool, "walk");
    while ((chunk = mni_pool_next_chunk(pool, &at)) != NULL) {
        size_t touched = mni_pool_touched(pool, chunk);
        for (size_t i = 0; i < touched; i++)
            if (mni_pool_is_live(chunk, i)
                && !visit(mni_pool_object(pool, chunk, i), context))
                return false;
    }
    return true;
}

bool mn_pool_block_at(const struct mn_pool *pool, const void *address,
                      struct mn_block *block)
{
    const struct mn_pool_chunk *chunk =
        mni_pool_table_find(pool->table, (uintptr_t)address);

    if (chunk == NULL || chunk->pool != pool)
        return false;
    size_t index = ((uintptr_t)address - (uintptr_t)chunk->base) / pool->stride;
    if (index >= chunk->count)
        return false;
    bool live =
        index < mni_pool_touched(pool, chunk) && mni_pool_is_live(chunk, index);
    *block = (struct mn_block){
        .start = mni_pool_object(pool, chunk, index),
        .size = pool->stride,
        .perm = MN_PERM_RW,
        .state = live ? MN_ALLOCATED : MN_FREE,
    };
    return true;
}

void mn_pool_read_stats(const struct mn_pool *pool, struct mn_pool_stats *stats)
{
    const struct mn_pool_chunk *chunk;
    size_t size = pool->options.type->size;
    size_t i = 0;

    *stats = (struct mn_pool_stats){
        .peak = mni_pool_peak(pool),
        .capacity = pool->capacity,
        .size = pool->size,
    };
    /* The table of several pools is none's. */
    if (pool->table == &pool->own)
        stats->record_size = mni_pool_table_size(pool->table);
    stats->size += stats->record_size;
    if (pool->places != NULL)
        stats->record_size += MNI_POOL_NEAR_SIZE;
    while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL) {
        stats->live += mni_pool_count_live(pool, chunk);
        stats->chunks++;
        stats->record_size +=
            sizeof *chunk + chunk->count * sizeof(struct mn_pool_link);
    }
    stats->live_size = stats->live * size;
    stats->free_size = (stats->capacity - stats->live) * size;
    stats->gap_size =
        stats->size - stats->live_size - stats->free_size - stats->record_size;
}

/* ---- invariants ---- */

/* The list has each free object below `used` once, and ends: each step is to
 * one that is not out, and there are as many steps as such objects, after which
 * comes the end. So no object is met twice: the list would never end. */
static bool look_check_list(const struct mn_pool *pool,
                            const struct mn_pool_chunk *chunk)
{
    size_t touched = mni_pool_touched(pool, chunk);
    size_t at = chunk->first.at;
    size_t out = mni_pool_count_live(pool, chunk);

    for (size_t i = out; i < touched; i++) {
        if (at >= touched || mni_pool_is_live(chunk, at))
            return false;
        at = mn_pool_links(chunk)[at].at;
    }
    return at == MN_POOL_NONE;
}

static bool look_check_chunk(const struct mn_pool *pool,
                             const struct mn_pool_chunk *chunk)
{
    bool idle = chunk->first.at != MN_POOL_NONE && chunk != pool->from;

    return chunk->count > 0 && chunk->count <= mni_pool_count_max(pool)
           && chunk->used % pool->stride == 0
           && chunk->used <= chunk->count * pool->stride
           && (uintptr_t)chunk->base % pool->options.type->align == 0
           && chunk->listed == idle && look_check_list(pool, chunk);
}

/* Chunks do not overlap. */
static bool look_check_table(const struct mn_pool_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct mn_pool_chunk *chunk = table->at[i].chunk;
        uintptr_t base = table->at[i].base;
        if (base != (uintptr_t)chunk->base)
            return false;
        if (i + 1 < table->count
            && (base >= table->at[i + 1].base
                || table->at[i + 1].base - base
                       < chunk->count * chunk->pool->stride))
            return false;
    }
    return table->count <= table->room;
}

/* As many chunks are in each list as should be; no list has more. */
static bool look_check_lists(const struct mn_pool *pool, size_t idle,
                             size_t open)
{
    const struct mn_pool_chunk *chunk = pool->idle;

    for (; idle > 0; idle--) {
        if (chunk == NULL || chunk->pool != pool || !chunk->listed)
            return false;
        chunk = chunk->next_idle;
    }
    if (chunk != NULL)
        return false;
    chunk = pool->open;
    for (; open > 0; open--) {
        if (chunk == NULL || chunk->pool != pool
            || chunk->used >= chunk->count * pool->stride)
            return false;
        chunk = chunk->next_open;
    }
    return chunk == NULL;
}

/* A place has a chunk of this pool, or the one of nothing. */
static bool look_is_near(const struct mn_pool *pool,
                         const struct mn_pool_chunk *chunk)
{
    return chunk == &mni_pool_nothing
           || (chunk->pool == pool
               && mni_pool_table_find(pool->table, (uintptr_t)chunk->base)
                      == chunk);
}

static bool look_check_near(const struct mn_pool *pool)
{
    bool watched = mni_pool_tool(pool) != MNI_TOOL_NONE;

    for (size_t i = 0; pool->places != NULL && i < MN_POOL_NEAR; i++)
        if (!look_is_near(pool, pool->places[i]))
            return false;
    return look_is_near(pool, pool->to)
           && (pool->near == NULL || pool->near == pool->places)
           && !(watched && pool->near != NULL)
           && !(watched && pool->to != &mni_pool_nothing);
}

bool mn_pool_check(const struct mn_pool *pool)
{
    const struct mn_pool_chunk *chunk;
    size_t capacity = 0;
    size_t idle = 0;
    size_t open = 0;
    size_t i = 0;

    if (!look_check_table(pool->table))
        return false;
    while ((chunk = mni_pool_next_chunk(pool, &i)) != NULL) {
        if (!look_check_chunk(pool, chunk))
            return false;
        capacity += chunk->count;
        idle += chunk->listed;
        open += chunk->used < chunk->count * pool->stride;
    }
    if (pool->table == &pool->own
        && pool->table->size != pool->size + mni_pool_table_size(pool->table))
        return false;
    return capacity == pool->capacity && look_check_lists(pool, idle, open)
           && look_check_near(pool)
           && (mni_pool_tool(pool) == MNI_TOOL_NONE
               || pool->from == &mni_pool_nothing);
}

/* SPDX-License-Identifier: MIT */
/* pool_table.c -- the chunks of one or several pools, by rising address.
 *
 * Chunks double, so there are few, and a sorted array is the shortest way to
 * the one of an address. Only growth and shrinking change it.
 */
#include "pool/pool.h"

enum { TABLE_FEW = sizeof((struct mn_pool_table *)NULL)->few / sizeof(void *) };

static struct mn_pool_chunk **table_chunks(struct mn_pool_table *table)
{
    return table->at != NULL ? table->at : table->few;
}

/* How many chunks have a base that is not above `address`. */
static size_t table_rank(const struct mn_pool_table *table, const void *address)
{
    size_t from = 0;
    size_t to = table->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct mn_pool_chunk *chunk = mni_pool_table_at(table, middle);
        if ((uintptr_t)chunk->base <= (uintptr_t)address)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

struct mn_pool_chunk *mni_pool_table_find(const struct mn_pool_table *table,
                                          const void *address)
{
    size_t rank = table_rank(table, address);

    return rank > 0 ? mni_pool_table_at(table, rank - 1) : NULL;
}

struct mn_pool_chunk *mni_pool_next_chunk(const struct mn_pool *pool,
                                          size_t *index)
{
    while (*index < pool->table->count) {
        struct mn_pool_chunk *chunk = mni_pool_table_at(pool->table, *index);
        ++*index;
        if (chunk->pool == pool)
            return chunk;
    }
    return NULL;
}

size_t mni_pool_table_size(const struct mn_pool_table *table)
{
    return table->at != NULL ? table->room * sizeof(*table->at) : 0;
}

size_t mni_pool_table_more(const struct mn_pool_table *table)
{
    size_t room = table->at != NULL ? table->room : TABLE_FEW;

    return table->count < room ? 0 : 2 * room * sizeof(*table->at);
}

bool mni_pool_table_reserve(struct mn_pool_table *table,
                            struct mn_region *region)
{
    size_t size = mni_pool_table_more(table);

    if (size == 0)
        return true;
    struct mn_pool_chunk **at =
        mn_region_alloc(region, size, _Alignof(struct mn_pool_chunk *));
    if (at == NULL)
        return false;
    for (size_t i = 0; i < table->count; i++)
        at[i] = mni_pool_table_at(table, i);
    table->size += size - mni_pool_table_size(table);
    mn_region_free(region, table->at);
    table->at = at;
    table->room = size / sizeof(*at);
    return true;
}

void mni_pool_table_insert(struct mn_pool_table *table,
                           struct mn_pool_chunk *chunk)
{
    struct mn_pool_chunk **chunks = table_chunks(table);
    size_t rank = table_rank(table, chunk->base);

    for (size_t i = table->count; i > rank; i--)
        chunks[i] = chunks[i - 1];
    chunks[rank] = chunk;
    table->count++;
}

void mni_pool_table_remove(struct mn_pool_table *table,
                           struct mn_pool_chunk *chunk)
{
    struct mn_pool_chunk **chunks = table_chunks(table);
    size_t rank = table_rank(table, chunk->base);

    table->count--;
    for (size_t i = rank - 1; i < table->count; i++)
        chunks[i] = chunks[i + 1];
    chunks[table->count] = NULL;
}

void mni_pool_table_finish(struct mn_pool_table *table,
                           struct mn_region *region)
{
    mn_region_free(region, table->at);
    *table = (struct mn_pool_table){.at = NULL};
}

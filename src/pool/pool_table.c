/* SPDX-License-Identifier: MIT */
/* pool_table.c -- the chunks of one or several pools, by rising address.
 *
 * Chunks double, so there are few, and a sorted array is the shortest way to
 * the one of an address. Only growth and shrinking change it.
 */
#include "pool/pool.h"

#define TABLE_FEW                                                              \
    (sizeof((struct mn_pool_table *)NULL)->few / sizeof(struct mn_pool_entry))

void mni_pool_table_init(struct mn_pool_table *table, size_t size_max)
{
    *table = (struct mn_pool_table){
        .at = table->few,
        .room = TABLE_FEW,
        .size_max = size_max,
    };
}

struct mn_pool_chunk *mni_pool_next_chunk(const struct mn_pool *pool,
                                          size_t *index)
{
    while (*index < pool->table->count) {
        struct mn_pool_chunk *chunk = pool->table->at[*index].chunk;
        ++*index;
        if (chunk->pool == pool)
            return chunk;
    }
    return NULL;
}

size_t mni_pool_table_size(const struct mn_pool_table *table)
{
    return table->at != table->few ? table->room * sizeof(*table->at) : 0;
}

size_t mni_pool_table_more(const struct mn_pool_table *table)
{
    return table->count < table->room ? 0
                                      : 2 * table->room * sizeof(*table->at);
}

static void table_free(struct mn_pool_table *table, struct mn_region *region)
{
    if (table->at != table->few)
        mn_region_free(region, table->at);
}

bool mni_pool_table_reserve(struct mn_pool_table *table,
                            struct mn_region *region)
{
    size_t size = mni_pool_table_more(table);

    if (size == 0)
        return true;
    struct mn_pool_entry *at =
        mn_region_alloc(region, size, _Alignof(struct mn_pool_entry));
    if (at == NULL)
        return false;
    for (size_t i = 0; i < table->count; i++)
        at[i] = table->at[i];
    table->size += size - mni_pool_table_size(table);
    table_free(table, region);
    table->at = at;
    table->room = size / sizeof(*at);
    return true;
}

void mni_pool_table_insert(struct mn_pool_table *table,
                           struct mn_pool_chunk *chunk)
{
    uintptr_t base = (uintptr_t)chunk->base;
    size_t i = table->count++;

    for (; i > 0 && table->at[i - 1].base > base; i--)
        table->at[i] = table->at[i - 1];
    table->at[i] = (struct mn_pool_entry){base, chunk};
}

void mni_pool_table_remove(struct mn_pool_table *table,
                           struct mn_pool_chunk *chunk)
{
    struct mn_pool_entry gone = {0, NULL};

    /* From the end on, each moves to where the one behind it was. */
    for (size_t i = table->count--; gone.chunk != chunk; i--) {
        struct mn_pool_entry entry = table->at[i - 1];
        table->at[i - 1] = gone;
        gone = entry;
    }
}

void mni_pool_table_finish(struct mn_pool_table *table,
                           struct mn_region *region)
{
    table_free(table, region);
    mni_pool_table_init(table, table->size_max);
}

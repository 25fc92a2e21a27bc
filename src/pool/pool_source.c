/* SPDX-License-Identifier: MIT */
/* pool_source.c -- a pool as a source of blocks for objects. */
#include "pool/pool.h"

_Static_assert(offsetof(struct mn_pool_source, source) == 0,
               "sources are cast");

static void *source_alloc(struct mn_source *source, size_t size, size_t align)
{
    struct mn_pool *pool = ((struct mn_pool_source *)source)->pool;
    const struct mn_type *type = pool->options.type;

    if (size > type->size || align > type->align)
        return NULL;
    return mn_pool_alloc(pool);
}

static void source_free(struct mn_source *source, void *block)
{
    mn_pool_release(((struct mn_pool_source *)source)->pool, block);
}

void mn_pool_source_init(struct mn_pool_source *source, struct mn_pool *pool)
{
    source->source.alloc = source_alloc;
    source->source.free = source_free;
    source->pool = pool;
}

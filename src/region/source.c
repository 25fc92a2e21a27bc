/* SPDX-License-Identifier: MIT */
/* source.c -- a region as a source of objects. */
#include <mn/source.h>

_Static_assert(offsetof(struct mn_region_source, source) == 0,
               "sources are cast");

static void *source_alloc(struct mn_source *source, size_t size, size_t align)
{
    return mn_region_alloc(((struct mn_region_source *)source)->region, size,
                           align);
}

static void source_free(struct mn_source *source, void *block)
{
    mn_region_free(((struct mn_region_source *)source)->region, block);
}

void mn_region_source_init(struct mn_region_source *source,
                           struct mn_region *region)
{
    source->source.alloc = source_alloc;
    source->source.free = source_free;
    source->region = region;
}

/* SPDX-License-Identifier: MIT */
/* region.c -- arguments are checked here, once for every kind of region. */
#include <mn/region.h>

#include "base/bits.h"

void *mn_region_alloc(struct mn_region *region, size_t size, size_t align)
{
    if (size == 0 || size > PTRDIFF_MAX || !mni_is_power_of_two(align))
        return NULL;
    return region->ops->alloc(region, size, align);
}

bool mn_region_resize(struct mn_region *region, void *block, size_t size)
{
    if (size == 0 || size > PTRDIFF_MAX)
        return false;
    return region->ops->resize(region, block, size);
}

void mn_region_free(struct mn_region *region, void *block)
{
    if (block != NULL)
        region->ops->free(region, block);
}

bool mn_region_check(const struct mn_region *region)
{
    return region->ops != NULL && region->ops->check(region);
}

bool mn_region_block_at(const struct mn_region *region, const void *address,
                        struct mn_block *block)
{
    return region->ops->block_at(region, address, block);
}

bool mn_region_walk(const struct mn_region *region, mn_block_fn visit,
                    void *context)
{
    return region->ops->walk(region, visit, context);
}

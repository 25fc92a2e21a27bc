/* SPDX-License-Identifier: MIT */
/* region.c -- arguments are checked here, once for every kind of region. */
#include <mn/region.h>

#include "base/assert.h"
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

enum mn_status mn_region_examine(const struct mn_region *region,
                                 const void *block)
{
    struct mn_block found;

    if (region->ops->examine != NULL)
        return region->ops->examine(region, block);
    if (!region->ops->block_at(region, block, &found))
        return MN_ERR_ADDRESS;
    if (found.state == MN_FREE)
        return MN_ERR_DOUBLE_FREE;
    return found.start == block ? MN_OK : MN_ERR_ADDRESS;
}

enum mn_status mn_region_allocate(struct mn_region *region, size_t size,
                                  size_t align, void **block)
{
    if (size == 0 || size > PTRDIFF_MAX)
        return MN_ERR_SIZE;
    if (!mni_is_power_of_two(align))
        return MN_ERR_ALIGN;
    void *found = region->ops->alloc(region, size, align);
    if (found == NULL)
        return MN_ERR_NOMEM;
    *block = found;
    return MN_OK;
}

enum mn_status mn_region_deallocate(struct mn_region *region, void *block)
{
    if (block == NULL)
        return MN_OK;
    enum mn_status status = mn_region_examine(region, block);
    if (status == MN_OK)
        region->ops->free(region, block);
    return status;
}

/* Move *block, which is out, to a new place. */
static enum mn_status region_move(struct mn_region *region, void **block,
                                  size_t size, size_t align)
{
    struct mn_block old;
    void *place = region->ops->alloc(region, size, align);

    if (place == NULL)
        return MN_ERR_NOMEM;
    if (!region->ops->block_at(region, *block, &old))
        mni_stop_at("reallocate", *block, "block cannot be found", NULL);
    /* To bump, blocks older than the newest are one. */
    size_t rest =
        old.size
        - (size_t)((unsigned char *)*block - (unsigned char *)old.start);
    /* The builtin: without a C library there is no header to name it. */
    __builtin_memcpy(place, *block, rest < size ? rest : size);
    region->ops->free(region, *block);
    *block = place;
    return MN_OK;
}

enum mn_status mn_region_reallocate(struct mn_region *region, void **block,
                                    size_t size, size_t align)
{
    if (*block == NULL)
        return mn_region_allocate(region, size, align, block);
    if (size == 0 || size > PTRDIFF_MAX)
        return MN_ERR_SIZE;
    if (!mni_is_power_of_two(align))
        return MN_ERR_ALIGN;
    enum mn_status status = mn_region_examine(region, *block);
    if (status != MN_OK)
        return status;
    if (((uintptr_t)*block & (align - 1)) == 0
        && region->ops->resize(region, *block, size))
        return MN_OK;
    return region_move(region, block, size, align);
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

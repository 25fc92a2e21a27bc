/* SPDX-License-Identifier: MIT */
/* state.c -- transitions of typestate over any region.
 *
 * A handle is an address: of the region for the right to a block, of the block
 * in every other state. So a transition is the region's own operation under
 * other types, and what the types cannot know, the region's records do.
 */
/* Here the address of a block is looked at when the block is free. */
#define MN_NO_ANALYSIS 1
#include <mn/state.h>

struct mn_unallocated *mn_state_begin(struct mn_region *region)
{
    return mn_state_as_unallocated(region);
}

struct mn_allocated *mn_state_allocate(struct mn_unallocated *block,
                                       size_t size, size_t align)
{
    struct mn_region *region = (void *)block;

    return mn_state_as_allocated(mn_region_alloc(region, size, align));
}

struct mn_freed *mn_state_free(struct mn_region *region,
                               struct mn_allocated *block)
{
    mn_region_free(region, block);
    return mn_state_as_freed(block);
}

struct mn_unallocated *mn_state_renew(struct mn_region *region,
                                      struct mn_freed *block)
{
    (void)block;
    return mn_state_as_unallocated(region);
}

struct mn_corrupted *mn_state_condemn(struct mn_allocated *block)
{
    return mn_state_as_corrupted(block);
}

enum mn_status mn_state_check(const struct mn_region *region,
                              const struct mn_allocated *block)
{
    return mn_region_examine(region, block);
}

enum mn_status mn_state_inspect(const struct mn_region *region,
                                const struct mn_corrupted *block,
                                struct mn_block *found)
{
    struct mn_block there;

    if (mn_region_block_at(region, block, &there))
        *found = there;
    return mn_region_examine(region, block);
}

void mn_state_end_unallocated(struct mn_unallocated *block)
{
    (void)block;
}

void mn_state_end_freed(struct mn_freed *block)
{
    (void)block;
}

void mn_state_end_corrupted(struct mn_corrupted *block)
{
    (void)block;
}

void mn_state_beyond(void)
{
    /* To be called is its use: mn_state_copy_from answers for the rest. */
}

size_t mn_state_size(const struct mn_region *region,
                     const struct mn_allocated *block)
{
    struct mn_block found;

    if (!mn_region_block_at(region, block, &found)
        || found.state != MN_ALLOCATED)
        return 0;
    /* A region may know several blocks as one, so this need not be a start. */
    return found.size - ((uintptr_t)block - (uintptr_t)found.start);
}

/* Are `size` bytes at `offset` inside the block? */
static bool state_inside(const struct mn_region *region,
                         const struct mn_allocated *block, size_t offset,
                         size_t size)
{
    size_t all = mn_state_size(region, block);

    return all > 0 && offset <= all && size <= all - offset;
}

enum mn_status mn_state_copy_from(const struct mn_region *region,
                                  const struct mn_allocated *block,
                                  size_t offset, void *to, size_t size)
{
    if (!state_inside(region, block, offset, size))
        return MN_ERR_INVALID;
    __builtin_memcpy(to, (const unsigned char *)block + offset, size);
    return MN_OK;
}

enum mn_status mn_state_copy_to(const struct mn_region *region,
                                struct mn_allocated *block, size_t offset,
                                const void *from, size_t size)
{
    if (!state_inside(region, block, offset, size))
        return MN_ERR_INVALID;
    __builtin_memcpy((unsigned char *)block + offset, from, size);
    return MN_OK;
}

/* SPDX-License-Identifier: MIT */
/* bump.c -- a region that hands out memory in order of address.
 *
 * It keeps one offset for what is out and one for the newest block, and the
 * number of blocks. That is all it can know: blocks before the newest have no
 * bounds of their own here, and are described together as one.
 */
#include <mn/region.h>

#include "base/assert.h"
#include "base/bits.h"

_Static_assert(offsetof(struct mn_bump, region) == 0, "kinds are cast");

static bool bump_check(const struct mn_region *region)
{
    const struct mn_bump *bump = (const struct mn_bump *)region;
    bool has_newest = bump->newest != bump->size;

    return bump->base != NULL && bump->size > 0 && bump->size <= PTRDIFF_MAX
           && bump->used <= bump->size && bump->newest <= bump->size
           && (!has_newest || (bump->newest < bump->used && bump->live > 0))
           && (bump->live > 0) == (bump->used > 0);
}

/* Blocks of equal knowledge, by rising address: all before the newest, the
 * newest, and the free rest. The one in which `offset` lies. */
static void bump_block(const struct mn_bump *bump, size_t offset,
                       struct mn_block *block)
{
    size_t start = 0;
    size_t end = bump->used;

    block->perm = MN_PERM_RW;
    block->state = MN_ALLOCATED;
    if (offset >= bump->used) {
        start = bump->used;
        end = bump->size;
        block->state = MN_FREE;
    } else if (offset >= bump->newest) {
        start = bump->newest;
    } else if (bump->newest < bump->used) {
        end = bump->newest;
    }
    block->start = bump->base + start;
    block->size = end - start;
}

static bool bump_block_at(const struct mn_region *region, const void *address,
                          struct mn_block *block)
{
    const struct mn_bump *bump = (const struct mn_bump *)region;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)bump->base;

    if (offset >= bump->size)
        return false;
    bump_block(bump, offset, block);
    return true;
}

static bool bump_walk(const struct mn_region *region, mn_block_fn visit,
                      void *context)
{
    const struct mn_bump *bump = (const struct mn_bump *)region;
    struct mn_block block;

    for (size_t offset = 0; offset < bump->size; offset += block.size) {
        bump_block(bump, offset, &block);
        if (!visit(&block, context))
            return false;
    }
    return true;
}

/* The offset of a block that may be out. Any other address stops. */
static size_t bump_offset(const struct mn_bump *bump, const char *operation,
                          const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)bump->base;
    struct mn_block block;

    if (offset >= bump->size)
        mni_stop_at(operation, address, "foreign address", NULL);
    bump_block(bump, offset, &block);
    if (block.state == MN_FREE)
        mni_stop_at(operation, address, "block is already free", &block);
    if (offset > bump->newest)
        mni_stop_at(operation, address, "pointer into a block", &block);
    return offset;
}

static void *bump_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct mn_bump *bump = (struct mn_bump *)region;
    uintptr_t next = (uintptr_t)bump->base + bump->used;
    size_t gap = (size_t)(-next & (align - 1));
    size_t room = bump->size - bump->used;

    MN_ASSERT(bump_check(region));
    if (size > room || gap > room - size)
        return NULL;
    bump->newest = bump->used + gap;
    bump->used = bump->newest + size;
    bump->live++;
    MN_ASSERT(bump_check(region));
    return bump->base + bump->newest;
}

static bool bump_resize(struct mn_region *region, void *address, size_t size)
{
    struct mn_bump *bump = (struct mn_bump *)region;
    size_t offset = bump_offset(bump, "resize", address);

    MN_ASSERT(bump_check(region));
    if (offset != bump->newest || size > bump->size - offset)
        return false;
    bump->used = offset + size;
    MN_ASSERT(bump_check(region));
    return true;
}

static void bump_free(struct mn_region *region, void *address)
{
    struct mn_bump *bump = (struct mn_bump *)region;
    size_t offset = bump_offset(bump, "free", address);

    MN_ASSERT(bump_check(region));
    if (bump->live == 1) {
        mn_bump_reset(bump);
        return;
    }
    bump->live--;
    if (offset == bump->newest) {
        bump->used = offset;
        bump->newest = bump->size;
    }
    MN_ASSERT(bump_check(region));
}

/* Of the blocks older than the newest nothing is known but where they end:
 * any address among them may be one. */
static enum mn_status bump_examine(const struct mn_region *region,
                                   const void *address)
{
    const struct mn_bump *bump = (const struct mn_bump *)region;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)bump->base;

    if (offset >= bump->size)
        return MN_ERR_ADDRESS;
    if (offset >= bump->used)
        return MN_ERR_DOUBLE_FREE;
    return offset > bump->newest ? MN_ERR_ADDRESS : MN_OK;
}

static const struct mn_region_ops bump_ops = {
    .examine = bump_examine,
    .name = "bump",
    .alloc = bump_alloc,
    .resize = bump_resize,
    .free = bump_free,
    .check = bump_check,
    .block_at = bump_block_at,
    .walk = bump_walk,
};

enum mn_status mn_bump_init(struct mn_bump *bump, void *memory, size_t size)
{
    if (memory == NULL || size == 0 || size > PTRDIFF_MAX
        || size > UINTPTR_MAX - (uintptr_t)memory)
        return MN_ERR_INVALID;
    bump->region.ops = &bump_ops;
    bump->base = memory;
    bump->size = size;
    mn_bump_reset(bump);
    return MN_OK;
}

void mn_bump_reset(struct mn_bump *bump)
{
    bump->used = 0;
    bump->newest = bump->size;
    bump->live = 0;
    MN_ASSERT(bump_check(&bump->region));
}

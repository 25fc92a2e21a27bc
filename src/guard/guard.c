/* SPDX-License-Identifier: MIT */
/* guard.c -- counting what is out, without a record of any block.
 *
 * The parent is asked for the block before and after each operation. A parent
 * that cannot tell the bounds of a block, as bump cannot of all but the newest,
 * is also one that does not give it back: then the bytes stay counted until
 * no block is out.
 */
/* Here a block is looked up after it was given to the parent. */
#define MN_NO_ANALYSIS 1
#include "guard/guard.h"

#include "base/assert.h"

_Noreturn void mni_guard_stop(const struct mn_region *region,
                              const char *operation, const void *address)
{
    struct mn_block block;

    if (!mn_region_block_at(region, address, &block))
        mni_stop_at(operation, address, "foreign address", NULL);
    if (block.state == MN_FREE)
        mni_stop_at(operation, address, "block is already free", &block);
    if (block.state == MN_RESERVED || block.start == address)
        mni_stop_at(operation, address, "not a block of this guard", &block);
    mni_stop_at(operation, address, "pointer into a block", &block);
}

enum mn_status mni_guard_status(const struct mn_region *region,
                                const void *address)
{
    struct mn_block block;

    return mn_region_block_at(region, address, &block) && block.state == MN_FREE
               ? MN_ERR_DOUBLE_FREE
               : MN_ERR_ADDRESS;
}

size_t mni_guard_size(const struct mn_region *region, const void *block)
{
    struct mn_block found;

    return mn_region_block_at(region, block, &found) && found.start == block
                   && found.state == MN_ALLOCATED
               ? found.size
               : 0;
}

void *mni_guard_alloc(struct mn_region *parent, struct mn_guard_tally *out,
                      size_t size, size_t align)
{
    void *block = mn_region_alloc(parent, size, align);

    if (block == NULL)
        return NULL;
    out->size += mni_guard_size(parent, block);
    out->block_count++;
    return block;
}

bool mni_guard_resize(struct mn_region *parent, struct mn_guard_tally *out,
                      void *block, size_t size)
{
    size_t before = mni_guard_size(parent, block);

    if (!mn_region_resize(parent, block, size))
        return false;
    out->size += mni_guard_size(parent, block) - before;
    return true;
}

void mni_guard_free(struct mn_region *parent, struct mn_guard_tally *out,
                    void *block)
{
    size_t before = mni_guard_size(parent, block);
    struct mn_block after;

    if (out->block_count == 0)
        mni_guard_stop(parent, "free", block);
    mn_region_free(parent, block);
    out->block_count--;
    if (out->block_count == 0)
        out->size = 0;
    else if (!mn_region_block_at(parent, block, &after)
             || after.state == MN_FREE)
        out->size -= before < out->size ? before : out->size;
}

enum mn_status mni_guard_examine(const struct mn_region *parent,
                                 const struct mn_guard_tally *out,
                                 const void *block)
{
    enum mn_status status = mn_region_examine(parent, block);

    return status == MN_OK && out->block_count == 0 ? MN_ERR_ADDRESS : status;
}

enum mn_status mni_guard_below(const struct mn_region *parent,
                               const void *block)
{
    enum mn_status status = mn_region_examine(parent, block);

    /* Some regions, such as bump, do not know where all their blocks begin. */
    return status == MN_ERR_ADDRESS ? MN_OK : status;
}

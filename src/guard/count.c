/* SPDX-License-Identifier: MIT */
/* count.c -- a region that counts what it is asked for and what is out. */
#include "guard/guard.h"

_Static_assert(offsetof(struct mn_count, region) == 0, "kinds are cast");

static bool count_check(const struct mn_region *region)
{
    const struct mn_count *count = (const struct mn_count *)region;

    return mn_region_check(count->parent)
           && (count->out.block_count > 0 || count->out.size == 0)
           && count->out.size <= count->out_max.size
           && count->out.block_count <= count->out_max.block_count
           && count->out_max.block_count <= count->alloc_count
           && count->failure_count <= count->alloc_count + count->resize_count;
}

static void count_raise(struct mn_count *count)
{
    if (count->out_max.size < count->out.size)
        count->out_max.size = count->out.size;
    if (count->out_max.block_count < count->out.block_count)
        count->out_max.block_count = count->out.block_count;
}

static void *count_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct mn_count *count = (struct mn_count *)region;
    void *block = mni_guard_alloc(count->parent, &count->out, size, align);

    count->alloc_count++;
    if (block == NULL)
        count->failure_count++;
    count_raise(count);
    return block;
}

static bool count_resize(struct mn_region *region, void *block, size_t size)
{
    struct mn_count *count = (struct mn_count *)region;
    bool done = mni_guard_resize(count->parent, &count->out, block, size);

    count->resize_count++;
    if (!done)
        count->failure_count++;
    count_raise(count);
    return done;
}

static void count_free(struct mn_region *region, void *block)
{
    struct mn_count *count = (struct mn_count *)region;

    mni_guard_free(count->parent, &count->out, block);
    count->free_count++;
}

static bool count_block_at(const struct mn_region *region, const void *address,
                           struct mn_block *block)
{
    const struct mn_count *count = (const struct mn_count *)region;

    return mn_region_block_at(count->parent, address, block);
}

static bool count_walk(const struct mn_region *region, mn_block_fn visit,
                       void *context)
{
    const struct mn_count *count = (const struct mn_count *)region;

    return mn_region_walk(count->parent, visit, context);
}

static enum mn_status count_examine(const struct mn_region *region,
                                    const void *block)
{
    const struct mn_count *count = (const struct mn_count *)region;

    return mni_guard_examine(count->parent, &count->out, block);
}

static const struct mn_region_ops count_ops = {
    .name = "count",
    .alloc = count_alloc,
    .resize = count_resize,
    .free = count_free,
    .check = count_check,
    .block_at = count_block_at,
    .walk = count_walk,
    .examine = count_examine,
};

void mn_count_init(struct mn_count *count, struct mn_region *parent)
{
    *count = (struct mn_count){.region.ops = &count_ops, .parent = parent};
}

/* SPDX-License-Identifier: MIT */
/* limit.c -- a region that has no more than so many bytes out.
 *
 * What is asked for is held against the room before the parent sees it, and
 * what the parent made of it afterwards: its rounding counts too, and what
 * goes over by rounding alone is undone.
 */
#include "base/assert.h"
#include "guard/guard.h"

_Static_assert(offsetof(struct mn_limit, region) == 0, "kinds are cast");

static bool limit_check(const struct mn_region *region)
{
    const struct mn_limit *limit = (const struct mn_limit *)region;

    return mn_region_check(limit->parent)
           && (limit->out.block_count > 0 || limit->out.size == 0)
           && limit->above == (limit->out.size > limit->soft);
}

/* True if `call` says that the attempt is worth repeating. */
static bool limit_ask(struct mn_limit *limit, enum mn_limit_event event,
                      size_t size)
{
    if (limit->call == NULL || limit->asking)
        return false;
    limit->asking = true;
    bool again = limit->call(limit, event, size, limit->context);
    limit->asking = false;
    return again;
}

/* Tell that the soft limit has been passed, if it has been. What the function
 * then does to the limit comes here on its own. */
static void limit_settle(struct mn_limit *limit, size_t size)
{
    bool passed = limit->out.size > limit->soft && !limit->above;

    limit->above = limit->out.size > limit->soft;
    if (passed)
        (void)limit_ask(limit, MN_LIMIT_SOFT, size);
}

static size_t limit_room(const struct mn_limit *limit)
{
    return limit->hard > limit->out.size ? limit->hard - limit->out.size : 0;
}

/* One attempt; on NULL *event tells why. */
static void *limit_try_alloc(struct mn_limit *limit, size_t size, size_t align,
                             enum mn_limit_event *event)
{
    *event = MN_LIMIT_HARD;
    if (size > limit_room(limit))
        return NULL;
    void *block = mni_guard_alloc(limit->parent, &limit->out, size, align);
    if (block == NULL) {
        *event = MN_LIMIT_NOMEM;
        return NULL;
    }
    if (limit->out.size > limit->hard) {
        mni_guard_free(limit->parent, &limit->out, block);
        return NULL;
    }
    return block;
}

static void *limit_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct mn_limit *limit = (struct mn_limit *)region;
    enum mn_limit_event event;
    void *block;

    do {
        block = limit_try_alloc(limit, size, align, &event);
    } while (block == NULL && limit_ask(limit, event, size));
    limit_settle(limit, size);
    return block;
}

static bool limit_try_resize(struct mn_limit *limit, void *block, size_t size,
                             enum mn_limit_event *event)
{
    size_t before = mni_guard_size(limit->parent, block);
    size_t out = limit->out.size;

    *event = MN_LIMIT_HARD;
    if (size > before && size - before > limit_room(limit))
        return false;
    if (!mni_guard_resize(limit->parent, &limit->out, block, size)) {
        *event = MN_LIMIT_NOMEM;
        return false;
    }
    if (limit->out.size <= limit->hard || limit->out.size <= out)
        return true;
    return !mni_guard_resize(limit->parent, &limit->out, block, before);
}

static bool limit_resize(struct mn_region *region, void *block, size_t size)
{
    struct mn_limit *limit = (struct mn_limit *)region;
    enum mn_limit_event event;
    bool done;

    do {
        done = limit_try_resize(limit, block, size, &event);
        /* A block that cannot grow where it is, is no lack of memory. */
    } while (!done && event == MN_LIMIT_HARD && limit_ask(limit, event, size));
    limit_settle(limit, size);
    return done;
}

static void limit_free(struct mn_region *region, void *block)
{
    struct mn_limit *limit = (struct mn_limit *)region;

    mni_guard_free(limit->parent, &limit->out, block);
    limit->above = limit->above && limit->out.size > limit->soft;
}

static bool limit_block_at(const struct mn_region *region, const void *address,
                           struct mn_block *block)
{
    const struct mn_limit *limit = (const struct mn_limit *)region;

    return mn_region_block_at(limit->parent, address, block);
}

static bool limit_walk(const struct mn_region *region, mn_block_fn visit,
                       void *context)
{
    const struct mn_limit *limit = (const struct mn_limit *)region;

    return mn_region_walk(limit->parent, visit, context);
}

static enum mn_status limit_examine(const struct mn_region *region,
                                    const void *block)
{
    const struct mn_limit *limit = (const struct mn_limit *)region;

    return mni_guard_examine(limit->parent, &limit->out, block);
}

static const struct mn_region_ops limit_ops = {
    .name = "limit",
    .alloc = limit_alloc,
    .resize = limit_resize,
    .free = limit_free,
    .check = limit_check,
    .block_at = limit_block_at,
    .walk = limit_walk,
    .examine = limit_examine,
};

void mn_limit_init(struct mn_limit *limit, struct mn_region *parent,
                   size_t soft, size_t hard)
{
    *limit = (struct mn_limit){
        .region.ops = &limit_ops,
        .parent = parent,
        .soft = soft,
        .hard = hard,
    };
}

void mn_limit_watch(struct mn_limit *limit, mn_limit_fn call, void *context)
{
    limit->call = call;
    limit->context = context;
}

void mn_limit_change(struct mn_limit *limit, size_t soft, size_t hard)
{
    limit->soft = soft;
    limit->hard = hard;
    limit->above = limit->out.size > soft;
}

size_t mn_limit_size(const struct mn_limit *limit)
{
    return limit->out.size;
}

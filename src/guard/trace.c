/* SPDX-License-Identifier: MIT */
/* trace.c -- a region that tells a function of each call.
 *
 * A release is told before it is done: afterwards the address may already be
 * another block's, and after misuse there is no afterwards.
 */
#include "guard/guard.h"

_Static_assert(offsetof(struct mn_trace, region) == 0, "kinds are cast");

static void trace_tell(const struct mn_trace *trace,
                       const struct mn_trace_event *event)
{
    trace->call(event, trace->context);
}

static void *trace_alloc(struct mn_region *region, size_t size, size_t align)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;
    void *block = mn_region_alloc(trace->parent, size, align);

    trace_tell(trace, &(struct mn_trace_event){
                          .op = MN_TRACE_ALLOC,
                          .block = block,
                          .size = size,
                          .align = align,
                          .done = block != NULL,
                      });
    return block;
}

static bool trace_resize(struct mn_region *region, void *block, size_t size)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;
    bool done = mn_region_resize(trace->parent, block, size);

    trace_tell(trace, &(struct mn_trace_event){
                          .op = MN_TRACE_RESIZE,
                          .block = block,
                          .size = size,
                          .done = done,
                      });
    return done;
}

static void trace_free(struct mn_region *region, void *block)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;

    trace_tell(trace, &(struct mn_trace_event){
                          .op = MN_TRACE_FREE,
                          .block = block,
                      });
    mn_region_free(trace->parent, block);
}

static bool trace_check(const struct mn_region *region)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;

    return trace->call != NULL && mn_region_check(trace->parent);
}

static bool trace_block_at(const struct mn_region *region, const void *address,
                           struct mn_block *block)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;

    return mn_region_block_at(trace->parent, address, block);
}

static bool trace_walk(const struct mn_region *region, mn_block_fn visit,
                       void *context)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;

    return mn_region_walk(trace->parent, visit, context);
}

static enum mn_status trace_examine(const struct mn_region *region,
                                    const void *block)
{
    const struct mn_trace *trace = (const struct mn_trace *)region;

    return mn_region_examine(trace->parent, block);
}

static const struct mn_region_ops trace_ops = {
    .name = "trace",
    .alloc = trace_alloc,
    .resize = trace_resize,
    .free = trace_free,
    .check = trace_check,
    .block_at = trace_block_at,
    .walk = trace_walk,
    .examine = trace_examine,
};

void mn_trace_init(struct mn_trace *trace, struct mn_region *parent,
                   mn_trace_fn call, void *context)
{
    *trace = (struct mn_trace){
        .region.ops = &trace_ops,
        .parent = parent,
        .call = call,
        .context = context,
    };
}

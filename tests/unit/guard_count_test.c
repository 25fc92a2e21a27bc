/* SPDX-License-Identifier: MIT */
/* Tests of mn_count and mn_trace: each call is counted and told once, with
 * what it was asked for and what came of it. */
#include "unit/guard_setup.h"

enum { EVENTS_MAX = 16 };

static struct mn_count count;
static struct mn_trace trace;

static struct mn_trace_event events[EVENTS_MAX];
static unsigned event_count;

static void note(const struct mn_trace_event *event, void *context)
{
    EXPECT(context == events && event_count < EVENTS_MAX);
    events[event_count++] = *event;
}

static void setup(void)
{
    mn_count_init(&count, setup_tiled());
    mn_trace_init(&trace, &count.region, note, events);
}

TEST(calls_and_failures_are_counted)
{
    setup();
    struct mn_region *region = &count.region;
    void *block = mn_region_alloc(region, 100, 1);
    EXPECT(mn_region_alloc(region, SETUP_SIZE, 1) == NULL);
    EXPECT(mn_region_alloc(region, 0, 1) == NULL); /* never came so far */
    EXPECT(mn_region_resize(region, block, 200));
    EXPECT(!mn_region_resize(region, block, SETUP_SIZE + 1));
    EXPECT(count.alloc_count == 2 && count.resize_count == 2);
    EXPECT(count.failure_count == 2 && count.free_count == 0);
    mn_region_free(region, NULL);
    mn_region_free(region, block);
    EXPECT(count.free_count == 1 && mn_region_check(region));
}

TEST(bytes_and_blocks_are_counted_now_and_at_most)
{
    setup();
    struct mn_region *region = &count.region;
    void *first = mn_region_alloc(region, 100, 1); /* 112 in granules */
    void *second = mn_region_alloc(region, 16, 1);
    EXPECT(count.out.size == 128 && count.out.block_count == 2);
    mn_region_free(region, first);
    EXPECT(count.out.size == 16 && count.out.block_count == 1);
    EXPECT(count.out_max.size == 128 && count.out_max.block_count == 2);
    EXPECT(mn_region_resize(region, second, 256));
    EXPECT(count.out.size == 256 && count.out_max.size == 256);
    EXPECT(mn_region_resize(region, second, 1));
    EXPECT(count.out.size == 16 && count.out_max.size == 256);
    mn_region_free(region, second);
    EXPECT(count.out.size == 0 && count.out.block_count == 0);
    EXPECT(count.out_max.block_count == 2 && setup_is_free());
}

TEST(check_sees_counts_that_cannot_be)
{
    setup();
    EXPECT(mn_region_check(&count.region));
    count.out.size = 1;
    EXPECT(!mn_region_check(&count.region));
    EXPECT(!mn_region_check(&trace.region));
}

TEST(an_alloc_is_told_with_its_result)
{
    setup();
    void *block = mn_region_alloc(&trace.region, 100, 64);
    EXPECT(event_count == 1 && events[0].op == MN_TRACE_ALLOC);
    EXPECT(events[0].block == block && events[0].done);
    EXPECT(events[0].size == 100 && events[0].align == 64);
    EXPECT(mn_region_alloc(&trace.region, SETUP_SIZE, 1) == NULL);
    EXPECT(event_count == 2 && events[1].block == NULL && !events[1].done);
    EXPECT(events[1].size == SETUP_SIZE && events[1].align == 1);
}

TEST(a_resize_is_told_with_its_result)
{
    setup();
    void *block = mn_region_alloc(&trace.region, 100, 1);
    EXPECT(mn_region_resize(&trace.region, block, 50));
    EXPECT(events[1].op == MN_TRACE_RESIZE && events[1].block == block);
    EXPECT(events[1].size == 50 && events[1].done);
    EXPECT(!mn_region_resize(&trace.region, block, SETUP_SIZE + 1));
    EXPECT(events[2].size == SETUP_SIZE + 1 && !events[2].done);
}

static void told_before(const struct mn_trace_event *event, void *context)
{
    EXPECT(event->op != MN_TRACE_FREE || count.free_count == 0);
    note(event, context);
}

TEST(a_free_is_told_before_it_is_done)
{
    setup();
    mn_trace_init(&trace, &count.region, told_before, events);
    void *block = mn_region_alloc(&trace.region, 100, 1);
    mn_region_free(&trace.region, block);
    EXPECT(event_count == 2 && events[1].op == MN_TRACE_FREE);
    EXPECT(events[1].block == block && count.free_count == 1);
}

TEST(what_only_looks_is_not_told)
{
    struct mn_block block;

    setup();
    EXPECT(mn_region_check(&trace.region));
    EXPECT(mn_region_block_at(&trace.region, setup_memory, &block));
    EXPECT(mn_region_examine(&trace.region, setup_memory)
           == MN_ERR_DOUBLE_FREE);
    EXPECT(event_count == 0);
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn_limit: each limit at its boundary, what the function is told,
 * and that a failure leaves everything as it was. */
#include "unit/guard_setup.h"

enum { LIMIT = 1024, SOFT = 512 };

static struct mn_limit limit;
static struct mn_region *const region = &limit.region;

/* What the function was told, and what it is to do. */
static struct {
    unsigned calls;
    enum mn_limit_event event;
    size_t size;
    void *release; /* give this back */
    bool again;
    size_t take; /* then try to allocate so much, and fail or not */
    void *taken;
} watch;

static bool watcher(struct mn_limit *self, enum mn_limit_event event,
                    size_t size, void *context)
{
    EXPECT(self == &limit && context == &watch);
    watch.calls++;
    watch.event = event;
    watch.size = size;
    if (watch.release != NULL)
        mn_region_free(&self->region, watch.release);
    watch.release = NULL;
    if (watch.take != 0)
        watch.taken = mn_region_alloc(&self->region, watch.take, 1);
    bool again = watch.again;
    watch.again = false;
    return again;
}

static void setup(size_t soft, size_t hard)
{
    mn_limit_init(&limit, setup_tiled(), soft, hard);
    mn_limit_watch(&limit, watcher, &watch);
}

TEST(no_byte_more_than_the_hard_limit_is_out)
{
    setup(SIZE_MAX, LIMIT);
    EXPECT(mn_region_alloc(region, LIMIT + 1, 1) == NULL);
    EXPECT(watch.calls == 1 && watch.event == MN_LIMIT_HARD);
    EXPECT(watch.size == LIMIT + 1 && mn_limit_size(&limit) == 0);
    void *half = mn_region_alloc(region, LIMIT / 2, 1);
    EXPECT(mn_region_alloc(region, LIMIT / 2 + 1, 1) == NULL);
    void *rest = mn_region_alloc(region, LIMIT / 2, 1);
    EXPECT(half != NULL && rest != NULL && mn_limit_size(&limit) == LIMIT);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    mn_region_free(region, half);
    EXPECT(mn_limit_size(&limit) == LIMIT / 2);
    mn_region_free(region, rest);
    EXPECT(mn_limit_size(&limit) == 0 && setup_is_free());
    EXPECT(mn_region_check(region));
}

TEST(what_the_parent_rounds_up_counts)
{
    setup(SIZE_MAX, LIMIT);
    void *first = mn_region_alloc(region, LIMIT - SETUP_GRANULE - 1, 1);
    EXPECT(mn_limit_size(&limit) == LIMIT - SETUP_GRANULE);
    mn_limit_change(&limit, SIZE_MAX, LIMIT - 1);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL); /* would be a granule */
    EXPECT(mn_limit_size(&limit) == LIMIT - SETUP_GRANULE);
    EXPECT(!mn_region_resize(region, first, LIMIT - SETUP_GRANULE + 1));
    EXPECT(mn_limit_size(&limit) == LIMIT - SETUP_GRANULE);
    EXPECT(watch.calls == 2 && watch.event == MN_LIMIT_HARD);
    mn_limit_change(&limit, SIZE_MAX, LIMIT);
    EXPECT(mn_region_resize(region, first, LIMIT - SETUP_GRANULE + 1));
    EXPECT(mn_limit_size(&limit) == LIMIT);
    EXPECT(mn_region_resize(region, first, 1));
    EXPECT(mn_limit_size(&limit) == SETUP_GRANULE);
    mn_region_free(region, first);
    EXPECT(setup_is_free());
}

TEST(no_limit_is_no_limit)
{
    setup(SIZE_MAX, SIZE_MAX);
    EXPECT(mn_region_alloc(region, SETUP_SIZE, 1) == setup_memory);
    EXPECT(watch.calls == 0);
    EXPECT(mn_region_alloc(region, PTRDIFF_MAX, 1) == NULL);
    EXPECT(watch.calls == 1 && watch.event == MN_LIMIT_NOMEM);
    EXPECT(watch.size == PTRDIFF_MAX);
}

TEST(what_the_function_releases_is_tried_again)
{
    setup(SIZE_MAX, LIMIT);
    watch.release = mn_region_alloc(region, LIMIT, 1);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL); /* it did not say so */
    EXPECT(watch.calls == 1 && mn_limit_size(&limit) == 0);
    watch.release = mn_region_alloc(region, LIMIT, 1);
    watch.again = true;
    EXPECT(mn_region_alloc(region, LIMIT, 1) != NULL);
    EXPECT(watch.calls == 2 && mn_limit_size(&limit) == LIMIT);
    watch.again = true; /* nothing released: tried again, asked again */
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(watch.calls == 4);
}

TEST(the_function_may_make_room_in_the_parent)
{
    setup(SIZE_MAX, SIZE_MAX);
    watch.release = mn_region_alloc(region, SETUP_SIZE / 2, 1);
    watch.again = true;
    EXPECT(mn_region_alloc(region, SETUP_SIZE, 1) == setup_memory);
    EXPECT(watch.calls == 1 && watch.event == MN_LIMIT_NOMEM);
}

TEST(growth_in_place_asks_too)
{
    setup(SIZE_MAX, LIMIT);
    void *block = mn_region_alloc(region, LIMIT / 2, 1);
    watch.release = mn_region_alloc(region, LIMIT / 2, 1);
    watch.again = true;
    EXPECT(mn_region_resize(region, block, LIMIT));
    EXPECT(watch.calls == 1 && watch.event == MN_LIMIT_HARD);
    EXPECT(watch.size == LIMIT && mn_limit_size(&limit) == LIMIT);
    EXPECT(!mn_region_resize(region, block, LIMIT + 1));
    EXPECT(watch.calls == 2);
}

TEST(a_block_that_cannot_grow_in_place_is_no_event)
{
    setup(SIZE_MAX, LIMIT);
    void *block = mn_region_alloc(region, 16, 1);
    EXPECT(mn_region_alloc(region, 16, 1) != NULL);
    EXPECT(!mn_region_resize(region, block, 32));
    EXPECT(watch.calls == 0 && mn_limit_size(&limit) == 32);
}

TEST(the_soft_limit_is_told_once_each_time_it_is_passed)
{
    setup(SOFT, LIMIT);
    void *first = mn_region_alloc(region, SOFT, 1);
    EXPECT(watch.calls == 0);
    void *second = mn_region_alloc(region, 16, 1);
    EXPECT(watch.calls == 1 && watch.event == MN_LIMIT_SOFT);
    EXPECT(watch.size == 16);
    EXPECT(mn_region_alloc(region, 16, 1) != NULL && watch.calls == 1);
    mn_region_free(region, second); /* still above */
    EXPECT(mn_region_alloc(region, 16, 1) != NULL && watch.calls == 1);
    mn_region_free(region, first);
    void *third = mn_region_alloc(region, SOFT, 1);
    EXPECT(mn_region_resize(region, third, SOFT - 32));
    EXPECT(mn_region_check(region));
    watch.calls = 1;
    EXPECT(mn_region_resize(region, third, SOFT));
    EXPECT(watch.calls == 2 && watch.event == MN_LIMIT_SOFT);
    EXPECT(mn_region_check(region));
}

TEST(nothing_is_told_while_the_function_runs)
{
    setup(SOFT, LIMIT);
    watch.take = LIMIT; /* fails at the hard limit, silently */
    EXPECT(mn_region_alloc(region, SOFT + 16, 1) != NULL);
    EXPECT(watch.calls == 1 && watch.event == MN_LIMIT_SOFT);
    EXPECT(watch.taken == NULL);
    watch.take = 16;
    EXPECT(mn_region_alloc(region, LIMIT, 1) == NULL);
    EXPECT(watch.calls == 2 && watch.taken != NULL);
    EXPECT(mn_limit_size(&limit) == SOFT + 32 && mn_region_check(region));
}

TEST(passing_the_soft_limit_again_while_it_is_told_is_not_told)
{
    setup(SOFT, LIMIT);
    watch.release = mn_region_alloc(region, SOFT, 1);
    watch.take = SOFT; /* below, and above again */
    EXPECT(mn_region_alloc(region, 16, 1) != NULL);
    EXPECT(watch.calls == 1 && mn_limit_size(&limit) == SOFT + 16);
    watch.take = 0;
    EXPECT(mn_region_alloc(region, 16, 1) != NULL && watch.calls == 1);
    EXPECT(mn_region_check(region));
}

TEST(limits_can_be_changed_with_blocks_out)
{
    setup(SOFT, LIMIT);
    void *block = mn_region_alloc(region, SOFT, 1);
    mn_limit_change(&limit, 16, 32);
    EXPECT(mn_region_check(region) && mn_limit_size(&limit) == SOFT);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(mn_region_resize(region, block, SOFT / 2)); /* smaller is allowed */
    mn_region_free(region, block);
    EXPECT(mn_limit_size(&limit) == 0 && mn_region_check(region));
    EXPECT(mn_region_alloc(region, 32, 1) != NULL);
}

TEST(what_bump_does_not_give_back_stays_out)
{
    struct mn_bump bump;

    EXPECT(mn_bump_init(&bump, setup_memory, 256) == MN_OK);
    mn_limit_init(&limit, &bump.region, SIZE_MAX, 128);
    void *first = mn_region_alloc(region, 20, 1);
    void *second = mn_region_alloc(region, 30, 1);
    void *third = mn_region_alloc(region, 40, 1);
    EXPECT(mn_limit_size(&limit) == 90);
    mn_region_free(region, second);
    EXPECT(mn_limit_size(&limit) == 90);
    mn_region_free(region, third);
    EXPECT(mn_limit_size(&limit) == 50);
    mn_region_free(region, first);
    EXPECT(mn_limit_size(&limit) == 0 && mn_region_check(region));
    first = mn_region_alloc(region, 20, 1);
    second = mn_region_alloc(region, 30, 1);
    EXPECT(mn_region_alloc(region, 40, 1) != NULL);
    mn_region_free(region, first); /* bump tells it as one with the second */
    EXPECT(mn_limit_size(&limit) == 90);
    mn_region_free(region, second);
    EXPECT(mn_limit_size(&limit) == 90 && mn_region_check(region));
}

TEST(misuse_is_the_parents_to_see)
{
    setup(SIZE_MAX, LIMIT);
    unsigned char *block = mn_region_alloc(region, 64, 1);
    EXPECT_STOPS(mn_region_free(region, block + 16), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, &watch), "foreign address");
    EXPECT(mn_region_examine(region, block) == MN_OK);
    EXPECT(mn_region_examine(region, block + 16) == MN_ERR_ADDRESS);
    mn_region_free(region, block);
    EXPECT(mn_region_examine(region, block) == MN_ERR_DOUBLE_FREE);
    EXPECT_STOPS(mn_region_free(region, block), "block is already free");
}

TEST(a_block_that_came_another_way_is_refused)
{
    setup(SIZE_MAX, LIMIT);
    void *block = mn_region_alloc(limit.parent, 64, 1);
    EXPECT(mn_region_examine(region, block) == MN_ERR_ADDRESS);
    EXPECT_STOPS(mn_region_free(region, block), "not a block of this guard");
    mn_region_free(limit.parent, block);
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn_quarantine: who waits, for how long, and what is seen of writes
 * and second releases meanwhile. */
#include <string.h>

#include "unit/guard_setup.h"

enum { SIZE_MAX_WAITING = 256, BLOCKS = 8 };

static struct mn_quarantine quarantine;
static struct mn_region *const region = &quarantine.region;
static struct mn_count count; /* what the parent is asked for */
static _Alignas(8) unsigned char control[1024];

static void setup(size_t size_max)
{
    mn_count_init(&count, setup_tiled());
    EXPECT(mn_quarantine_init(&quarantine, &count.region, size_max, control,
                              mn_guard_control_size(BLOCKS))
           == MN_OK);
}

TEST(init_refuses_control_memory_for_no_block)
{
    size_t one = mn_guard_control_size(1);

    EXPECT(mn_quarantine_init(&quarantine, setup_tiled(), 1, control, one - 1)
           == MN_ERR_INVALID);
    EXPECT(mn_quarantine_init(&quarantine, setup_tiled(), 1, NULL, one)
           == MN_ERR_INVALID);
    EXPECT(mn_quarantine_init(&quarantine, setup_tiled(), 1, control, one)
           == MN_OK);
}

TEST(freed_blocks_wait_and_leave_in_order)
{
    unsigned char *blocks[5];

    setup(SIZE_MAX_WAITING);
    for (unsigned i = 0; i < 5; i++)
        blocks[i] = mn_region_alloc(region, 64, 1);
    for (unsigned i = 0; i < 4; i++)
        mn_region_free(region, blocks[i]);
    EXPECT(count.free_count == 0 && mn_region_check(region));
    mn_region_free(region, blocks[4]); /* 320 bytes would wait */
    EXPECT(count.free_count == 1 && mn_region_check(region));
    EXPECT(mn_region_examine(count.parent, blocks[0]) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_examine(count.parent, blocks[1]) == MN_OK);
    EXPECT(mn_region_alloc(region, 64, 1) == blocks[0]);
}

TEST(waiting_is_bounded_by_count_too)
{
    unsigned char *blocks[4];

    setup(SIZE_MAX_WAITING);
    mn_quarantine_change(&quarantine, SIZE_MAX, 2);
    for (unsigned i = 0; i < 4; i++)
        blocks[i] = mn_region_alloc(region, 16, 1);
    for (unsigned i = 0; i < 4; i++)
        mn_region_free(region, blocks[i]);
    EXPECT(count.free_count == 2);
    mn_quarantine_change(&quarantine, 16, 2);
    EXPECT(count.free_count == 3 && mn_region_check(region));
    mn_quarantine_change(&quarantine, SIZE_MAX, 0);
    EXPECT(count.free_count == 4 && setup_is_free());
    mn_region_free(region, mn_region_alloc(region, 16, 1));
    EXPECT(count.free_count == 5 && mn_region_check(region));
}

TEST(a_block_above_the_bound_does_not_wait)
{
    setup(SIZE_MAX_WAITING);
    mn_region_free(region, mn_region_alloc(region, SIZE_MAX_WAITING, 1));
    EXPECT(count.free_count == 0);
    mn_region_free(region, mn_region_alloc(region, SIZE_MAX_WAITING + 1, 1));
    EXPECT(count.free_count == 1 && mn_region_check(region));
    mn_quarantine_flush(&quarantine);
    EXPECT(count.free_count == 2 && setup_is_free());
}

TEST(every_write_after_free_is_seen)
{
    setup(SIZE_MAX_WAITING);
    unsigned char *block = mn_region_alloc(region, 50, 1);
    memset(block, 0, 50);
    mn_region_free(region, block);
    for (unsigned i = 0; i < 64; i++) { /* all of the granules */
        unsigned char was = block[i];
        EXPECT(was != 0 && mn_region_check(region));
        block[i] ^= 1;
        EXPECT(!mn_region_check(region));
        EXPECT_STOPS(mn_quarantine_flush(&quarantine), "written after free");
        block[i] = was;
    }
    block[7] = 0;
    block[9] = 0;
    EXPECT_STOPS(mn_quarantine_flush(&quarantine), "reuse of 0x");
    EXPECT_STOPS(mn_quarantine_flush(&quarantine),
                 "written after free at offset 7; it lies in block 0x");
    EXPECT_STOPS(mn_region_alloc(region, SETUP_SIZE, 1), " of 64 bytes, free");
}

TEST(a_second_release_is_seen_while_the_block_waits)
{
    struct mn_block found;

    setup(SIZE_MAX_WAITING);
    unsigned char *block = mn_region_alloc(region, 48, 1);
    unsigned char *other = mn_region_alloc(region, 48, 1);
    mn_region_free(region, block);
    mn_region_free(region, other); /* not the newest any more */
    EXPECT_STOPS(mn_region_free(region, block), "block is already free");
    EXPECT_STOPS(mn_region_free(region, block + 5), "block is already free");
    EXPECT_STOPS(mn_region_resize(region, block, 10), "already free");
    EXPECT(mn_region_examine(region, block) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_deallocate(region, block) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_block_at(region, block + 47, &found));
    EXPECT(found.start == block && found.size == 48);
    EXPECT(found.state == MN_FREE);
}

TEST(a_wrong_address_is_told_from_a_right_one)
{
    setup(SIZE_MAX_WAITING);
    unsigned char *block = mn_region_alloc(region, 40, 1);
    void *other = mn_region_alloc(&count.region, 40, 1);
    EXPECT_STOPS(mn_region_free(region, block + 1), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, other), "not a block of this guard");
    EXPECT_STOPS(mn_region_free(region, control), "foreign address");
    EXPECT(mn_region_examine(region, block) == MN_OK);
    EXPECT(mn_region_examine(region, block + 1) == MN_ERR_ADDRESS);
    EXPECT(mn_region_examine(region, other) == MN_ERR_ADDRESS);
    EXPECT(mn_region_examine(region, control) == MN_ERR_ADDRESS);
}

TEST(out_of_memory_lets_those_that_wait_go)
{
    setup(SIZE_MAX);
    void *half = mn_region_alloc(region, SETUP_SIZE / 2, 1);
    void *rest = mn_region_alloc(region, SETUP_SIZE / 2, 1);
    mn_region_free(region, half);
    mn_region_free(region, rest);
    EXPECT(count.free_count == 0);
    void *whole = mn_region_alloc(region, SETUP_SIZE, 1);
    EXPECT(whole == setup_memory && count.free_count == 2);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(mn_region_check(region));
    mn_region_free(region, whole);
    mn_quarantine_flush(&quarantine);
    EXPECT(setup_is_free());
}

TEST(out_of_records_lets_the_oldest_go)
{
    void *blocks[BLOCKS];

    setup(SIZE_MAX);
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = mn_region_alloc(region, 16, 1);
    EXPECT(mn_region_alloc(region, 16, 1) == NULL);
    mn_region_free(region, blocks[2]);
    mn_region_free(region, blocks[1]);
    EXPECT(mn_region_alloc(region, 16, 1) == blocks[2]);
    EXPECT(mn_region_alloc(region, 16, 1) == blocks[1]);
    EXPECT(mn_region_alloc(region, 16, 1) == NULL);
    EXPECT(mn_region_check(region));
}

TEST(resize_is_the_parents)
{
    struct mn_block found;

    setup(SIZE_MAX);
    unsigned char *block = mn_region_alloc(region, 16, 1);
    EXPECT(mn_region_resize(region, block, 100));
    EXPECT(mn_region_block_at(region, block, &found) && found.size == 112);
    EXPECT(!mn_region_resize(region, block, SETUP_SIZE + 1));
    mn_region_free(region, block);
    block[111] = 0; /* as large as it was last */
    EXPECT(!mn_region_check(region));
}

TEST(over_bump_each_block_still_has_its_own_bounds)
{
    struct mn_bump bump;
    unsigned char *blocks[3];
    struct mn_block found;

    EXPECT(mn_bump_init(&bump, setup_memory, 256) == MN_OK);
    EXPECT(mn_quarantine_init(&quarantine, &bump.region, SIZE_MAX, control,
                              mn_guard_control_size(BLOCKS))
           == MN_OK);
    for (unsigned i = 0; i < 3; i++) {
        blocks[i] = mn_region_alloc(region, 10, 16);
        memset(blocks[i], 'a', 10);
    }
    mn_region_free(region, blocks[0]); /* fills it alone */
    EXPECT(blocks[1][0] == 'a' && blocks[2][9] == 'a');
    EXPECT(mn_region_block_at(region, blocks[1] + 9, &found));
    EXPECT(found.start == blocks[1] && found.size == 10);
    EXPECT(mn_region_block_at(region, blocks[1] + 10, &found));
    EXPECT(found.state == MN_RESERVED && found.size == 6);
    EXPECT(mn_region_examine(region, blocks[1]) == MN_OK);
    EXPECT(mn_region_examine(region, blocks[0]) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_check(region));
    mn_region_free(region, blocks[1]);
    mn_region_free(region, blocks[2]);
    mn_quarantine_flush(&quarantine);
    EXPECT(bump.used == 0 && mn_region_check(region));
}

TEST(check_sees_more_waiting_than_may)
{
    setup(SIZE_MAX_WAITING);
    mn_region_free(region, mn_region_alloc(region, 64, 1));
    EXPECT(mn_region_check(region));
    quarantine.size_max = 63;
    EXPECT(!mn_region_check(region));
    quarantine.size_max = 64;
    EXPECT(mn_region_check(region));
    quarantine.count_max = 0;
    EXPECT(!mn_region_check(region));
}

TEST(what_the_parent_finds_wrong_is_told_at_once)
{
    static _Alignas(8) unsigned char zones[1024];
    struct mn_redzone redzone;

    EXPECT(mn_redzone_init(&redzone, setup_tiled(), 8, zones, sizeof zones)
           == MN_OK);
    EXPECT(mn_quarantine_init(&quarantine, &redzone.region, SIZE_MAX, control,
                              mn_guard_control_size(BLOCKS))
           == MN_OK);
    unsigned char *block = mn_region_alloc(region, 20, 1);
    block[20] = 0;
    EXPECT_STOPS(mn_region_free(region, block), "red zone was written at");
}

/* A limit below asks for memory: what waits above it is a good place. */
static bool let_them_go(struct mn_limit *limit, enum mn_limit_event event,
                        size_t size, void *context)
{
    bool waits = quarantine.waiting.block_count > 0;

    (void)limit;
    (void)event;
    (void)size;
    EXPECT(context == &quarantine);
    mn_quarantine_flush(&quarantine);
    return waits;
}

TEST(a_limit_below_may_have_it_flushed)
{
    struct mn_limit limit;

    mn_limit_init(&limit, setup_tiled(), SIZE_MAX, 128);
    mn_limit_watch(&limit, let_them_go, &quarantine);
    EXPECT(mn_quarantine_init(&quarantine, &limit.region, SIZE_MAX, control,
                              mn_guard_control_size(BLOCKS))
           == MN_OK);
    for (unsigned i = 0; i < 100; i++) {
        void *block = mn_region_alloc(region, 64, 1);
        EXPECT(block != NULL && mn_region_check(region));
        mn_region_free(region, block);
    }
    EXPECT(mn_region_alloc(region, 129, 1) == NULL);
    EXPECT(setup_is_free());
}

/* A callback that allocates from the guard which is waiting for its answer. */
static bool take_the_last_record(struct mn_limit *limit,
                                 enum mn_limit_event event, size_t size,
                                 void *context)
{
    (void)size;
    EXPECT(event == MN_LIMIT_SOFT);
    mn_limit_watch(limit, NULL, NULL);
    EXPECT(mn_region_alloc(context, 16, 1) != NULL);
    return false;
}

TEST(a_callback_below_may_take_the_last_record)
{
    struct mn_limit limit;
    struct mn_redzone redzone;
    size_t one = mn_guard_control_size(1);

    mn_limit_init(&limit, setup_tiled(), 0, SIZE_MAX);
    EXPECT(
        mn_quarantine_init(&quarantine, &limit.region, SIZE_MAX, control, one)
        == MN_OK);
    mn_limit_watch(&limit, take_the_last_record, region);
    EXPECT(mn_region_alloc(region, 16, 1) == NULL);
    EXPECT(mn_limit_size(&limit) == 16 && mn_region_check(region));

    mn_limit_init(&limit, setup_tiled(), 0, SIZE_MAX);
    EXPECT(mn_redzone_init(&redzone, &limit.region, 4, control, one) == MN_OK);
    mn_limit_watch(&limit, take_the_last_record, &redzone.region);
    EXPECT(mn_region_alloc(&redzone.region, 16, 1) == NULL);
    EXPECT(mn_limit_size(&limit) == 32 && mn_region_check(&redzone.region));
}

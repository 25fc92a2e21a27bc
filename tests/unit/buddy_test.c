/* SPDX-License-Identifier: MIT */
/* Tests of the buddy system: each promise at its boundary, misuse, and damage
 * to the records. */
#include "buddy_model.h"

#include <stdlib.h>

/* ---- promises ---- */

TEST(the_strategy_has_its_name)
{
    EXPECT(mn_strategy_named("buddy") == &mn_buddy);
    EXPECT(strcmp(mn_buddy.name, "buddy") == 0);
    EXPECT(mn_buddy.propose == NULL);
}

TEST(any_memory_is_covered_by_the_largest_buddies)
{
    for (uint64_t number = 1; number <= 65; number++) {
        for (uint32_t count = 1; count <= 130; count++)
            setup(number, count);
    }
}

TEST(control_size_is_exact)
{
    static const uint32_t counts[] = {1,  2,  3,   7,      8,      9,    63,
                                      64, 65, 200, 0xfffd, 0xfffe, 65535};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct mn_tiled_place place =
            place_of((void *)(13 * GRANULE), counts[i] * GRANULE, GRANULE);
        size_t size = mn_tiled_control_size(&place, 2);
        size_t links =
            (counts[i] < 3 ? 3 : counts[i] + 1)
            * (counts[i] < 65535 ? sizeof(uint32_t) : sizeof(uint64_t));
        EXPECT(size
               == (counts[i] + 7) / 8 * 8 + links
                      + (counts[i] < 65535 ? 74 : 136));
        place.control_size = size - 1;
        EXPECT(mn_tiled_init(&tiled, &place) == MN_ERR_INVALID);
        memset(control, 0xa5, sizeof control);
        place.control_size = size;
        EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
        while (mn_region_alloc(region, GRANULE, 1) != NULL) {
        }
        for (size_t j = size; j < sizeof control; j++)
            EXPECT(control[j] == 0xa5);
    }
}

TEST(the_count_of_blocks_changes_no_size)
{
    struct mn_tiled_place place = place_of(NULL, 64 * GRANULE, GRANULE);
    size_t size = mn_tiled_control_size(&place, 2);

    EXPECT(size > 0);
    EXPECT(mn_tiled_control_size(&place, 0) == 0);
    EXPECT(mn_tiled_control_size(&place, 1) == 0);
    EXPECT(mn_tiled_control_size(&place, 17) == size);
    EXPECT(mn_tiled_control_size(&place, SIZE_MAX) == size);
    place.memory_size = ((size_t)1 << 35) - GRANULE;
    EXPECT(mn_tiled_control_size(&place, 2)
           == ((size_t)1 << 31) + 136 + ((size_t)1 << 34));
    place.memory_size += GRANULE;
    EXPECT(mn_tiled_control_size(&place, 2) == 0);
}

TEST(an_index_with_steps_is_refused)
{
    struct mn_tiled_place place =
        place_of((void *)GRANULE, 64 * GRANULE, GRANULE);
    size_t size = mn_tiled_control_size(&place, 2);

    place.step = 1;
    EXPECT(mn_tiled_control_size(&place, 2) == size);
    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
    for (place.step = 2; place.step <= 64; place.step *= 2) {
        EXPECT(mn_tiled_control_size(&place, 2) == 0);
        EXPECT(mn_tiled_init(&tiled, &place) == MN_ERR_INVALID);
    }
}

TEST(no_operation_runs_out_of_records)
{
    setup(3, 64);
    EXPECT(mni_tiled_count(&tiled) == 65);
    EXPECT(mni_tiled_spare(&tiled));
    mni_tiled_grow(&tiled, 65);
    for (uint32_t i = 0; i < 64; i++)
        step_alloc(1, 1);
    EXPECT(mni_tiled_spare(&tiled));
    step_alloc(1, 1);
    for (uint32_t i = 0; i < 64; i++)
        step_free(i);
    expect_same();
}

TEST(alloc_refuses_what_cannot_be)
{
    setup(64, 64);
    EXPECT(mn_region_alloc(region, 0, 1) == NULL);
    EXPECT(mn_region_alloc(region, 1, 3) == NULL);
    EXPECT(mn_region_alloc(region, 64 * GRANULE + 1, 1) == NULL);
    EXPECT(mn_region_alloc(region, PTRDIFF_MAX, 1) == NULL);
    EXPECT(mn_region_alloc(region, 1, (size_t)1 << 63) == NULL);
    EXPECT(mn_region_alloc(region, 1, 128 * GRANULE) == NULL);
    EXPECT(mn_region_alloc(region, 64 * GRANULE, 64 * GRANULE) == tiled.base);
    EXPECT(mn_region_check(region));
}

TEST(alloc_gives_each_block_the_alignment_of_its_size)
{
    for (size_t align = 1; align <= 64 * GRANULE; align *= 2) {
        setup(64 + 5, 200);
        step_alloc(1, 1);
        step_alloc(3 * GRANULE, align);
        step_alloc(1, align);
        expect_same();
    }
}

TEST(resize_is_refused_without_a_change)
{
    setup(64, 64);
    step_alloc(2 * GRANULE, 1);
    step_alloc(2 * GRANULE, 1);
    step_resize(0, 2 * GRANULE + 1); /* the upper half is out */
    step_resize(2, 2 * GRANULE + 1); /* it is the upper half */
    EXPECT(!mn_region_resize(region, address_of(2), 0));
    EXPECT(!mn_region_resize(region, address_of(2), 64 * GRANULE + 1));
    EXPECT(!mn_region_resize(region, address_of(2), SIZE_MAX));
    step_free(2);
    step_resize(0, 64 * GRANULE);
    step_resize(0, 1);
    step_resize(0, 33 * GRANULE);
    expect_same();
}

static bool visit_three(const struct mn_block *block, void *context)
{
    (void)block;
    return ++*(int *)context < 3;
}

TEST(walk_ends_when_the_visitor_says_so)
{
    int visited = 0;

    setup(1, 64);
    EXPECT(!mn_region_walk(region, visit_three, &visited));
    EXPECT(visited == 3);
}

/* ---- misuse ---- */

static const char *misuse(uint32_t granule)
{
    return model.owner[granule] == 0 ? "block is already free"
                                     : "pointer into a block";
}

TEST(release_of_each_wrong_address_stops)
{
    setup(5, 22);
    step_alloc(4 * GRANULE, 1);
    step_alloc(GRANULE, 1);
    step_alloc(2 * GRANULE, 1);
    expect_told_everywhere();
    mn_region_free(region, NULL);
    EXPECT_STOPS(mn_region_free(region, tiled.base - 1), "foreign address");
    EXPECT_STOPS(mn_region_free(region, tiled.base - GRANULE), "foreign");
    EXPECT_STOPS(mn_region_free(region, tiled.base + tiled.size), "foreign");
    EXPECT_STOPS(mn_region_resize(region, NULL, 1), "resize of 0x0: foreign");
    for (uint32_t i = 0; i < model.count; i++) {
        unsigned char *address = address_of(i);
        EXPECT_STOPS(mn_region_free(region, address + 1), misuse(i));
        EXPECT_STOPS(mn_region_resize(region, address + 8, 1), misuse(i));
        if (model.owner[i] != i + 1) {
            EXPECT_STOPS(mn_region_free(region, address), misuse(i));
            EXPECT_STOPS(mn_region_resize(region, address, 1), misuse(i));
        }
    }
    expect_same();
}

/* What follows the bytes of the granules looks like one of a block. */
TEST(release_of_the_end_stops_whatever_is_there)
{
    setup(8, 128);
    EXPECT_STOPS(mn_region_free(region, tiled.base + tiled.size), "foreign");
    EXPECT_STOPS(mn_region_resize(region, tiled.base + tiled.size, 1),
                 "foreign");
}

TEST(a_second_release_stops_also_after_blocks_were_joined)
{
    setup(64, 4);
    for (uint32_t i = 0; i < 4; i++)
        step_alloc(1, 1);
    for (uint32_t i = 0; i < 4; i++) {
        step_free(i);
        EXPECT_STOPS(mn_region_free(region, address_of(i)), "already free");
    }
}

/* ---- check believes nothing ---- */

static void setup_to_be_damaged(void)
{
    setup(21, 40);
    for (int i = 0; i < 20; i++)
        step_alloc(1, 1);
    for (uint32_t i = 0; i < 40; i += 3) {
        if (model.owner[i] == i + 1)
            step_free(i);
    }
    expect_same();
}

TEST(check_sees_each_damaged_bit)
{
    size_t stale = 0;

    setup_to_be_damaged();
    for (size_t i = 0; i < control_size * 8; i++) {
        control[i / 8] ^= (unsigned char)(1 << i % 8);
        EXPECT(mn_region_check(region) == is_stale(i / 8));
        stale += is_stale(i / 8);
        control[i / 8] ^= (unsigned char)(1 << i % 8);
    }
    EXPECT(stale > 0 && stale < control_size * 4);
    expect_same();
}

TEST(check_sees_a_region_of_another_shape)
{
    struct mn_tiled good;

    setup_to_be_damaged();
    good = tiled;
    tiled.base += GRANULE;
    EXPECT(!mn_region_check(region));
    tiled = good;
    tiled.size += GRANULE;
    EXPECT(!mn_region_check(region));
    tiled = good;
    tiled.granule_count--;
    EXPECT(!mn_region_check(region));
    tiled = good;
    tiled.step_shift = 1;
    EXPECT(!mn_region_check(region));
    tiled = good;
    for (unsigned shift = 0; shift < 256; shift++) {
        tiled.granule_shift = (unsigned char)shift;
        EXPECT(mn_region_check(region) == (shift == good.granule_shift));
    }
}

/* Have the region, and all that it knows of its place, be somewhere else. */
static void move_to(uint32_t number)
{
    tiled.base = (unsigned char *)(uintptr_t)(number * GRANULE);
    memcpy((unsigned char *)tiled.tiles + sizeof(uint32_t), &number,
           sizeof number);
}

TEST(check_sees_buddies_that_are_both_free)
{
    setup(9, 2);
    move_to(11);
    EXPECT(mn_region_check(region));
    move_to(8);
    EXPECT(!mn_region_check(region));
}

TEST(check_sees_a_block_that_is_not_aligned)
{
    setup(8, 2);
    move_to(10);
    EXPECT(mn_region_check(region));
    move_to(9);
    EXPECT(!mn_region_check(region));
}

/* Under the address sanitizer: control memory of just the size. */
TEST(check_reads_no_further_than_its_records)
{
    unsigned char *exact;
    uint64_t random = 1965;

    setup_to_be_damaged();
    memcpy(before, control, control_size);
    exact = malloc(control_size);
    EXPECT(exact != NULL);
    tiled.tiles = exact + ((unsigned char *)tiled.tiles - control);
    tiled.index = exact;
    for (int round = 0; round < 50000; round++) {
        memcpy(exact, before, control_size);
        for (uint64_t n = test_random(&random) % 8; n > 0; n--) {
            size_t at = (size_t)(test_random(&random) % control_size);
            exact[at] = (unsigned char)test_random(&random);
        }
        if (round % 100 == 0)
            memset(exact, round / 100 % 256, control_size);
        bool same = true;
        for (size_t i = 0; i < control_size; i++)
            same &= exact[i] == before[i] || is_stale(i);
        EXPECT(mn_region_check(region) == same);
    }
    free(exact);
}

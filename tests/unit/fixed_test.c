/* SPDX-License-Identifier: MIT */
/* Tests of mn/fixed.h with a strategy of ours: it answers as the tables do and
 * as an allocator that is written by hand does, and costs what it should. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("no-tree-slp-vectorize") /* as the library is compiled */
#endif

#define MN_FIXED_STRATEGY tlsf
#define MN_FIXED_BITS 16
#include <mn/fixed.h>

#include "by_hand_tlsf.h"
#include "fixed_forms.h"

/* All forms see the same alignments. */
static _Alignas(4096) unsigned char memory[FORMS_MAX][FORMS_SIZE];
static _Alignas(8) unsigned char control[2][64 * 1024];
static struct mn_tiled tiled[2];
static struct hand hand;
static struct hand_tiles hand_tiles;
static uint16_t hand_index[FORMS_SIZE / FORMS_GRANULE];

static struct mn_tiled_place place_of(int k, size_t step)
{
    struct mn_tiled_place place = {.memory = memory[k],
                                   .memory_size = FORMS_SIZE,
                                   .granule = FORMS_GRANULE,
                                   .control = control[k],
                                   .strategy = &mn_tlsf,
                                   .step = step};

    place.control_size = mn_fixed_control_size(&place, FORMS_RECORDS - 1);
    EXPECT(place.control_size > 0 && place.control_size <= sizeof control[k]);
    return place;
}

static void fixed_setup(void)
{
    struct mn_tiled_place place = place_of(0, 0);

    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_OK);
}

/* ---- the forms ---- */

static __attribute__((noinline)) void *fixed_alloc(struct mn_region *region,
                                                   size_t size, size_t align)
{
    return mn_fixed_alloc((struct mn_tiled *)region, size, align);
}

static __attribute__((noinline)) bool fixed_resize(struct mn_region *region,
                                                   void *block, size_t size)
{
    return mn_fixed_resize((struct mn_tiled *)region, block, size);
}

static __attribute__((noinline)) void fixed_free(struct mn_region *region,
                                                 void *block)
{
    mn_fixed_free((struct mn_tiled *)region, block);
}

static __attribute__((noinline)) void *by_hand_alloc(struct mn_region *region,
                                                     size_t size, size_t align)
{
    return hand_alloc((struct hand *)(void *)region, size, align);
}

static __attribute__((noinline)) bool by_hand_resize(struct mn_region *region,
                                                     void *block, size_t size)
{
    return hand_resize((struct hand *)(void *)region, block, size);
}

static __attribute__((noinline)) void by_hand_free(struct mn_region *region,
                                                   void *block)
{
    hand_free((struct hand *)(void *)region, block);
}

enum { FIXED, TABLE, BY_HAND };

static struct form forms[] = {
    [FIXED] = {.name = "fixed",
               .alloc = fixed_alloc,
               .resize = fixed_resize,
               .free = fixed_free,
               .region = &tiled[0].region,
               .memory = memory[0]},
    [TABLE] = {.name = "table",
               .alloc = mn_region_alloc,
               .resize = mn_region_resize,
               .free = mn_region_free,
               .region = &tiled[1].region,
               .memory = memory[1]},
    [BY_HAND] = {.name = "by hand",
                 .alloc = by_hand_alloc,
                 .resize = by_hand_resize,
                 .free = by_hand_free,
                 .region = (struct mn_region *)(void *)&hand,
                 .memory = memory[2]},
};

static void forms_setup(size_t step)
{
    struct mn_tiled_place place = place_of(0, step);

    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_OK);
    place = place_of(1, step);
    EXPECT(mn_tiled_init(&tiled[1], &place) == MN_OK);
    hand = (struct hand){.base = memory[2],
                         .size = FORMS_SIZE,
                         .tiles = &hand_tiles,
                         .index = hand_index,
                         .granule_shift = tiled[0].granule_shift,
                         .step_shift = tiled[0].step_shift};
    hand_init(&hand, FORMS_RECORDS);
}

/* ---- the same answers, and what they cost ---- */

/* Instructions by which compilers place registers otherwise in one form than
 * in the other. In resize, what the library's own functions check twice and
 * look up twice is not merged either. */
static const unsigned long more_than_by_hand[OPERATIONS] = {
    [ALLOC] = 0, [ALLOC_ALIGNED] = 2, [RESIZE] = 9, [FREE] = 1};
static const unsigned long less_than_table[OPERATIONS] = {[RESIZE] = 1};

/* The bounds are those of one compiler; another may do better or worse. */
#if defined __GNUC__ && !defined __clang__
enum { BOUNDED = FORMS_COUNTED };
#else
enum { BOUNDED = 0 };
#endif

static void compare_costs(const struct form *form,
                          const struct request *request)
{
    enum operation k = request->operation;
    unsigned long added = form[TABLE].cost - form[FIXED].cost;

    if (!BOUNDED)
        return;
    EXPECT(form[FIXED].cost > 0);
    EXPECT(form[FIXED].cost <= form[BY_HAND].cost + more_than_by_hand[k]);
    EXPECT(added <= forms_table_cost[k]);
    EXPECT(added + less_than_table[k] >= forms_table_cost[k]);
}

/* The answers have been compared. */
static void compare_nothing(const struct form *form,
                            const struct request *request)
{
    (void)form;
    (void)request;
}

TEST(answers_are_the_same_and_cost_no_more_than_by_hand)
{
    forms_setup(0);
    forms_run(forms, 3, 2500, compare_costs);
    if (BOUNDED) {
        EXPECT(forms[FIXED].sum[ALLOC] <= forms[BY_HAND].sum[ALLOC]);
        EXPECT(forms[FIXED].sum[FREE] <= forms[BY_HAND].sum[FREE]);
        EXPECT(forms_total(&forms[FIXED]) <= forms_total(&forms[BY_HAND]));
    }
    EXPECT(mn_region_check(&tiled[0].region));
    EXPECT(mn_region_check(&tiled[1].region));
}

TEST(answers_are_the_same_with_an_index_of_wide_steps)
{
    forms_setup(4);
    forms_run(forms, 3, 1000, compare_nothing);
    EXPECT(mn_region_check(&tiled[0].region));
    EXPECT(mn_region_check(&tiled[1].region));
}

#if FORMS_COUNTED
TEST(a_table_costs_a_check_of_the_arguments_and_a_jump_more)
{
    forms_calibrate();
    EXPECT(forms_table_cost[ALLOC] > 0 && forms_table_cost[ALLOC] <= 12);
    EXPECT(forms_table_cost[RESIZE] > 0 && forms_table_cost[RESIZE] <= 8);
    EXPECT(forms_table_cost[FREE] > 0 && forms_table_cost[FREE] <= 6);
}
#endif

/* ---- a region like any other ---- */

TEST(both_forms_work_on_one_region_in_turns)
{
    fixed_setup();
    struct mn_region *region = &tiled[0].region;
    unsigned char *first = mn_fixed_alloc(&tiled[0], 100, 16);
    unsigned char *second = mn_region_alloc(region, 200, 512);
    struct mn_block block;

    EXPECT(first != NULL && second != NULL && (uintptr_t)second % 512 == 0);
    EXPECT(mn_region_block_at(region, first + 50, &block));
    EXPECT(block.start == first && block.size == 112);
    EXPECT(mn_region_resize(region, first, 16));
    EXPECT(mn_fixed_resize(&tiled[0], second, 100));
    EXPECT(!mn_fixed_resize(&tiled[0], second, FORMS_SIZE));
    mn_region_free(region, first);
    mn_fixed_free(&tiled[0], second);
    EXPECT(mn_region_check(region));
    EXPECT(mn_fixed_alloc(&tiled[0], FORMS_SIZE, 16) == memory[0]);
    EXPECT(mn_fixed_alloc(&tiled[0], 1, 1) == NULL);
}

TEST(init_and_control_size_are_those_of_the_library)
{
    struct mn_tiled_place place = place_of(0, 0);

    EXPECT(mn_fixed_control_size(&place, 100)
           == mn_tiled_control_size(&place, 100));
    place.strategy = &mn_fixed;
    EXPECT(mn_tiled_init(&tiled[0], &place) == MN_OK);
    mn_fixed_free(&tiled[0], mn_fixed_alloc(&tiled[0], 1, 1));
    EXPECT(mn_region_required(1000, 100, 10, &mn_fixed)
           == mn_region_required(1000, 100, 10, &mn_tlsf));
    place.granule = 24;
    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_ERR_INVALID);
    place.granule = 8; /* more than links of 16 bits can count */
    place.memory_size = (size_t)8 * 65536;
    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_ERR_INVALID);
}

TEST(a_size_of_0_is_refused_though_it_is_not_asked_for)
{
    fixed_setup();
    void *block = mn_fixed_alloc(&tiled[0], 16, 16);
    EXPECT(mn_fixed_alloc(&tiled[0], 0, 16) == NULL);
    EXPECT(mn_fixed_alloc(&tiled[0], SIZE_MAX, 16) == NULL);
    EXPECT(!mn_fixed_resize(&tiled[0], block, 0));
    EXPECT(mn_region_check(&tiled[0].region));
}

TEST(misuse_stops_the_program)
{
    fixed_setup();
    unsigned char *block = mn_fixed_alloc(&tiled[0], 100, 16);

    EXPECT_STOPS(mn_fixed_free(&tiled[0], NULL), "foreign address");
    EXPECT_STOPS(mn_fixed_free(&tiled[0], block + 16), "pointer into a block");
    EXPECT_STOPS(mn_fixed_free(&tiled[0], block + 1), "pointer into a block");
    EXPECT_STOPS(mn_fixed_resize(&tiled[0], memory[1], 1), "foreign address");
    mn_fixed_free(&tiled[0], block);
    EXPECT_STOPS(mn_fixed_free(&tiled[0], block), "block is already free");
    EXPECT_STOPS(mn_fixed_resize(&tiled[0], block, 1), "already free");
    EXPECT_STOPS(mn_fixed_stop(NULL, NULL, "own words", NULL),
                 "mneme: own words");
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn/fixed.h with a granule that is constant too. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("no-tree-slp-vectorize") /* as the library is compiled */
#endif

#define MN_FIXED_STRATEGY tlsf
#define MN_FIXED_BITS 16
#define MN_FIXED_GRANULE 16
#include <mn/fixed.h>

#include "fixed_forms.h"

enum { CONSTANT_SIZE = 48, CONSTANT_COUNT = 100 };

static _Alignas(4096) unsigned char memory[2][FORMS_SIZE];
static _Alignas(8) unsigned char control[2][64 * 1024];
static struct mn_tiled tiled[2];

static struct mn_tiled_place place_of(int k)
{
    struct mn_tiled_place place = {.memory = memory[k],
                                   .memory_size = FORMS_SIZE,
                                   .granule = FORMS_GRANULE,
                                   .control = control[k],
                                   .strategy = &mn_tlsf};

    place.control_size = mn_fixed_control_size(&place, FORMS_RECORDS - 1);
    EXPECT(place.control_size > 0 && place.control_size <= sizeof control[k]);
    return place;
}

static __attribute__((noinline)) void *fixed_alloc(struct mn_region *region,
                                                   size_t size, size_t align)
{
    return mn_fixed_alloc((struct mn_tiled *)region, size, align);
}

static __attribute__((noinline)) void *constant_alloc(struct mn_region *region,
                                                      size_t size, size_t align)
{
    (void)size;
    (void)align;
    return mn_fixed_alloc((struct mn_tiled *)region, CONSTANT_SIZE, 1);
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

static struct form forms[] = {{.name = "granule 16",
                               .alloc = fixed_alloc,
                               .resize = fixed_resize,
                               .free = fixed_free,
                               .region = &tiled[0].region,
                               .memory = memory[0]},
                              {.name = "table",
                               .alloc = mn_region_alloc,
                               .resize = mn_region_resize,
                               .free = mn_region_free,
                               .region = &tiled[1].region,
                               .memory = memory[1]}};

static void setup(void)
{
    struct mn_tiled_place place = place_of(0);

    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_OK);
    place = place_of(1);
    EXPECT(mn_tiled_init(&tiled[1], &place) == MN_OK);
}

static void compare_costs(const struct form *form,
                          const struct request *request)
{
    (void)request;
    if (FORMS_COUNTED)
        EXPECT(form[0].cost < form[1].cost);
}

TEST(answers_are_the_same_and_cost_less_than_by_a_table)
{
    setup();
    forms_run(forms, 2, 1000, compare_costs);
    EXPECT(mn_region_check(&tiled[0].region));
    EXPECT(mn_region_check(&tiled[1].region));
}

TEST(a_constant_size_costs_less_than_one_that_is_not)
{
    struct form constant = forms[0];
    struct form variable = forms[0];
    unsigned long sum[2] = {0, 0};

    setup();
    constant.alloc = constant_alloc;
    variable.region = &tiled[1].region; /* the records are the same */
    variable.memory = memory[1];
    for (int k = 0; k < CONSTANT_COUNT; k++) {
        unsigned char *a = forms_alloc(&constant, CONSTANT_SIZE, 1);
        unsigned char *b = forms_alloc(&variable, CONSTANT_SIZE, 1);
        EXPECT(a != NULL && b != NULL && a - memory[0] == b - memory[1]);
        EXPECT(!FORMS_COUNTED || constant.cost < variable.cost);
        sum[0] += constant.cost;
        sum[1] += variable.cost;
    }
    if (FORMS_COUNTED)
        printf("a constant size: %lu instructions less\n",
               (sum[1] - sum[0]) / CONSTANT_COUNT);
}

TEST(another_granule_is_refused)
{
    struct mn_tiled_place place = place_of(0);

    place.granule = 32;
    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_ERR_INVALID);
    place.granule = 8;
    EXPECT(mn_fixed_init(&tiled[0], &place) == MN_ERR_INVALID);
}

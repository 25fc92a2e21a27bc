/* SPDX-License-Identifier: MIT */
/* Tests of the builder: defaults, what is refused at run time, and that each
 * part of a description holds. What does not compile is in tests/typestate,
 * and so is the proof that nothing is left of a description of constants. */
#include <mn/build.h>
#include <mn/state.h>

#include <string.h>

#include "test.h"

enum { SIZE = 4096, BLOCKS = 64, LIMIT = 256, DIRT = 0xa5 };

static _Alignas(64) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[8192];
static struct mn_built built;

static void begin(struct mn_build how)
{
    size_t size = mn_build_control_size(how, BLOCKS);

    EXPECT(size > 0 && size <= sizeof(control));
    memset(memory, DIRT, sizeof(memory));
    EXPECT(mn_build_begin(&built, how, memory, control, size) == MN_OK);
}

/* A number that compilers do not know. */
static size_t unknown(size_t number)
{
    volatile size_t copy = number;

    return copy;
}

static enum mn_status status_of(struct mn_build how)
{
    enum mn_status status =
        mn_build_begin(&built, how, memory, control, sizeof(control));

    EXPECT(status == mn_build_status(how) || status == MN_OK);
    EXPECT((mn_build_control_size(how, BLOCKS) == 0) == (status != MN_OK));
    return status;
}

TEST(a_size_is_all_that_has_to_be_named)
{
    struct mn_build how = mn_build(.size = SIZE);

    begin(how);
    EXPECT(mn_build_region(how, &built) == &built.tiled.region);
    for (int i = 0; i < SIZE / MN_BUILD_ALIGN / 4; i++) {
        unsigned char *block = mn_build_alloc(how, &built, 4 * MN_BUILD_ALIGN);
        EXPECT(block == memory + i * 4 * MN_BUILD_ALIGN && block[0] == DIRT);
    }
    EXPECT(mn_build_alloc(how, &built, 1) == NULL);
    EXPECT(mn_region_check(mn_build_region(how, &built)));
}

TEST(every_block_has_the_alignment_that_was_named)
{
    for (size_t align = 1; align <= 512; align *= 2) {
        struct mn_build how = mn_build(.size = SIZE, .align = align);
        begin(how);
        for (int i = 0; i < 4; i++) {
            void *block = mn_build_alloc(how, &built, 24);
            EXPECT(block != NULL && (uintptr_t)block % align == 0);
        }
    }
}

TEST(a_bare_struct_is_refused)
{
    struct mn_build how = {.size = SIZE, .strategy = &mn_tlsf};

    EXPECT(mn_build_begin(&built, how, memory, control, sizeof(control))
           == MN_ERR_ALIGN);
    how.align = MN_BUILD_ALIGN;
    how.strategy = NULL;
    EXPECT(mn_build_begin(&built, how, memory, control, sizeof(control))
           == MN_ERR_INVALID);
    how = mn_build_checked(how);
    EXPECT(how.strategy == &mn_tlsf);
    EXPECT(mn_build_begin(&built, how, memory, control, sizeof(control))
           == MN_OK);
}

TEST(a_limit_holds_to_the_byte_and_returns)
{
    struct mn_build how = mn_build(.size = SIZE, .limit = LIMIT);

    begin(how);
    void *half = mn_build_alloc(how, &built, LIMIT / 2);
    EXPECT(half != NULL);
    EXPECT(mn_build_alloc(how, &built, LIMIT / 2 + 1) == NULL);
    void *rest = mn_build_alloc(how, &built, LIMIT / 2);
    EXPECT(rest != NULL);
    EXPECT(mn_build_alloc(how, &built, 1) == NULL);
    mn_build_free(how, &built, half);
    half = mn_build_alloc(how, &built, LIMIT / 2);
    EXPECT(half != NULL);
    mn_build_free(how, &built, half);
    mn_build_free(how, &built, rest);
    EXPECT(mn_region_check(mn_build_region(how, &built)));
}

TEST(zero_fills_what_was_asked_for)
{
    struct mn_build how = mn_build(.size = SIZE, .zero = true);

    begin(how);
    unsigned char *block = mn_build_alloc(how, &built, 100);
    EXPECT(block != NULL);
    for (int i = 0; i < 100; i++)
        EXPECT(block[i] == 0);
    memset(block, DIRT, 100);
    mn_build_free(how, &built, block);
    block = mn_build_alloc(how, &built, 50);
    EXPECT(block != NULL && block[0] == 0 && block[49] == 0);
    EXPECT(mn_build_alloc(how, &built, SIZE) == NULL);
}

TEST(nonsense_is_refused_at_run_time)
{
    struct mn_build how = mn_build(.size = SIZE);

    EXPECT(status_of(how) == MN_OK);
    how.size = unknown(0);
    EXPECT(status_of(how) == MN_ERR_SIZE);
    how.size = unknown(SIZE - 1);
    EXPECT(status_of(how) == MN_ERR_SIZE);
    how.size = unknown(SIZE_MAX - 15);
    EXPECT(status_of(how) == MN_ERR_SIZE);
    how.size = SIZE;
    how.align = unknown(24);
    EXPECT(status_of(how) == MN_ERR_ALIGN);
    how.align = unknown(MN_BUILD_ALIGN);
    how.limit = unknown(MN_BUILD_ALIGN - 1);
    EXPECT(status_of(how) == MN_ERR_INVALID);
    how.limit = unknown(SIZE + 1);
    EXPECT(status_of(how) == MN_ERR_INVALID);
    how.limit = unknown(SIZE);
    EXPECT(status_of(how) == MN_OK);
    how.limit = unknown(MN_BUILD_ALIGN);
    EXPECT(status_of(how) == MN_OK);
}

TEST(unsuitable_memory_is_refused)
{
    struct mn_build how = mn_build(.size = SIZE / 2);
    size_t size = mn_build_control_size(how, BLOCKS);

    EXPECT(mn_build_begin(&built, how, memory + 1, control, size)
           == MN_ERR_INVALID);
    EXPECT(mn_build_begin(&built, how, NULL, control, size) == MN_ERR_INVALID);
    EXPECT(mn_build_begin(&built, how, memory, control, 16) == MN_ERR_INVALID);
    EXPECT(mn_build_begin(&built, how, memory, control, size) == MN_OK);
}

TEST(the_strategy_that_was_named_serves)
{
    struct mn_tiled_place place = {
        .memory = memory,
        .memory_size = SIZE,
        .granule = MN_BUILD_ALIGN,
        .control = control,
        .control_size = sizeof(control),
    };

    for (size_t i = 0; (place.strategy = mn_strategy_at(i)) != NULL; i++) {
        struct mn_build how =
            mn_build(.size = SIZE, .strategy = place.strategy);
        begin(how);
        void *block = mn_build_alloc(how, &built, SIZE / 8);
        EXPECT(block != NULL);
        mn_build_free(how, &built, block);
        EXPECT(mn_region_check(mn_build_region(how, &built)));
        const struct mn_region_ops *ops = built.tiled.region.ops;
        EXPECT(mn_tiled_init(&built.tiled, &place) == MN_OK);
        EXPECT(built.tiled.region.ops == ops);
    }
}

TEST(what_is_built_is_a_region_for_typestate)
{
    struct mn_build how = mn_build(.size = SIZE, .limit = LIMIT);

    begin(how);
    struct mn_region *region = mn_build_region(how, &built);
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), LIMIT, 16);
    EXPECT(block != NULL && mn_state_check(region, block) == MN_OK);
    EXPECT(mn_build_alloc(how, &built, 1) == NULL);
    mn_state_end_freed(mn_state_free(region, block));
    EXPECT_STOPS(mn_build_free(how, &built, control), "foreign");
}

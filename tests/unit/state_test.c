/* SPDX-License-Identifier: MIT */
/* Tests of typestate at run time: each transition over tiled and bump regions,
 * the bounds of reading and writing, damage, and what a handle costs. What
 * compilers refuse is tested by tests/typestate. */
#include <mn/state.h>
#include <mn/strategy.h>

#include <string.h>

#include "test.h"

enum { GRANULE = 16, SIZE = 64 * GRANULE, GUARD = 0x5a };

static _Alignas(64) unsigned char memory[SIZE + GRANULE];
static _Alignas(64) unsigned char control[4096];
static struct mn_tiled tiled;
static struct mn_region *const region = &tiled.region;

static void setup(void)
{
    struct mn_tiled_place place = {
        .memory = memory,
        .memory_size = SIZE,
        .granule = GRANULE,
        .control = control,
        .control_size = sizeof(control),
        .strategy = &mn_tlsf,
    };

    memset(memory, GUARD, sizeof(memory));
    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
}

/* The pointer, in a way that compilers cannot follow. */
static void *hidden(const void *pointer)
{
    volatile uintptr_t address = (uintptr_t)pointer;

    return (void *)address;
}

static struct mn_allocated *allocate(size_t size)
{
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), size, GRANULE);

    EXPECT(block != NULL);
    return hidden(block);
}

static bool all_is_free(void)
{
    struct mn_block block;

    return mn_region_check(region) && mn_region_block_at(region, memory, &block)
           && block.state == MN_FREE && block.size == SIZE;
}

TEST(a_block_passes_through_its_states)
{
    setup();
    struct mn_unallocated *right = mn_state_begin(region);
    struct mn_allocated *block = mn_state_allocate(right, 40, 32);
    EXPECT(block != NULL);
    EXPECT((uintptr_t)mn_state_memory(block) % 32 == 0);
    EXPECT(mn_state_check(region, block) == MN_OK);
    EXPECT(!all_is_free());
    struct mn_freed *freed = mn_state_free(region, block);
    EXPECT(all_is_free());
    right = mn_state_renew(region, freed);
    block = mn_state_allocate(right, SIZE, 1);
    EXPECT(block != NULL && mn_state_memory(block) == hidden(memory));
    mn_state_end_freed(mn_state_free(region, block));
    EXPECT(all_is_free());
}

TEST(a_right_can_be_left_unused)
{
    setup();
    mn_state_end_unallocated(mn_state_begin(region));
    mn_state_end_unallocated(
        mn_state_renew(region, mn_state_free(region, allocate(1))));
    EXPECT(all_is_free());
}

TEST(no_memory_is_null_and_changes_nothing)
{
    setup();
    volatile size_t not_a_power = 48;
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), SIZE + 1, 1);
    EXPECT(block == NULL);
    block = mn_state_allocate(mn_state_begin(region), 0, 1);
    EXPECT(block == NULL);
    block = mn_state_allocate(mn_state_begin(region), 1, not_a_power);
    EXPECT(block == NULL);
    EXPECT(all_is_free());
    block = mn_state_allocate(mn_state_begin(region), SIZE, 1);
    EXPECT(block != NULL);
    EXPECT(mn_state_allocate(mn_state_begin(region), 1, 1) == NULL);
    mn_state_end_freed(mn_state_free(region, block));
}

TEST(reading_and_writing_stay_inside_the_block)
{
    unsigned char in[3 * GRANULE];
    unsigned char out[3 * GRANULE];
    volatile size_t huge = SIZE_MAX; /* or compilers warn, as they should */

    setup();
    memset(in, 1, sizeof(in));
    memset(out, 2, sizeof(out));
    struct mn_allocated *before = allocate(GRANULE);
    struct mn_allocated *block = allocate(2 * GRANULE);
    EXPECT(mn_state_size(region, block) == 2 * GRANULE);
    EXPECT(mn_state_write(region, block, 0, in, 2 * GRANULE) == MN_OK);
    EXPECT(mn_state_write(region, block, 2 * GRANULE, in, 0) == MN_OK);
    EXPECT(mn_state_read(region, block, 2 * GRANULE - 1, out, 1) == MN_OK);
    EXPECT(out[0] == 1 && out[1] == 2);
    EXPECT(mn_state_write(region, block, 0, in, 2 * GRANULE + 1)
           == MN_ERR_INVALID);
    EXPECT(mn_state_write(region, block, 2 * GRANULE, in, 1) == MN_ERR_INVALID);
    EXPECT(mn_state_write(region, block, 2 * GRANULE + 1, in, 0)
           == MN_ERR_INVALID);
    EXPECT(mn_state_read(region, block, huge, out, 1) == MN_ERR_INVALID);
    EXPECT(mn_state_read(region, block, 1, out, huge) == MN_ERR_INVALID);
    EXPECT(mn_state_read(region, block, huge, out, huge) == MN_ERR_INVALID);
    EXPECT(out[0] == 1 && out[1] == 2);
    EXPECT(memory[GRANULE - 1] == GUARD && memory[3 * GRANULE] == GUARD);
    EXPECT(memory[GRANULE] == 1 && memory[3 * GRANULE - 1] == 1);
    mn_state_end_freed(mn_state_free(region, before));
    mn_state_end_freed(mn_state_free(region, block));
}

TEST(nothing_is_read_or_written_once_the_block_is_free)
{
    unsigned char byte = 7;

    setup();
    struct mn_allocated *block = allocate(1);
    struct mn_allocated *stale = hidden(block);
    mn_state_end_freed(mn_state_free(region, block));
    EXPECT(mn_state_size(region, stale) == 0);
    EXPECT(mn_state_read(region, stale, 0, &byte, 1) == MN_ERR_INVALID);
    EXPECT(mn_state_read(region, stale, 0, &byte, 0) == MN_ERR_INVALID);
    EXPECT(mn_state_write(region, stale, 0, &byte, 1) == MN_ERR_INVALID);
    EXPECT(byte == 7 && memory[0] == GUARD);
    stale = hidden(control);
    EXPECT(mn_state_size(region, stale) == 0);
    EXPECT(mn_state_write(region, stale, 0, &byte, 1) == MN_ERR_INVALID);
}

TEST(a_wrong_handle_stops_the_program)
{
    setup();
    struct mn_allocated *block = allocate(2 * GRANULE);
    unsigned char *inside = (unsigned char *)hidden(block) + GRANULE;
    struct mn_allocated *stale = hidden(block);

    EXPECT_STOPS(mn_state_free(region, mn_state_as_allocated(hidden(inside))),
                 "pointer into a block");
    EXPECT_STOPS(mn_state_free(region, mn_state_as_allocated(hidden(control))),
                 "foreign");
    mn_state_end_freed(mn_state_free(region, block));
    EXPECT_STOPS(mn_state_free(region, hidden(stale)), "already free");
    EXPECT(mn_state_check(region, stale) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_state_check(region, hidden(control)) == MN_ERR_ADDRESS);
}

/* A region that finds damage on demand. */
static bool damaged;
static struct mn_region_ops damaging_ops;

static enum mn_status damaging_examine(const struct mn_region *self,
                                       const void *block)
{
    (void)self, (void)block;
    return damaged ? MN_ERR_CORRUPTED : MN_OK;
}

TEST(a_damaged_block_can_be_inspected_and_left)
{
    struct mn_block found = {.size = 0};

    setup();
    damaging_ops = *tiled.region.ops;
    damaging_ops.examine = damaging_examine;
    tiled.region.ops = &damaging_ops;
    struct mn_allocated *block = allocate(3 * GRANULE);
    EXPECT(mn_state_check(region, block) == MN_OK);
    damaged = true;
    EXPECT(mn_state_check(region, block) == MN_ERR_CORRUPTED);
    struct mn_corrupted *bad = mn_state_condemn(block);
    EXPECT(mn_state_inspect(region, bad, &found) == MN_ERR_CORRUPTED);
    EXPECT(found.start == memory && found.size == 3 * GRANULE
           && found.state == MN_ALLOCATED);
    mn_state_end_corrupted(bad);
    EXPECT(!all_is_free());
}

TEST(inspection_outside_the_region_leaves_the_result_alone)
{
    struct mn_block found = {.start = control, .size = 77};
    struct mn_corrupted *bad = mn_state_as_corrupted(hidden(control));

    setup();
    EXPECT(mn_state_inspect(region, bad, &found) == MN_ERR_ADDRESS);
    EXPECT(found.start == control && found.size == 77);
}

TEST(other_kinds_of_region_serve_as_well)
{
    struct mn_bump bump;
    unsigned char byte = 9;

    EXPECT(mn_bump_init(&bump, memory, SIZE) == MN_OK);
    struct mn_allocated *first =
        mn_state_allocate(mn_state_begin(&bump.region), 10, 1);
    struct mn_allocated *second =
        mn_state_allocate(mn_state_begin(&bump.region), 10, 1);
    EXPECT(first != NULL && second != NULL);
    EXPECT(mn_state_check(&bump.region, second) == MN_OK);
    EXPECT(mn_state_size(&bump.region, second) == 10);
    EXPECT(mn_state_write(&bump.region, second, 9, &byte, 1) == MN_OK);
    second = hidden(second);
    EXPECT(mn_state_write(&bump.region, second, 10, &byte, 1)
           == MN_ERR_INVALID);
    mn_state_end_freed(mn_state_free(&bump.region, second));
    mn_state_end_freed(mn_state_free(&bump.region, first));
}

/* A machine of one's own, without a region: a slot that is taken and put. */
static char slot;

static struct mn_allocated *slot_take(struct mn_unallocated *right)
{
    return mn_state_as_allocated(right);
}

static struct mn_freed *slot_put(struct mn_allocated *block)
{
    return mn_state_as_freed(block);
}

TEST(the_states_serve_alone)
{
    struct mn_unallocated *right = mn_state_as_unallocated(&slot);
    _Static_assert(mn_state_of(right) == MN_STATE_UNALLOCATED, "from the type");
    struct mn_allocated *block = slot_take(right);
    _Static_assert(mn_state_of(block) == MN_STATE_ALLOCATED, "from the type");
    const struct mn_allocated *looked_at = block;
    _Static_assert(mn_state_of(looked_at) == MN_STATE_ALLOCATED, "const, too");
    EXPECT(mn_state_memory(block) == &slot);
    struct mn_freed *freed = slot_put(block);
    _Static_assert(mn_state_of(freed) == MN_STATE_FREED, "from the type");
    struct mn_corrupted *bad = mn_state_as_corrupted(freed);
    _Static_assert(mn_state_of(bad) == MN_STATE_CORRUPTED, "from the type");
    EXPECT((void *)bad == &slot);
    _Static_assert(sizeof(block) == sizeof(void *), "a handle is a pointer");
}

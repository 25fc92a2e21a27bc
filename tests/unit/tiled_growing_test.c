/* SPDX-License-Identifier: MIT */
/* Tests of tiled regions whose records are added as they are needed. */
#include <mn/region.h>

#include "region/tiled.h"
#include "test.h"

#include <string.h>

enum {
    GRANULE = 16,
    COUNT = 64, /* granules: 1 KiB */
    SIZE = GRANULE * COUNT,
    ROOM = 8192 /* of control memory, more than any test needs */
};

static _Alignas(4096) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[ROOM];
static struct mn_tiled tiled;
static struct mn_region *const region = &tiled.region;

static void *alloc(size_t size, size_t align)
{
    void *block = mn_region_alloc(region, size, align);

    EXPECT(mn_region_check(region));
    return block;
}

static enum mn_status init_growing(size_t control_size, uint32_t count)
{
    struct mn_tiled_place place = {
        .memory = memory,
        .memory_size = SIZE,
        .granule = GRANULE,
        .control = control,
        .control_size = control_size,
    };

    return mni_tiled_init_growing(&tiled, &place, count);
}

static void setup_growing(uint32_t count)
{
    size_t used = mni_tiled_layout_bytes(COUNT, count);

    memset(control, 0, sizeof control);
    memset(control + used, 0xa5, sizeof control - used);
    EXPECT(init_growing(sizeof control, count) == MN_OK);
    EXPECT(used == mni_tiled_control_bytes(&tiled, count));
    for (size_t i = used; i < sizeof control; i++)
        EXPECT(control[i] == 0xa5);
}

TEST(a_growing_region_refuses_too_few_records_or_too_little_room)
{
    size_t least = mni_tiled_layout_bytes(COUNT, 3);

    EXPECT(init_growing(sizeof control, 2) == MN_ERR_INVALID);
    EXPECT(init_growing(least - 1, 3) == MN_ERR_INVALID);
    EXPECT(init_growing(least, 3) == MN_OK);
}

TEST(a_growing_region_adds_records_beyond_the_old_ones_only)
{
    setup_growing(4);
    EXPECT(mni_tiled_spare(&tiled));
    EXPECT(alloc(GRANULE, 1) == memory);
    EXPECT(!mni_tiled_spare(&tiled));
    mni_tiled_grow(&tiled, 20);
    EXPECT(mni_tiled_count(&tiled) == 20);
    EXPECT(mni_tiled_spare(&tiled));
    EXPECT(mn_region_check(region));
    for (size_t i = mni_tiled_control_bytes(&tiled, 20); i < ROOM; i++)
        EXPECT(control[i] == 0xa5);
    mni_tiled_grow(&tiled, 5);
    EXPECT(mni_tiled_count(&tiled) == 20);
    for (size_t i = 1; i < 18; i++)
        EXPECT(alloc(GRANULE, 1) == memory + i * GRANULE);
    EXPECT(mn_region_check(region));
}

TEST(no_operation_needs_more_than_two_spare_records)
{
    struct mn_block block;

    setup_growing(5);
    EXPECT(alloc(GRANULE, 1) == memory);
    EXPECT(mni_tiled_spare(&tiled));
    unsigned char *middle = alloc(GRANULE, 512);
    EXPECT(middle == memory + 512);
    EXPECT(mn_region_block_at(region, middle, &block));
    EXPECT(block.size == GRANULE);
    EXPECT(!mni_tiled_spare(&tiled));
}

/* SPDX-License-Identifier: MIT */
/* Tests of sources: a region as a source hands out what the region has, no
 * more, and refuses what the region refuses. */
#include <mn/source.h>
#include <mn/strategy.h>

#include "test.h"

enum { SIZE = 4096, GRANULE = 16 };

static _Alignas(64) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[SIZE];
static struct mn_tiled tiled;
static struct mn_region_source from;
static struct mn_source *const source = &from.source;

static void setup(void)
{
    EXPECT(mn_tiled_init(&tiled,
                         &(struct mn_tiled_place){
                             .memory = memory,
                             .memory_size = SIZE,
                             .granule = GRANULE,
                             .control = control,
                             .control_size = SIZE,
                             .strategy = &mn_best_fit,
                         })
           == MN_OK);
    mn_region_source_init(&from, &tiled.region);
}

TEST(blocks_are_of_the_region_and_go_back_to_it)
{
    struct mn_block block;

    setup();
    void *object = mn_source_alloc(source, 40, 64);
    EXPECT(object != NULL && (uintptr_t)object % 64 == 0);
    EXPECT(mn_region_block_at(&tiled.region, object, &block));
    EXPECT(block.start == object && block.size >= 40);
    EXPECT(block.state == MN_ALLOCATED);
    mn_source_free(source, object);
    EXPECT(mn_region_block_at(&tiled.region, object, &block));
    EXPECT(block.state == MN_FREE && block.size == SIZE);
}

TEST(a_full_region_is_null)
{
    setup();
    EXPECT(mn_source_alloc(source, SIZE + 1, 1) == NULL);
    void *all = mn_source_alloc(source, SIZE, 1);
    EXPECT(all != NULL && mn_source_alloc(source, 1, 1) == NULL);
    mn_source_free(source, all);
    EXPECT(mn_region_check(&tiled.region));
}

TEST(what_is_not_out_stops_the_program)
{
    setup();
    unsigned char *object = mn_source_alloc(source, 40, 8);
    EXPECT_STOPS(mn_source_free(source, object + GRANULE), "into a block");
    EXPECT_STOPS(mn_source_free(source, control), "no block");
    mn_source_free(source, object);
    EXPECT_STOPS(mn_source_free(source, object), "already free");
}

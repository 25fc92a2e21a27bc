/* SPDX-License-Identifier: MIT */
/* guard_setup.h -- a tiled region over a buffer, for the tests of guards. */
#ifndef GUARD_SETUP_H
#define GUARD_SETUP_H

#include <mn/guard.h>
#include <mn/strategy.h>

#include "test.h"

enum { SETUP_GRANULE = 16, SETUP_SIZE = 1 << 16, SETUP_ALIGN = 1 << 16 };

static _Alignas(SETUP_ALIGN) unsigned char setup_memory[SETUP_SIZE];
static _Alignas(8) unsigned char setup_control[160 << 10];
static struct mn_tiled setup_region;

/* Returns the region, wholly free. */
static inline struct mn_region *setup_tiled(void)
{
    EXPECT(mn_tiled_init(&setup_region,
                         &(struct mn_tiled_place){
                             .memory = setup_memory,
                             .memory_size = SETUP_SIZE,
                             .granule = SETUP_GRANULE,
                             .strategy = &mn_tlsf,
                             .control = setup_control,
                             .control_size = sizeof setup_control,
                         })
           == MN_OK);
    return &setup_region.region;
}

/* True if the region is as setup_tiled left it. */
static inline bool setup_is_free(void)
{
    struct mn_block block;

    return mn_region_check(&setup_region.region)
           && mn_region_block_at(&setup_region.region, setup_memory, &block)
           && block.state == MN_FREE && block.size == SETUP_SIZE;
}

#endif

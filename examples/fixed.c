/* SPDX-License-Identifier: MIT */
/* fixed.c -- a region by a strategy of one's own that is compiled into it.
 *
 * Of the free blocks that are large enough, the one that became free last is
 * taken: what was used a moment ago is likely still in a cache. The three
 * functions would also do for a table, struct mn_strategy. */
#include <stdint.h>
#include <stdio.h>

enum { SIZE = 4096, GRANULE = 16, BLOCKS = 64 };

struct recent {
    uint32_t first; /* 0 is none: it is no block's number */
    uint32_t older[BLOCKS + 1], newer[BLOCKS + 1], size[BLOCKS + 1];
};

static inline uint32_t recent_propose(void *state, uint32_t size)
{
    const struct recent *recent = state;
    uint32_t block = recent->first;

    while (block != 0 && recent->size[block] < size)
        block = recent->older[block];
    return block;
}

static inline void recent_added(void *state, uint32_t block, uint32_t start,
                                uint32_t size)
{
    struct recent *recent = state;

    (void)start;
    recent->size[block] = size;
    recent->newer[block] = 0;
    recent->older[block] = recent->first;
    recent->newer[recent->first] = block;
    recent->first = block;
}

static inline void recent_removed(void *state, uint32_t block, uint32_t start,
                                  uint32_t size)
{
    struct recent *recent = state;
    uint32_t newer = recent->newer[block];

    (void)start;
    (void)size;
    if (newer == 0)
        recent->first = recent->older[block];
    else
        recent->older[newer] = recent->older[block];
    recent->newer[recent->older[block]] = newer;
}

#define MN_FIXED_OWN recent
#define MN_FIXED_BITS 16
#include <mn/fixed.h>

static _Alignas(GRANULE) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[4096];
static struct recent recent;

int main(void)
{
    struct mn_tiled tiled;
    struct mn_tiled_place place = {.memory = memory,
                                   .memory_size = SIZE,
                                   .granule = GRANULE,
                                   .control = control,
                                   .state = &recent};

    place.control_size = mn_fixed_control_size(&place, BLOCKS);
    if (place.control_size == 0 || place.control_size > sizeof control
        || mn_fixed_init(&tiled, &place) != MN_OK)
        return 1;
    unsigned char *first = mn_fixed_alloc(&tiled, 100, GRANULE);
    unsigned char *wall = mn_fixed_alloc(&tiled, 100, GRANULE);
    if (first == NULL || wall == NULL)
        return 1;
    mn_fixed_free(&tiled, first);
    unsigned char *again = mn_fixed_alloc(&tiled, 50, GRANULE);
    printf("%s\n", again >= first && again < first + 112 ? "the same place"
                                                         : "another place");
    /* It is a region like any other. */
    mn_region_free(&tiled.region, wall);
    mn_region_free(&tiled.region, again);
    return mn_region_check(&tiled.region) ? 0 : 1;
}

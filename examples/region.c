/* SPDX-License-Identifier: MIT */
/* region.c -- a tiled region over a buffer, with its records apart. */
#include <mn/region.h>
#include <mn/strategy.h>
#include <stdio.h>

enum { GRANULE = 16, ALIGN = 256, SIZE = 4096, BLOCKS = 64 };

static _Alignas(ALIGN) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[8192];

static bool show(const struct mn_block *block, void *context)
{
    (void)context;
    printf("%6td: %zu bytes, %s\n", (unsigned char *)block->start - memory,
           block->size, mn_state_name(block->state));
    return true;
}

int main(void)
{
    struct mn_tiled tiled;
    struct mn_region *region = &tiled.region;

    /* How much control memory is needed is known before. */
    if (mn_tiled_control_size(&(struct mn_tiled_place){.strategy = &mn_tlsf, .memory_size = SIZE, .granule = GRANULE}, BLOCKS) > sizeof control)
        return 1;
    if (mn_tiled_init(&tiled, &(struct mn_tiled_place){.strategy = &mn_tlsf, .memory = memory, .memory_size = SIZE, .granule = GRANULE, .control = control, .control_size = sizeof control})
        != MN_OK)
        return 1;
    void *first = mn_region_alloc(region, 100, GRANULE);
    void *second = mn_region_alloc(region, 1000, ALIGN);
    mn_region_free(region, first);
    mn_region_walk(region, show, NULL);
    mn_region_free(region, second);
    return mn_region_check(region) ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
#define MN_FIXED_STRATEGY tlsf
#include <mn/fixed.h>

static _Alignas(16) unsigned char memory[4096];
static _Alignas(8) unsigned char control[8192];

/* Blocks that touch, and one region when they are free again. */
int main(void)
{
    struct mn_tiled tiled;
    struct mn_tiled_place place = {.memory = memory,
                                   .memory_size = sizeof memory,
                                   .granule = 16,
                                   .control = control,
                                   .control_size = sizeof control};

    if (mn_fixed_init(&tiled, &place) != MN_OK)
        return 1;
    unsigned char *first = mn_fixed_alloc(&tiled, 1000, 16);
    unsigned char *second = mn_region_alloc(&tiled.region, 1000, 16);
    if (first == NULL || second == NULL
        || !mn_fixed_resize(&tiled, second, 2000)
        || (uintptr_t)second - (uintptr_t)first != 1008)
        return 2;
    mn_fixed_free(&tiled, first);
    mn_region_free(&tiled.region, second);
    if (mn_fixed_alloc(&tiled, sizeof memory, 16) == NULL)
        return 3;
    return mn_region_check(&tiled.region) ? 0 : 4;
}

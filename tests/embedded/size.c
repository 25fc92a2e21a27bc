/* SPDX-License-Identifier: MIT */
/* The least that a program does with a region; tests/embedded/run links it
 * for the size of the code. STRATEGY names the strategy. */
#include <mn/strategy.h>

#include "base/assert.h"

enum { SIZE = 2048, GRANULE = 8 };

static _Alignas(8) unsigned char memory[SIZE];
static _Alignas(8) unsigned char control[SIZE];
static struct mn_tiled tiled;

int main(void);

void mni_os_stop(const char *line, size_t length)
{
    (void)line;
    (void)length;
    for (;;)
        continue;
}

int main(void)
{
    const struct mn_tiled_place place = {
        .memory = memory,
        .memory_size = sizeof memory,
        .granule = GRANULE,
        .control = control,
        .control_size = sizeof control,
        .strategy = &STRATEGY,
    };

    if (mn_tiled_init(&tiled, &place) != MN_OK)
        return 1;
    void *block = mn_region_alloc(&tiled.region, 40, 8);
    mn_region_free(&tiled.region, block);
    return block == NULL;
}

/* SPDX-License-Identifier: MIT */
/* live.c -- a large live set whose blocks are replaced at random, as in a
 * cache or a store. It does not fit in the processor's caches. */
#include "load.h"

enum { LIVE_BLOCKS = 300000, LIVE_REPLACEMENTS = 4000000 };

static void *live_blocks[LIVE_BLOCKS];

int main(void)
{
    uint64_t random = load_seed(0);

    for (int i = 0; i < LIVE_BLOCKS; i++)
        live_blocks[i] = load_new(load_between(&random, 16, 1024));
    load_tell("filled");
    for (int i = 0; i < LIVE_REPLACEMENTS; i++) {
        size_t at = load_next(&random) % LIVE_BLOCKS;
        load_drop(live_blocks[at]);
        live_blocks[at] = load_new(load_between(&random, 16, 1024));
    }
    load_tell("replaced");
    for (int i = 0; i < LIVE_BLOCKS; i++)
        load_drop(live_blocks[i]);
    load_tell("end");
    return 0;
}

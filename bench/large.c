/* SPDX-License-Identifier: MIT */
/* large.c -- large blocks: 256 KiB to 8 MiB, sixteen at a time, each written
 * once in each page, replaced at random. */
#include "load.h"

enum {
    LARGE_BLOCKS = 16,
    LARGE_REPLACEMENTS = 6000,
    LARGE_LEAST = 256 * LOAD_KIB,
    LARGE_DOUBLINGS = 5
};

int main(void)
{
    void *blocks[LARGE_BLOCKS] = {NULL};
    uint64_t random = load_seed(0);

    for (int i = 0; i < LARGE_REPLACEMENTS; i++) {
        size_t at = load_next(&random) % LARGE_BLOCKS;
        load_drop(blocks[at]);
        blocks[at] =
            load_new(load_spread(&random, LARGE_LEAST, LARGE_DOUBLINGS));
    }
    for (int i = 0; i < LARGE_BLOCKS; i++)
        load_drop(blocks[i]);
    load_tell("end");
    return 0;
}

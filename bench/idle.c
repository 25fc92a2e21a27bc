/* SPDX-License-Identifier: MIT */
/* idle.c -- what stays resident while a program does nothing at all.
 *
 * It fills 128 MiB, releases nine in ten blocks at random, and sleeps without
 * one call to the allocator; then it releases the rest and sleeps again.
 */
#include "load.h"

enum { IDLE_BYTES = 128 << 20, IDLE_BLOCKS = 1 << 20, IDLE_SECONDS = 3 };

static void *idle_blocks[IDLE_BLOCKS];

static void idle_drop(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        load_drop(idle_blocks[i]);
}

int main(void)
{
    uint64_t random = load_seed(0);
    size_t used = 0;
    size_t count = 0;

    while (used < IDLE_BYTES && count < IDLE_BLOCKS) {
        size_t size = load_spread(&random, 16, 6);
        idle_blocks[count++] = load_new(size);
        used += size;
    }
    load_tell("full");
    load_shuffle(&random, idle_blocks, count);
    idle_drop(count / 10, count);
    load_tell("a tenth left");
    (void)sleep(IDLE_SECONDS);
    load_tell("a tenth left, later");
    idle_drop(0, count / 10);
    load_tell("nothing left");
    (void)sleep(IDLE_SECONDS);
    load_tell("nothing left, later");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* medium.c -- blocks of 16 bytes to 64 KiB in a table that threads share.
 *
 * Four threads replace blocks of the table, so that each is mostly released
 * by another thread than allocated it, and end; then four more come. Now and
 * then one needs a block of up to 8 MiB for a moment. How much memory stays
 * in use beyond what is live is what this load shows.
 */
#include "load.h"

enum {
    MEDIUM_THREADS = 4,
    MEDIUM_ROUNDS = 12,
    MEDIUM_STEPS = 30000,
    MEDIUM_BLOCKS = 4096,
    MEDIUM_DOUBLINGS = 12,
    MEDIUM_PASSING = 256, /* a passing block each so many steps */
    MEDIUM_PASSING_DOUBLINGS = 19
};

static void *medium_blocks[MEDIUM_BLOCKS];
static unsigned medium_round;

static void *medium_work(void *number)
{
    uint64_t random =
        load_seed(medium_round * MEDIUM_THREADS + (unsigned)(uintptr_t)number);

    for (int i = 0; i < MEDIUM_STEPS; i++) {
        size_t at = load_next(&random) % MEDIUM_BLOCKS;
        void *block =
            load_new(load_spread(&random, LOAD_LEAST, MEDIUM_DOUBLINGS));
        load_drop(
            __atomic_exchange_n(&medium_blocks[at], block, __ATOMIC_ACQ_REL));
        if (i % MEDIUM_PASSING == 0)
            load_drop(load_new(
                load_spread(&random, LOAD_LEAST, MEDIUM_PASSING_DOUBLINGS)));
    }
    return NULL;
}

int main(void)
{
    for (; medium_round < MEDIUM_ROUNDS; medium_round++)
        load_threads(medium_work, MEDIUM_THREADS);
    load_tell("worked");
    for (int i = 0; i < MEDIUM_BLOCKS; i++)
        load_drop(medium_blocks[i]);
    load_tell("end");
    return 0;
}

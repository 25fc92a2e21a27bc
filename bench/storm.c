/* SPDX-License-Identifier: MIT */
/* storm.c -- two threads release each other's blocks, all of them.
 *
 * In each round both fill their array, meet, and empty the array of the
 * other one. They wait asleep, so that the CPU time is that of the work.
 */
#include "load.h"

enum { STORM_THREADS = 2, STORM_ROUNDS = 150, STORM_BLOCKS = 20000 };

static void *storm_blocks[STORM_THREADS][STORM_BLOCKS];
static pthread_barrier_t storm_barrier;

static void *storm_work(void *context)
{
    unsigned me = (unsigned)(uintptr_t)context;
    void **mine = storm_blocks[me];
    void **others = storm_blocks[(me + 1) % STORM_THREADS];
    uint64_t random = load_seed(me);

    for (int round = 0; round < STORM_ROUNDS; round++) {
        for (int i = 0; i < STORM_BLOCKS; i++)
            mine[i] = load_new(load_between(&random, 16, 512));
        (void)pthread_barrier_wait(&storm_barrier);
        for (int i = 0; i < STORM_BLOCKS; i++)
            load_drop(others[i]);
        (void)pthread_barrier_wait(&storm_barrier);
    }
    return NULL;
}

int main(void)
{
    load_expect(pthread_barrier_init(&storm_barrier, NULL, STORM_THREADS) == 0);
    load_threads(storm_work, STORM_THREADS);
    load_tell("end");
    return 0;
}

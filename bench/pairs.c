/* SPDX-License-Identifier: MIT */
/* pairs.c -- what one malloc and its free cost, in instructions.
 *
 * Run under bench/step. Each pattern runs once unmeasured, so that what
 * happens only the first time is not counted, and then between two marks. The
 * loop, the calls and a write to the block are counted with the rest: some 13
 * instructions for each pair.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "mark.h"

enum {
    PAIRS_COUNT = 128, /* each instruction that is counted takes long */
    PAIRS_WARM = 2000,
    PAIRS_BATCH = 1000,
    PAIRS_WINDOW = 10000,
    PAIRS_CHURN = 1000
};

static void *pairs_blocks[PAIRS_BATCH];
static void *pairs_window[PAIRS_WINDOW];
static uint64_t pairs_random = UINT64_C(88172645463325252);

static inline void *pairs_new(size_t size)
{
    char *block = malloc(size);

    *(volatile char *)block = 1;
    return block;
}

/* Xorshift: cheap beside what is measured. */
static inline uint32_t pairs_next(void)
{
    uint64_t x = pairs_random;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    pairs_random = x;
    return (uint32_t)(x >> 32);
}

/* The size is a constant in none of them, as in most programs. */

static void pairs_lifo(size_t size, long count)
{
    for (long i = 0; i < count; i++) {
        void *block = pairs_new(size);
        mark_use(block);
        free(block);
    }
}

static void pairs_fill(size_t size)
{
    for (int i = 0; i < PAIRS_BATCH; i++)
        pairs_blocks[i] = pairs_new(size);
}

static void pairs_empty(void)
{
    for (int i = 0; i < PAIRS_BATCH; i++)
        free(pairs_blocks[i]);
}

static void pairs_churn(long count)
{
    for (long i = 0; i < count; i++) {
        uint32_t at = pairs_next() % PAIRS_WINDOW;
        size_t size = 16 + pairs_next() % 1008;
        free(pairs_window[at]);
        pairs_window[at] = pairs_new(size);
    }
}

static void pairs_calloc(long count)
{
    for (long i = 0; i < count; i++) {
        void *block = calloc(1, 256);
        mark_use(block);
        free(block);
    }
}

static void pairs_realloc(long count)
{
    void *block = malloc(100);

    for (long i = 0; i < count; i++) {
        block = realloc(block, 100 + (size_t)(i & 7));
        mark_use(block);
    }
    free(block);
}

static void pairs_memalign(long count)
{
    for (long i = 0; i < count; i++) {
        void *block = NULL;
        if (posix_memalign(&block, 64, 200) != 0)
            abort();
        mark_use(block);
        free(block);
    }
}

/* ---- measured ---- */

static void pairs_measure_lifo(const char *name, size_t size)
{
    pairs_lifo(size, PAIRS_WARM);
    mark_begin(name, PAIRS_COUNT);
    pairs_lifo(size, PAIRS_COUNT);
    mark_end();
}

static void pairs_measure_batch(const char *name, size_t size)
{
    for (int i = 0; i < 3; i++) {
        pairs_fill(size);
        pairs_empty();
    }
    mark_begin(name, PAIRS_BATCH);
    pairs_fill(size);
    pairs_empty();
    mark_end();
}

static void pairs_measure_churn(void)
{
    for (int i = 0; i < PAIRS_WINDOW; i++)
        pairs_window[i] = pairs_new(16 + pairs_next() % 1008);
    pairs_churn(2 * PAIRS_WINDOW);
    mark_begin("churn 16-1023", PAIRS_CHURN);
    pairs_churn(PAIRS_CHURN);
    mark_end();
    for (int i = 0; i < PAIRS_WINDOW; i++)
        free(pairs_window[i]);
}

static void pairs_measure(const char *name, void (*run)(long count))
{
    run(PAIRS_WARM);
    mark_begin(name, PAIRS_COUNT);
    run(PAIRS_COUNT);
    mark_end();
}

/* ---- remote: one thread allocates, another one releases ---- */

enum { PAIRS_ROUNDS = 5 };

static pthread_barrier_t pairs_barrier;

static void pairs_meet(void)
{
    (void)pthread_barrier_wait(&pairs_barrier);
}

/* In turns: release what the main thread allocated, allocate what it will
 * release. */
static void *pairs_other(void *unused)
{
    for (int round = 0; round < PAIRS_ROUNDS; round++) {
        pairs_meet();
        pairs_empty();
        pairs_fill(64);
        pairs_meet();
    }
    pairs_meet(); /* its heap is a living thread's while it is measured */
    pairs_fill(64);
    return unused;
}

/* Only the main thread is counted, so it does both halves of the work: in
 * each round it allocates what the other thread releases, and releases what
 * the other thread allocated. The last round is measured, and then what it
 * costs to release the blocks of a thread that has ended. */
static void pairs_measure_remote(void)
{
    pthread_t other;

    if (pthread_barrier_init(&pairs_barrier, NULL, 2) != 0
        || pthread_create(&other, NULL, pairs_other, NULL) != 0)
        abort();
    for (int round = 0; round < PAIRS_ROUNDS; round++) {
        if (round + 1 == PAIRS_ROUNDS)
            mark_begin("remote 64, malloc", PAIRS_BATCH);
        pairs_fill(64);
        if (round + 1 == PAIRS_ROUNDS)
            mark_end();
        pairs_meet();
        pairs_meet();
        if (round + 1 == PAIRS_ROUNDS)
            mark_begin("remote 64, free", PAIRS_BATCH);
        pairs_empty();
        if (round + 1 == PAIRS_ROUNDS)
            mark_end();
    }
    pairs_meet();
    if (pthread_join(other, NULL) != 0)
        abort();
    mark_begin("ended 64, free", PAIRS_BATCH);
    pairs_empty();
    mark_end();
}

int main(void)
{
    pairs_measure_lifo("pair 16", 16);
    pairs_measure_lifo("pair 64", 64);
    pairs_measure_lifo("pair 256", 256);
    pairs_measure_lifo("pair 4096", 4096);
    pairs_measure_lifo("pair 65536", 65536);
    pairs_measure_lifo("pair 1048576", 1048576);
    pairs_measure_batch("batch 64", 64);
    pairs_measure_batch("batch 4096", 4096);
    pairs_measure_churn();
    pairs_measure("calloc 256", pairs_calloc);
    pairs_measure("realloc 100", pairs_realloc);
    pairs_measure("memalign 64", pairs_memalign);
    pairs_measure_remote();
    return 0;
}

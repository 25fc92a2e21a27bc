/* SPDX-License-Identifier: MIT */
/* Tests of the purge beside threads that take and return spans at the same
 * time: no block loses what was written to it, and statistics add up. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "heap/stock.h"
#include "os/os.h"
#include "observe.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, THREADS = 3, BLOCKS = 40 };

static const uint64_t nanoseconds = UINT64_C(3500000000);

static void expect_filled(const unsigned char *block, size_t size,
                          unsigned char byte)
{
    EXPECT(block[0] == byte);
    EXPECT(memcmp(block, block + 1, size - 1) == 0);
}

static void *use_spans(void *context)
{
    uint64_t random = (uint64_t)(uintptr_t)context;
    unsigned char *blocks[BLOCKS] = {NULL};
    size_t sizes[BLOCKS];
    uint64_t until = mni_os_now() + nanoseconds;

    while (mni_os_now() < until) {
        size_t n = test_random(&random) % BLOCKS;
        if (blocks[n] != NULL) {
            expect_filled(blocks[n], sizes[n], (unsigned char)n);
            mn_free(blocks[n]);
            blocks[n] = NULL;
            continue;
        }
        sizes[n] = 1 + test_random(&random) % MIB;
        blocks[n] = mn_alloc(sizes[n]);
        EXPECT(blocks[n] != NULL);
        memset(blocks[n], (int)n, sizes[n]);
    }
    for (size_t n = 0; n < BLOCKS; n++)
        mn_free(blocks[n]);
    return NULL;
}

/* Some 30 MiB are free at any time, and old. */
static void *look_on(void *context)
{
    uint64_t until = mni_os_now() + nanoseconds;

    while (mni_os_now() < until) {
        (void)observe_stats();
        (void)mn_trim();
    }
    return context;
}

static void run(void *(*last)(void *))
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL,
                              i == THREADS - 1 ? last : use_spans,
                              (void *)(i + 1))
               == 0);
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(mn_heap_check(NULL));
}

TEST(blocks_keep_their_bytes_while_others_are_purged)
{
    mn_free(memset(mn_alloc(30 * MIB), 1, 30 * MIB));
    run(use_spans);
}

/* ---- blocks that others release ---- */

enum { PASSED = 4096 };

static _Atomic(unsigned char *) passed[PASSED];

static size_t passed_size(size_t n)
{
    return 16 + n * 37 % 9000;
}

static void *make_for_others(void *context)
{
    uint64_t random = (uint64_t)(uintptr_t)context;
    uint64_t until = mni_os_now() + nanoseconds;

    while (mni_os_now() < until) {
        size_t n = test_random(&random) % PASSED;
        unsigned char *block = mn_alloc(passed_size(n));
        EXPECT(block != NULL);
        memset(block, (int)n, passed_size(n));
        block = atomic_exchange(&passed[n], block);
        if (block != NULL) {
            expect_filled(block, passed_size(n), (unsigned char)n);
            mn_free(block);
        }
    }
    return NULL;
}

static void *release_and_trim(void *context)
{
    uint64_t random = 20240229;
    uint64_t until = mni_os_now() + nanoseconds;

    for (unsigned step = 0; mni_os_now() < until; step++) {
        size_t n = test_random(&random) % PASSED;
        unsigned char *block = atomic_exchange(&passed[n], NULL);
        if (block != NULL) {
            expect_filled(block, passed_size(n), (unsigned char)n);
            mn_free(block);
        }
        if (step % 1000 == 0) {
            (void)mn_trim();
            (void)observe_stats();
        }
    }
    return context;
}

/* Owners allocate at the moment in which what they got back is purged. */
TEST(owners_allocate_while_their_returned_slots_are_purged)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL,
                              i == 0 ? release_and_trim : make_for_others,
                              (void *)(i + 1))
               == 0);
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    for (size_t n = 0; n < PASSED; n++)
        mn_free(passed[n]);
    EXPECT(mn_heap_check(NULL));
}

TEST(statistics_and_trims_go_on_beside_the_purge)
{
    mn_free(memset(mn_alloc(30 * MIB), 1, 30 * MIB));
    run(look_on);
}

/* SPDX-License-Identifier: MIT */
/* Tests of the purge beside threads that take and return spans at the same
 * time: no block loses what was written to it, and statistics add up. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <string.h>

#include "heap/stock.h"
#include "os/os.h"
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
    struct mn_stats stats;

    while (mni_os_now() < until) {
        size_t sum = 0;
        EXPECT(mn_stats(&stats));
        for (unsigned i = 0; i < mn_stats_cause_count(); i++)
            sum += mn_stats_cause(&stats, i);
        EXPECT(sum == stats.committed);
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

TEST(statistics_and_trims_go_on_beside_the_purge)
{
    mn_free(memset(mn_alloc(30 * MIB), 1, 30 * MIB));
    run(look_on);
}

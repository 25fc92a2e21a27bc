/* SPDX-License-Identifier: MIT */
/* Tests of large spans that threads keep while others take them away: nobody
 * gets a block that another has, and the causes add up at any moment. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <string.h>

#include "heap/heap.h"
#include "observe.h"
#include "test.h"

enum { KIB = 1024, THREADS = 3, PLACES = 16, STEPS = 20000, SEED = 20240229 };

/* Blocks that go from thread to thread. */
static void *places[PLACES];
static bool over;

static void *use(void *context)
{
    uint64_t random = SEED + (uintptr_t)context;

    for (int i = 0; i < STEPS; i++) {
        size_t size = 257 * KIB + test_random(&random) % (400 * KIB);
        uint64_t *block = mn_alloc(size);
        EXPECT(block != NULL);
        block[0] = (uintptr_t)block;
        block[size / 8 - 1] = 7;
        size_t at = test_random(&random) % PLACES;
        uint64_t *before =
            __atomic_exchange_n(&places[at], block, __ATOMIC_ACQ_REL);
        if (before != NULL) {
            EXPECT(before[0] == (uintptr_t)before);
            before[0] = 0;
            mn_free(before);
        }
    }
    return NULL;
}

static void *look(void *context)
{
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        (void)mni_cache_age(observe_stats().block_count % 2 == 0);
    return context;
}

TEST(spans_are_taken_away_while_their_threads_use_them)
{
    pthread_t threads[THREADS];
    pthread_t looker;
    struct mn_stats stats;

    EXPECT(pthread_create(&looker, NULL, look, NULL) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, use, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    EXPECT(pthread_join(looker, NULL) == 0);
    for (int i = 0; i < PLACES; i++)
        mn_free(places[i]);
    (void)mn_trim();
    EXPECT(mn_stats(&stats));
    EXPECT(stats.block_count == 0 && stats.span_count == 0);
    EXPECT(stats.spans == 0 && stats.purgeable == 0);
    EXPECT(mn_heap_check(NULL));
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn/stats.h while another thread resizes a large block: the causes
 * add up whenever one looks. */
#include <mn/stats.h>

#include <pthread.h>

#include "test.h"

enum { KIB = 1024, LOOKS = 20000 };

static bool over;

static void *resize(void *context)
{
    unsigned char *block = mn_alloc(300 * KIB);

    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        block = mn_realloc(block, 600 * KIB - 1);
        EXPECT(block != NULL);
        block = mn_realloc(block, 300 * KIB + 1);
        EXPECT(block != NULL);
    }
    mn_free(block);
    return context;
}

TEST(causes_add_up_while_a_block_is_resized)
{
    pthread_t thread;
    struct mn_stats stats;

    EXPECT(pthread_create(&thread, NULL, resize, NULL) == 0);
    for (int i = 0; i < LOOKS; i++) {
        size_t sum = 0;
        EXPECT(mn_stats(&stats));
        for (unsigned k = 0; k < mn_stats_cause_count(); k++) {
            EXPECT(mn_stats_cause(&stats, k) <= stats.committed);
            sum += mn_stats_cause(&stats, k);
        }
        EXPECT(sum == stats.committed);
        EXPECT(mn_heap_check(NULL));
    }
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    EXPECT(pthread_join(thread, NULL) == 0);
}

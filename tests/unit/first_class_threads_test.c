/* SPDX-License-Identifier: MIT */
/* Tests of first-class heaps beside threads that end: what a thread leaves
 * behind belongs to the process, and never to a heap that may be destroyed. */
#include <mn/heap.h>
#include <mn/space.h>

#include <pthread.h>
#include <string.h>

#include "test.h"

enum { SIZES = 6, KEPT = 3, FILL = 0x5a };

static const size_t sizes[SIZES] = {16, 100, 1000, 5000, 40000, 200000};
static unsigned char *kept[SIZES][KEPT];

/* Leaves a slab with free slots of each of these classes. */
static void *leave_blocks(void *unused)
{
    (void)unused;
    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < KEPT; k++) {
            kept[i][k] = mn_alloc(sizes[i]);
            EXPECT(kept[i][k] != NULL);
            memset(kept[i][k], FILL, sizes[i]);
        }
    return NULL;
}

static void run_and_end(void *(*body)(void *))
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, body, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

static void expect_kept(void)
{
    struct mn_block block;

    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < KEPT; k++) {
            EXPECT(mn_block_at(kept[i][k], &block));
            EXPECT(block.state == MN_ALLOCATED);
            EXPECT(block.start == kept[i][k]);
            EXPECT(kept[i][k][0] == FILL && kept[i][k][sizes[i] - 1] == FILL);
        }
}

TEST(a_heap_takes_no_blocks_of_an_ended_thread_along)
{
    run_and_end(leave_blocks);
    for (int shared = 0; shared < 2; shared++) {
        struct mn_heap *heap =
            mn_heap_create(&(struct mn_heap_options){.shared = shared});
        EXPECT(heap != NULL);
        for (int i = 0; i < SIZES; i++)
            EXPECT(mn_heap_alloc(heap, sizes[i]) != NULL);
        mn_heap_destroy(heap);
        expect_kept();
    }
    for (int i = 0; i < SIZES; i++)
        for (int k = 0; k < KEPT; k++)
            mn_free(kept[i][k]);
    EXPECT(mn_heap_check(NULL));
}

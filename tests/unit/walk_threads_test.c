/* SPDX-License-Identifier: MIT */
/* Tests of mn_heap_walk while threads allocate, release each other's blocks,
 * begin and end: what is out all the time is seen once, what was released
 * before is not seen. */
#include <mn/heap.h>
#include <pthread.h>
#include <stdatomic.h>

#include "test.h"

enum { WALKS = 60, THREADS = 2, WINDOW = 400, KEPT = 500, GONE = 200 };

static void *kept[KEPT];
static int seen[KEPT];
static void *gone[GONE];
static _Atomic(void *) window[WINDOW];
static atomic_bool over;

static size_t size_of(uint64_t random)
{
    return random % 50 == 0 ? 300000 : random % 2000;
}

/* Replace blocks that others have put there, now and then as a new thread. */
static void *churn(void *context)
{
    uint64_t state = (uint64_t)(uintptr_t)context;
    uint64_t rounds = 2000 + test_random(&state) % 2000;

    for (uint64_t i = 0; i < rounds && !atomic_load(&over); i++) {
        size_t at = test_random(&state) % WINDOW;
        void *block = mn_alloc(size_of(test_random(&state)));
        mn_free(atomic_exchange(&window[at], block));
    }
    return (void *)(uintptr_t)state;
}

static void *begin_again(void *context)
{
    pthread_t thread;

    while (!atomic_load(&over)) {
        EXPECT(pthread_create(&thread, NULL, churn, context) == 0);
        EXPECT(pthread_join(thread, &context) == 0);
    }
    return NULL;
}

/* Blocks of threads that go on without looking at them. */
static void *allocate_kept(void *unused)
{
    for (int i = 0; i < KEPT; i++)
        EXPECT((kept[i] = mn_alloc(size_of((uint64_t)i))) != NULL);
    return unused;
}

static bool look(const struct mn_block *block, void *context)
{
    (void)context;
    for (int i = 0; i < KEPT; i++)
        seen[i] += kept[i] == block->start;
    for (int i = 0; i < GONE; i++)
        EXPECT(gone[i] != block->start);
    return true;
}

TEST(walk_is_right_while_threads_run)
{
    pthread_t thread[THREADS];
    pthread_t other;

    EXPECT(pthread_create(&other, NULL, allocate_kept, NULL) == 0);
    EXPECT(pthread_join(other, NULL) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&thread[i], NULL, begin_again, (void *)(i + 1))
               == 0);
    for (int i = 0; i < WALKS; i++) {
        for (int k = 0; k < KEPT; k++)
            seen[k] = 0;
        EXPECT(mn_heap_walk(NULL, look, NULL));
        for (int k = 0; k < KEPT; k++)
            EXPECT(seen[k] == 1);
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(thread[i], NULL) == 0);
    EXPECT(mn_heap_check(NULL));
}

/* The slots of one size are this thread's alone, so none is allocated again
 * after it was released by the others. */
enum { OWN_SIZE = 3000 };

static void *release_gone(void *unused)
{
    for (int i = 0; i < GONE; i += 2)
        mn_free(gone[i]);
    return unused;
}

static void *walk_again_and_again(void *unused)
{
    while (!atomic_load(&over))
        EXPECT(mn_heap_walk(NULL, look, NULL));
    return unused;
}

TEST(released_blocks_on_their_way_to_the_owner_are_not_seen)
{
    void *block[GONE];
    pthread_t other;
    pthread_t walker;

    for (int round = 0; round < WALKS; round++) {
        for (int i = 0; i < GONE; i++)
            EXPECT((block[i] = gone[i] = mn_alloc(OWN_SIZE)) != NULL);
        atomic_store(&over, false);
        EXPECT(pthread_create(&other, NULL, release_gone, NULL) == 0);
        EXPECT(pthread_join(other, NULL) == 0);
        for (int i = 1; i < GONE; i += 2)
            gone[i] = NULL;
        EXPECT(pthread_create(&walker, NULL, walk_again_and_again, NULL) == 0);
        (void)mn_trim();
        atomic_store(&over, true);
        EXPECT(pthread_join(walker, NULL) == 0);
        for (int i = 1; i < GONE; i += 2)
            mn_free(block[i]);
    }
}

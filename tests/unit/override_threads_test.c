/* SPDX-License-Identifier: MIT */
/* Tests of a program whose malloc is ours and that has threads: what they leave
 * behind is used again, also from destructors, and children of forks go on. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, FORKS = 60, LIVES = 3000, BUSY = 3 };

static size_t held(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.committed - stats.untouched;
}

/* Some blocks of many sizes, filled, checked and released in another order. */
static void use_memory(uint64_t seed, size_t count)
{
    enum { COUNT_MAX = 200 };
    unsigned char *blocks[COUNT_MAX];
    size_t sizes[COUNT_MAX];

    for (size_t i = 0; i < count; i++) {
        uint64_t random = test_random(&seed);
        sizes[i] =
            random % 50 == 0 ? random / 64 % (600 * KIB) : random / 64 % 3000;
        blocks[i] = malloc(sizes[i]);
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t n = (i * 7 + 3) % count;
        for (size_t k = 0; k < sizes[n]; k += 13)
            EXPECT(blocks[n][k] == (unsigned char)n);
        free(blocks[n]);
    }
}

static void *short_life(void *seed)
{
    use_memory((uintptr_t)seed, 50);
    return NULL;
}

static void run_in_thread(void *(*run)(void *), void *context)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, run, context) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

TEST(thousands_of_short_lived_threads_do_not_grow_the_footprint)
{
    size_t after_some = 0;

    for (uintptr_t i = 0; i < LIVES; i++) {
        run_in_thread(short_life, (void *)i);
        if (i == LIVES / 10)
            after_some = held();
    }
    EXPECT(held() <= after_some + after_some / 4 + MIB);
    EXPECT(mn_heap_check(NULL));
}

/* The last blocks of a thread outlive it, and are released by another. */
static void *leave_blocks(void *context)
{
    void **blocks = context;

    for (size_t i = 0; i < 100; i++)
        blocks[i] = malloc(i * 40);
    return NULL;
}

TEST(what_ended_threads_left_is_used_again)
{
    void *blocks[100];
    size_t after_some = 0;

    for (int i = 0; i < LIVES; i++) {
        run_in_thread(leave_blocks, blocks);
        for (size_t k = 0; k < 100; k++)
            free(blocks[k]);
        if (i == LIVES / 10)
            after_some = held();
    }
    EXPECT(held() <= after_some + after_some / 4 + MIB);
    EXPECT(mn_heap_check(NULL));
}

static size_t spans(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.span_count;
}

enum { LEFT = 20000 };

static void *left[LEFT];

static void *leave_many(void *context)
{
    size_t size = (uintptr_t)context;

    for (size_t i = 0; i < LEFT; i++) {
        left[i] = malloc(size);
        memset(left[i], 1, size);
    }
    return NULL;
}

/* Who releases them first takes over the slab; the releases that follow must
 * find it empty, as the owner's do. */
TEST(releasing_all_that_an_ended_thread_left_gives_all_of_it_back)
{
    static const size_t sizes[] = {64, 1000, 1152, 5000};

    /* Now the purge has its thread, for which the C library allocates. */
    mn_free(mn_alloc(32 * MIB));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        free(malloc(sizes[i]));
        run_in_thread(short_life, NULL);
        size_t before = spans();
        run_in_thread(leave_many, (void *)(uintptr_t)sizes[i]);
        EXPECT(spans() >= before + LEFT * sizes[i] / (2 * MIB));
        for (size_t k = 0; k < LEFT; k++)
            free(left[k * 7 % LEFT]);
        EXPECT(spans() <= before);
        EXPECT(mn_heap_check(NULL));
    }
}

static void *release_half(void *context)
{
    for (size_t k = (uintptr_t)context; k < LEFT; k += 2)
        free(left[k]);
    return NULL;
}

TEST(two_threads_may_release_what_an_ended_one_left)
{
    for (int round = 0; round < 20; round++) {
        pthread_t threads[2];
        size_t before = spans();
        run_in_thread(leave_many, (void *)(uintptr_t)500);
        for (uintptr_t i = 0; i < 2; i++)
            EXPECT(pthread_create(&threads[i], NULL, release_half, (void *)i)
                   == 0);
        for (int i = 0; i < 2; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
        EXPECT(spans() <= before + 2);
        EXPECT(mn_heap_check(NULL));
    }
}

/* ---- one allocates, another releases ---- */

enum { RING = 256, PASSED = 100000 };

static void *ring[RING];

static void *produce(void *context)
{
    (void)context;
    for (size_t i = 0; i < PASSED; i++) {
        unsigned char *block = malloc(16 + i % 500);
        memset(block, (int)i, 16);
        while (__atomic_load_n(&ring[i % RING], __ATOMIC_ACQUIRE) != NULL)
            continue;
        __atomic_store_n(&ring[i % RING], block, __ATOMIC_RELEASE);
    }
    return NULL;
}

TEST(one_allocates_and_another_releases_within_bounds)
{
    pthread_t producer;
    size_t most = 0;

    EXPECT(pthread_create(&producer, NULL, produce, NULL) == 0);
    for (size_t i = 0; i < PASSED; i++) {
        unsigned char *block;
        while ((block = __atomic_load_n(&ring[i % RING], __ATOMIC_ACQUIRE))
               == NULL)
            continue;
        EXPECT(block[0] == (unsigned char)i && block[15] == block[0]);
        __atomic_store_n(&ring[i % RING], NULL, __ATOMIC_RELEASE);
        free(block);
        if (i % 10000 == 0 && held() > most)
            most = held();
    }
    EXPECT(pthread_join(producer, NULL) == 0);
    EXPECT(most < 32 * MIB);
}

/* ---- destructors ---- */

static pthread_key_t keys[3];
static int destroyed;

static void allocate_at_end(void *block)
{
    free(block);
    use_memory(7, 20);
    __atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED);
}

static void *use_keys(void *context)
{
    (void)context;
    for (int i = 0; i < 3; i++)
        EXPECT(pthread_setspecific(keys[i], malloc(100)) == 0);
    use_memory(3, 50);
    return NULL;
}

TEST(destructors_of_threads_allocate_and_release)
{
    for (int i = 0; i < 3; i++)
        EXPECT(pthread_key_create(&keys[i], allocate_at_end) == 0);
    for (int i = 0; i < 500; i++)
        run_in_thread(use_keys, NULL);
    EXPECT(destroyed == 3 * 500);
    EXPECT(mn_heap_check(NULL));
    EXPECT(held() < 64 * MIB);
}

/* A destructor that sets its key again runs again, after ours has run. */
static pthread_key_t again_key;

static void set_again(void *block)
{
    size_t round = *(size_t *)block;

    free(block);
    use_memory(round, 20);
    if (round < 3) {
        size_t *next = malloc(sizeof *next);
        *next = round + 1;
        EXPECT(pthread_setspecific(again_key, next) == 0);
    } else {
        __atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED);
    }
}

static void *use_again_key(void *context)
{
    EXPECT(pthread_setspecific(again_key, calloc(1, sizeof(size_t))) == 0);
    return context;
}

TEST(destructors_may_run_in_several_rounds)
{
    EXPECT(pthread_key_create(&again_key, set_again) == 0);
    for (int i = 0; i < 500; i++)
        run_in_thread(use_again_key, NULL);
    EXPECT(destroyed == 500);
    EXPECT(mn_heap_check(NULL));
    EXPECT(held() < 64 * MIB);
}

/* ---- forks ---- */

static bool over;

static void *stay_busy(void *seed)
{
    uint64_t random = (uintptr_t)seed;

    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        use_memory(test_random(&random), 100);
    return NULL;
}

static void *churn_threads(void *seed)
{
    uint64_t random = (uintptr_t)seed;

    while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
        run_in_thread(short_life, (void *)(uintptr_t)test_random(&random));
    return NULL;
}

static void live_as_child(uint64_t seed)
{
    EXPECT(mn_heap_check(NULL));
    use_memory(seed, 200);
    run_in_thread(short_life, (void *)(uintptr_t)seed);
    (void)malloc_trim(0);
    EXPECT(mn_heap_check(NULL));
    use_memory(seed, 200);
}

static void fork_once(uint64_t seed)
{
    unsigned char *kept = malloc(1000);
    int status;

    memset(kept, (int)seed, 1000);
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        live_as_child(seed);
        EXPECT(kept[0] == (unsigned char)seed && kept[999] == kept[0]);
        free(kept);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            live_as_child(seed + 1);
            _exit(0);
        }
        EXPECT(waitpid(grandchild, &status, 0) == grandchild);
        _exit(status == 0 ? 0 : 1);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
    free(kept);
}

TEST(children_of_a_busy_process_go_on)
{
    pthread_t threads[BUSY];

    for (int i = 0; i < BUSY; i++)
        EXPECT(pthread_create(&threads[i], NULL,
                              i == 0 ? churn_threads : stay_busy,
                              (void *)(uintptr_t)i)
               == 0);
    for (uint64_t i = 0; i < FORKS; i++)
        fork_once(i);
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    for (int i = 0; i < BUSY; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(mn_heap_check(NULL));
}

static void *fork_some(void *seed)
{
    for (uint64_t i = 0; i < FORKS / 10; i++)
        fork_once((uintptr_t)seed + i);
    return NULL;
}

TEST(several_threads_fork_at_a_time)
{
    pthread_t threads[BUSY];

    for (int i = 0; i < BUSY; i++)
        EXPECT(
            pthread_create(&threads[i], NULL, fork_some, (void *)(uintptr_t)i)
            == 0);
    for (int i = 0; i < BUSY; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(mn_heap_check(NULL));
}

/* In the child, the memory of threads that are gone serves who is left. */
TEST(a_child_uses_what_the_other_threads_had)
{
    for (int round = 0; round < 5; round++) {
        size_t before = held();
        int status;
        pid_t child = fork();
        if (child == 0) {
            for (uintptr_t i = 0; i < 100; i++)
                run_in_thread(short_life, (void *)i);
            EXPECT(held() < before + 32 * MIB);
            _exit(0);
        }
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
}

/* SPDX-License-Identifier: MIT */
/* Signal handlers that allocate and release beside threads that end: each may
 * have interrupted the holder of a lock for whom another thread waits. The
 * handlers also fork. Whoever waited against the order of locks would never
 * return, and the test would be ended by its time limit. */
#include <mn/heap.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { KIB = 1024, THREADS = 4, LIVE = 40, BOXES = 64, ROUNDS = 6000 };

static struct mn_heap *shared;
static void *boxes[BOXES];
static bool over;
static pthread_t threads[THREADS];
static _Atomic unsigned handled;
static _Atomic unsigned forked;
static bool forks;

static bool is_over(void)
{
    return __atomic_load_n(&over, __ATOMIC_ACQUIRE);
}

static void post(size_t at, void *block)
{
    mn_free(__atomic_exchange_n(&boxes[at], block, __ATOMIC_ACQ_REL));
}

/* Takes spans, which need the stock, and what ended threads left. */
static void step(uint64_t *random)
{
    size_t at = test_random(random) % BOXES;
    size_t size = (size_t)1 << *random % 20;
    /* A handler must not fork where it may have interrupted the heap. */
    void *block = !forks && (*random >> 32 & 1) ? mn_heap_alloc(shared, size)
                                                : mn_alloc(size);

    if (block != NULL)
        memset(block, 0x5a, size < 64 ? size : 64);
    post(at, block);
    if ((*random >> 40) % 64 == 0)
        (void)mn_trim();
}

static void fork_here(uint64_t *random)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        for (int i = 0; i < 20; i++)
            step(random);
        _exit(0);
    }
    if (child < 0)
        return;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
    forked++;
}

static void handle(int signal)
{
    static _Thread_local uint64_t random = 7;

    (void)signal;
    for (int i = 0; i < 4; i++)
        step(&random);
    if (forks && handled % 256 == 0)
        fork_here(&random);
    handled++;
}

/* A thread that allocates, and ends soon. */
static void *live(void *seed)
{
    uint64_t random = (uint64_t)(uintptr_t)seed;
    void *blocks[LIVE];

    for (size_t i = 0; i < LIVE; i++) {
        step(&random);
        blocks[i] = mn_alloc(16 * KIB);
    }
    for (size_t i = 0; i < LIVE; i++)
        mn_free(blocks[i]);
    return NULL;
}

static void *live_again_and_again(void *seed)
{
    for (size_t i = 1; !is_over(); i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, live,
                              (unsigned char *)seed + 1000 * i)
               == 0);
        (void)live((unsigned char *)seed + 1000 * i + 1);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
    return NULL;
}

static void storm(void)
{
    struct timespec pause = {0, 200000};

    for (int i = 0; i < ROUNDS; i++) {
        (void)pthread_kill(threads[i % THREADS], SIGUSR1);
        (void)nanosleep(&pause, NULL);
    }
}

static void run_storm(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

    shared = mn_heap_create(&(struct mn_heap_options){.shared = true});
    EXPECT(shared != NULL);
    EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, live_again_and_again,
                              (void *)(uintptr_t)i)
               == 0);
    storm();
    __atomic_store_n(&over, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    for (size_t i = 0; i < BOXES; i++)
        post(i, NULL);
    EXPECT(handled > 0);
    mn_heap_destroy(shared);
    EXPECT(mn_heap_check(NULL));
}

TEST(handlers_and_threads_that_end_never_wait_for_each_other)
{
    run_storm();
}

TEST(handlers_fork_whatever_they_interrupted)
{
    forks = true;
    run_storm();
    EXPECT(forked > 0);
}

/* SPDX-License-Identifier: MIT */
/* Tests of limits while threads allocate at once: they hold at every moment,
 * who is asked releases what all share, and a child of a fork counts right. */
#include <mn/heap.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/heap.h"
#include "test.h"

enum { THREADS = 3, STEPS = 4000, WINDOW = 64, MIB = 1 << 20, HARD = 8 * MIB };

static _Atomic(void *) window[WINDOW];
static atomic_int asked;
static atomic_int passed;
static atomic_bool forking;
static struct mn_heap *heap;

static bool empty_window(struct mn_heap *of, enum mn_limit_event event,
                         size_t size, void *context)
{
    bool any = false;

    (void)size;
    (void)context;
    EXPECT(of == heap);
    if (event == MN_LIMIT_SOFT) {
        atomic_fetch_add(&passed, 1);
        return false;
    }
    atomic_fetch_add(&asked, 1);
    for (int i = 0; i < WINDOW; i++) {
        void *block = atomic_exchange(&window[i], NULL);
        any |= block != NULL;
        mn_free(block);
    }
    return any;
}

static const struct mn_heap_limits limits = {HARD / 2, HARD, empty_window,
                                             NULL};

static void *fill(void *context)
{
    uint64_t state = (uint64_t)(uintptr_t)context;

    for (int i = 0; i < STEPS || atomic_load(&forking); i++) {
        size_t size = test_random(&state) % (i % 4 == 0 ? MIB : 3000);
        void *block = mn_heap_alloc(heap, size);
        EXPECT(mn_heap_limit_size(heap) <= HARD);
        block = atomic_exchange(&window[test_random(&state) % WINDOW], block);
        mn_free(block);
    }
    return NULL;
}

static void run(void)
{
    pthread_t thread[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&thread[i], NULL, fill, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(thread[i], NULL) == 0);
    EXPECT(atomic_load(&asked) > 0 && atomic_load(&passed) > 0);
    (void)empty_window(heap, MN_LIMIT_HARD, 1, NULL);
}

TEST(limit_of_the_process_holds_while_threads_allocate)
{
    EXPECT(mn_heap_limit(NULL, &limits));
    run();
    (void)mn_trim();
    EXPECT(mn_heap_limit_size(NULL) == 0);
}

TEST(limit_of_a_shared_heap_holds_while_threads_allocate)
{
    heap = mn_heap_create(
        &(struct mn_heap_options){.shared = true, .limits = limits});
    run();
    EXPECT(mn_heap_check(NULL));
    mn_heap_destroy(heap);
    EXPECT(mn_heap_limit_size(NULL) == 0);
}

static bool add_span(struct mni_span *span, void *context)
{
    *(size_t *)context += span->size;
    return true;
}

/* A span that a thread was about to enter in the map is lost, and counts. */
static bool counts_right(void)
{
    size_t size = 0;

    EXPECT(mni_stock_lock(&mni_stock));
    (void)mni_stock_walk(&mni_stock, add_span, &size);
    mni_stock_unlock(&mni_stock);
    return mn_heap_limit_size(NULL) >= size
           && mn_heap_limit_size(NULL) <= size + THREADS * 2 * MIB;
}

static void expect_child_counts_right(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        (void)empty_window(heap, MN_LIMIT_HARD, 1, NULL);
        (void)mn_trim();
        bool right = counts_right();
        void *block = mn_alloc(HARD);
        right = right && mn_heap_limit_size(NULL) <= HARD && block == NULL;
        _exit(right ? 0 : 1);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(child_of_a_fork_keeps_to_the_limit)
{
    pthread_t thread[THREADS];

    EXPECT(mn_alloc(MIB) != NULL);
    EXPECT(mn_heap_limit(NULL, &limits));
    atomic_store(&forking, true);
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&thread[i], NULL, fill, (void *)(i + 1)) == 0);
    for (int i = 0; i < 20; i++)
        expect_child_counts_right();
    atomic_store(&forking, false);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(thread[i], NULL) == 0);
}

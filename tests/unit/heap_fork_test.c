/* SPDX-License-Identifier: MIT */
/* Tests of heaps in the child of a fork while other threads live: all that the
 * thread that forked can reach is whole, also first-class heaps and memory
 * with something published in it. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/heap.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, BLOCKS = 3000 };

static pthread_barrier_t barrier;

/* Has a heap, with blocks, while the other forks. */
static void *live_on(void *context)
{
    void *blocks[100];

    for (size_t i = 0; i < 100; i++)
        blocks[i] = mn_alloc(i * 30);
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < 100; i++)
        mn_free(blocks[i]);
    return context;
}

/* Whether the parent forks in what would be a handler that interrupted the
 * holder of a lock, and of which. */
static enum { NOTHING, COMMON, STOCK } interrupts;

static void interrupt(void)
{
    if (interrupts == COMMON)
        EXPECT(mni_common_lock());
    if (interrupts == STOCK)
        EXPECT(mni_stock_lock(&mni_stock));
}

static void go_on(void)
{
    if (interrupts == COMMON)
        mni_common_unlock();
    if (interrupts == STOCK)
        mni_stock_unlock(&mni_stock);
    interrupts = NOTHING;
}

static void fork_beside_a_thread(void (*in_child)(void))
{
    pthread_t thread;
    int status;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, live_on, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    interrupt();
    pid_t child = fork();
    go_on();
    EXPECT(child >= 0);
    if (child == 0) {
        in_child();
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
    (void)pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, NULL) == 0);
}

static unsigned char *blocks[BLOCKS];
static size_t sizes[BLOCKS];
static struct mn_heap *heap;

static void make_blocks(struct mn_heap *from)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        sizes[i] = i % 500 == 0 ? 400 * KIB : i * 37 % 9000;
        blocks[i] = mn_heap_alloc(from, sizes[i]);
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < BLOCKS; i += 3) {
        mn_free(blocks[i]);
        blocks[i] = NULL;
    }
}

static void turn_over(size_t i)
{
    if (blocks[i] == NULL) {
        sizes[i] = i * 53 % 5000;
        blocks[i] = mn_heap_alloc(heap, sizes[i]);
        memset(blocks[i], (int)i, sizes[i]);
        return;
    }
    for (size_t k = 0; k < sizes[i]; k += 17)
        EXPECT(blocks[i][k] == (unsigned char)i);
    mn_free(blocks[i]);
    blocks[i] = NULL;
}

static void use_blocks(void)
{
    EXPECT(mn_heap_check(NULL));
    EXPECT(heap == NULL || mn_heap_check(heap));
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            turn_over(i);
        EXPECT(mn_heap_check(NULL));
        EXPECT(heap == NULL || mn_heap_check(heap));
        (void)mn_trim();
    }
}

TEST(a_child_has_the_blocks_of_its_thread)
{
    make_blocks(NULL);
    fork_beside_a_thread(use_blocks);
    use_blocks();
}

TEST(a_child_has_first_class_heaps)
{
    heap = mn_heap_create(NULL);
    make_blocks(heap);
    fork_beside_a_thread(use_blocks);
    use_blocks();
    mn_heap_destroy(heap);
}

static unsigned char memory[64 * MIB];

TEST(a_child_has_shared_heaps_in_given_memory)
{
    struct mn_heap_options options = {
        .memory = memory, .memory_size = sizeof memory, .shared = true};

    heap = mn_heap_create(&options);
    EXPECT(heap != NULL);
    make_blocks(heap);
    fork_beside_a_thread(use_blocks);
    use_blocks();
    mn_heap_destroy(heap);
}

/* ---- forks in signal handlers ---- */

TEST(a_child_goes_on_with_what_threads_left_when_that_was_interrupted)
{
    make_blocks(NULL);
    interrupts = COMMON;
    fork_beside_a_thread(use_blocks);
    use_blocks();
}

TEST(a_child_goes_on_when_the_stock_was_interrupted)
{
    make_blocks(NULL);
    interrupts = STOCK;
    fork_beside_a_thread(use_blocks);
    use_blocks();
}

/* A function that is registered before the heap's runs after it, where a fork
 * has all of its locks. */
static volatile sig_atomic_t forks_within;

static void fork_within(void)
{
    if (forks_within == 0)
        return;
    forks_within = 0;
    int status;
    pid_t child = fork();
    if (child == 0) {
        mn_free(mn_alloc(1000));
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static void register_first(void)
{
    (void)pthread_atfork(fork_within, NULL, NULL);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const registered_first)(void) =
    register_first;

static void use_blocks_elsewhere(void)
{
    pthread_t thread;

    EXPECT(mni_lock_orders() == 0);
    use_blocks();
    EXPECT(pthread_barrier_init(&barrier, NULL, 1) == 0);
    EXPECT(pthread_create(&thread, NULL, live_on, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

TEST(a_fork_goes_on_that_a_fork_in_a_handler_interrupted)
{
    heap = mn_heap_create(&(struct mn_heap_options){.shared = true});
    make_blocks(heap);
    forks_within = 1;
    fork_beside_a_thread(use_blocks_elsewhere);
    use_blocks_elsewhere();
    mn_heap_destroy(heap);
}

static struct mni_lock *held_lock;

/* Waits for the stock with another lock in hand. */
static void *wait_for_the_stock(void *context)
{
    EXPECT(held_lock == NULL ? mni_common_lock() : mni_lock_enter(held_lock));
    (void)pthread_barrier_wait(&barrier);
    EXPECT(mni_stock_lock(&mni_stock));
    mni_stock_unlock(&mni_stock);
    if (held_lock == NULL)
        mni_common_unlock();
    else
        mni_lock_leave(held_lock);
    return context;
}

static void fork_beside_one_that_waits(void)
{
    pthread_t thread;
    int status;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(mni_stock_lock(&mni_stock));
    EXPECT(pthread_create(&thread, NULL, wait_for_the_stock, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    pid_t child = fork();
    EXPECT(child >= 0);
    mni_stock_unlock(&mni_stock);
    if (child == 0) {
        use_blocks();
        if (heap != NULL)
            mn_heap_destroy(heap);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

TEST(a_child_goes_on_whose_parent_could_not_wait_for_what_threads_left)
{
    make_blocks(NULL);
    fork_beside_one_that_waits();
    use_blocks();
}

TEST(a_child_goes_on_whose_parent_could_not_wait_for_a_shared_heap)
{
    heap = mn_heap_create(&(struct mn_heap_options){.shared = true});
    held_lock = &heap->lock;
    make_blocks(heap);
    fork_beside_one_that_waits();
    use_blocks();
    mn_heap_destroy(heap);
}

static bool whole_block(const void *context, const void *address,
                        struct mn_block *block)
{
    (void)address;
    *block = *(const struct mn_block *)context;
    return true;
}

/* Published parts of blocks hide whose cells they lie in. */
TEST(a_child_has_blocks_with_something_published_in_them)
{
    enum { PUBLISHED = BLOCKS / 10 };
    static struct mn_publication publications[PUBLISHED];
    static struct mn_block inner[PUBLISHED];

    make_blocks(NULL);
    for (size_t i = 0; i < PUBLISHED; i++) {
        size_t n = i * 10;
        if (blocks[n] == NULL || sizes[n] == 0)
            continue;
        inner[i] =
            (struct mn_block){blocks[n], sizes[n], MN_PERM_RW, MN_ALLOCATED};
        EXPECT(mn_publish(&publications[i], blocks[n], sizes[n], whole_block,
                          &inner[i])
               == MN_OK);
    }
    fork_beside_a_thread(use_blocks);
}

TEST(a_child_forks_again)
{
    int status;

    make_blocks(NULL);
    fork_beside_a_thread(use_blocks);
    pid_t child = fork();
    if (child == 0) {
        fork_beside_a_thread(use_blocks);
        use_blocks();
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

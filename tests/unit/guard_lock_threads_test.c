/* SPDX-License-Identifier: MIT */
/* Tests of mn_lock: threads in one region, by the lock of our own and by one
 * of the system; each operation holds it, and one holder sees no other. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "unit/guard_setup.h"

enum { THREADS = 3, ROUNDS = 1500, TICKETS = 200, HELD = 8 };

static struct mn_count count;
static struct mn_lock lock;
static struct mn_region *const region = &lock.region;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void mutex_acquire(void *context)
{
    EXPECT(pthread_mutex_lock(context) == 0);
}

static void mutex_release(void *context)
{
    EXPECT(pthread_mutex_unlock(context) == 0);
}

static unsigned rounds;

/* Blocks keep what this thread wrote to them, whatever the others do. */
static void *use(void *context)
{
    unsigned char *blocks[HELD] = {NULL};
    unsigned char mine = *(unsigned char *)context;
    uint64_t random = mine;
    struct mn_block found;

    for (unsigned i = 0; i < rounds; i++) {
        unsigned char **block = &blocks[i % HELD];
        if (*block != NULL) {
            EXPECT((*block)[0] == mine && (*block)[31] == mine);
            EXPECT(mn_region_block_at(region, *block + 3, &found));
            EXPECT(found.start == *block && found.state == MN_ALLOCATED);
            mn_region_free(region, *block);
        }
        *block = mn_region_alloc(region, 32 + test_random(&random) % 200, 16);
        EXPECT(*block != NULL);
        memset(*block, mine, 32);
        (void)!mn_region_resize(region, *block, 300);
        EXPECT(mn_region_examine(region, *block) == MN_OK);
    }
    for (unsigned i = 0; i < HELD; i++)
        mn_region_free(region, blocks[i]);
    EXPECT(mn_region_check(region));
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[THREADS];
    unsigned char names[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        names[i] = (unsigned char)(i + 1);
        EXPECT(pthread_create(&threads[i], NULL, use, &names[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(count.alloc_count == (size_t)THREADS * rounds);
    EXPECT(count.free_count == count.alloc_count);
    EXPECT(count.out.size == 0 && setup_is_free());
}

TEST(threads_share_a_region_by_a_lock_of_theirs)
{
    rounds = ROUNDS;
    mn_count_init(&count, setup_tiled());
    EXPECT(
        mn_lock_init(&lock, &count.region, mutex_acquire, mutex_release, &mutex)
        == MN_OK);
    run_threads();
}

/* Few rounds: where threads share a processor, each turn may cost a slice. */
TEST(threads_share_a_region_by_a_lock_of_ours)
{
    rounds = TICKETS;
    mn_count_init(&count, setup_tiled());
    EXPECT(mn_lock_init(&lock, &count.region, NULL, NULL, NULL) == MN_OK);
    run_threads();
    EXPECT(lock.ticket[0] == lock.ticket[1] && lock.ticket[0] > 0);
}

TEST(tickets_wrap_around)
{
    mn_count_init(&count, setup_tiled());
    EXPECT(mn_lock_init(&lock, &count.region, NULL, NULL, NULL) == MN_OK);
    lock.ticket[0] = lock.ticket[1] = UINT32_MAX - 1;
    rounds = TICKETS;
    run_threads();
    EXPECT(lock.ticket[0] == lock.ticket[1] && lock.ticket[0] < UINT32_MAX / 2);
}

static int entered;

static void *enter(void *context)
{
    (void)context;
    mn_lock_acquire(&lock);
    __atomic_store_n(&entered, 1, __ATOMIC_RELAXED);
    mn_lock_release(&lock);
    return NULL;
}

TEST(the_number_after_the_last_waits_too)
{
    pthread_t thread;

    EXPECT(mn_lock_init(&lock, setup_tiled(), NULL, NULL, NULL) == MN_OK);
    lock.ticket[0] = lock.ticket[1] = UINT32_MAX;
    mn_lock_acquire(&lock);
    EXPECT(pthread_create(&thread, NULL, enter, NULL) == 0);
    while (__atomic_load_n(&lock.ticket[0], __ATOMIC_RELAXED) != 1)
        sched_yield();
    for (unsigned i = 0; i < 100; i++)
        sched_yield();
    EXPECT(__atomic_load_n(&entered, __ATOMIC_RELAXED) == 0);
    mn_lock_release(&lock);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(__atomic_load_n(&entered, __ATOMIC_RELAXED) == 1);
}

TEST(half_a_pair_is_refused)
{
    struct mn_region *parent = setup_tiled();

    EXPECT(mn_lock_init(&lock, parent, mutex_acquire, NULL, NULL)
           == MN_ERR_INVALID);
    EXPECT(mn_lock_init(&lock, parent, NULL, mutex_release, NULL)
           == MN_ERR_INVALID);
}

static struct {
    unsigned depth;
    unsigned calls;
} held;

static void note_acquire(void *context)
{
    EXPECT(context == &held && held.depth == 0);
    held.depth++;
    held.calls++;
}

static void note_release(void *context)
{
    EXPECT(context == &held && held.depth == 1);
    held.depth--;
}

static void expect_held(const struct mn_trace_event *event, void *context)
{
    (void)event;
    (void)context;
    EXPECT(held.depth == 1);
}

static bool visit_held(const struct mn_block *block, void *context)
{
    (void)context;
    EXPECT(held.depth == 1);
    return block->state == MN_FREE;
}

TEST(each_operation_holds_the_lock_once)
{
    struct mn_trace trace;
    struct mn_block found;
    unsigned calls = 0;

    mn_trace_init(&trace, setup_tiled(), expect_held, NULL);
    EXPECT(mn_lock_init(&lock, &trace.region, note_acquire, note_release, &held)
           == MN_OK);
    void *block = mn_region_alloc(region, 10, 1);
    EXPECT(block != NULL && held.calls == ++calls);
    EXPECT(mn_region_resize(region, block, 20) && held.calls == ++calls);
    EXPECT(mn_region_check(region) && held.calls == ++calls);
    EXPECT(mn_region_block_at(region, block, &found) && held.calls == ++calls);
    EXPECT(mn_region_examine(region, block) == MN_OK && held.calls == ++calls);
    EXPECT(!mn_region_walk(region, visit_held, NULL) && held.calls == ++calls);
    mn_region_free(region, block);
    EXPECT(held.calls == ++calls && held.depth == 0);
    EXPECT(mn_region_walk(region, visit_held, NULL));
}

static unsigned long shared;

static void *add_under_lock(void *context)
{
    (void)context;
    for (unsigned i = 0; i < rounds; i++) {
        mn_lock_acquire(&lock);
        shared++;
        mn_lock_release(&lock);
        if (i % 16 == 0)
            sched_yield();
    }
    return NULL;
}

TEST(the_lock_may_be_held_for_several_operations)
{
    pthread_t threads[2];

    rounds = TICKETS;
    EXPECT(mn_lock_init(&lock, setup_tiled(), NULL, NULL, NULL) == MN_OK);
    for (unsigned i = 0; i < 2; i++)
        EXPECT(pthread_create(&threads[i], NULL, add_under_lock, NULL) == 0);
    for (unsigned i = 0; i < 2; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(shared == 2ul * TICKETS);
}

/* SPDX-License-Identifier: MIT */
/* Threads at one pool: objects go from thread to thread, threads end while
 * others release to them, and the memory does not grow meanwhile. */
#include <mn/shared_pool.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { THREADS = 4, BOXES = 64, STEPS = 30000, ROUNDS = 30, BATCH = 500 };

MN_TYPE_DECLARE(letter);
struct letter {
    uint64_t seal;
    uint64_t more[4];
};
MN_TYPE(letter, .drop = NULL);
MN_SHARED_POOL(letter);

static struct letter_shared_pool letters;
static struct letter *boxes[BOXES];

static struct letter *exchange(size_t box, struct letter *letter)
{
    return __atomic_exchange_n(&boxes[box], letter, __ATOMIC_ACQ_REL);
}

static struct letter *write_letter(uint64_t seal)
{
    struct letter *letter = letter_shared_pool_alloc(&letters);

    EXPECT(letter != NULL);
    letter->seal = seal;
    for (int i = 0; i < 4; i++)
        letter->more[i] = seal + (uint64_t)i;
    return letter;
}

static void open_letter(struct letter *letter)
{
    if (letter == NULL)
        return;
    for (int i = 0; i < 4; i++)
        EXPECT(letter->more[i] == letter->seal + (uint64_t)i);
    letter->seal = 0;
    letter_shared_pool_release(&letters, letter);
}

static void *correspond(void *seed)
{
    uint64_t random = (uintptr_t)seed;

    for (int i = 0; i < STEPS; i++) {
        uint64_t choice = test_random(&random);
        open_letter(exchange(choice % BOXES, write_letter(choice | 1)));
        if (choice / BOXES % 8192 == 0)
            (void)mn_shared_pool_shrink(&letters.pool);
    }
    return NULL;
}

static void run(void *(*body)(void *), uintptr_t count)
{
    pthread_t threads[THREADS];

    for (uintptr_t i = 0; i < count; i++)
        EXPECT(pthread_create(&threads[i], NULL, body, (void *)(i + 1)) == 0);
    for (uintptr_t i = 0; i < count; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static struct mn_shared_pool_stats stats(void)
{
    struct mn_shared_pool_stats seen;

    EXPECT(mn_shared_pool_check(&letters.pool));
    mn_shared_pool_read_stats(&letters.pool, &seen);
    EXPECT(seen.size
           == seen.live_size + seen.free_size + seen.kept_size + seen.gap_size);
    return seen;
}

static void setup(void)
{
    struct mn_shared_pool_options options = {.unwatched = true};

    EXPECT(letter_shared_pool_init(&letters, &options) == MN_OK);
}

static void empty_boxes(void)
{
    for (size_t i = 0; i < BOXES; i++)
        open_letter(exchange(i, NULL));
}

static void expect_nothing_left(void)
{
    empty_boxes();
    EXPECT(stats().live == 0);
    (void)mn_shared_pool_shrink(&letters.pool);
    EXPECT(stats().size == 0);
    letter_shared_pool_finish(&letters);
}

TEST(objects_go_from_thread_to_thread)
{
    setup();
    run(correspond, THREADS);
    expect_nothing_left();
}

TEST(threads_come_and_go_and_their_chunks_are_used_again)
{
    setup();
    run(correspond, 2);
    size_t size = stats().size;
    for (int round = 0; round < ROUNDS; round++) {
        run(correspond, 2);
        EXPECT(stats().size <= 3 * size);
    }
    expect_nothing_left();
}

/* One thread only allocates, and another only releases. */
static pthread_barrier_t barrier;
static struct letter *batches[2][BATCH];

static void *produce(void *unused)
{
    for (int round = 0; round < 100 * ROUNDS; round++) {
        for (int i = 0; i < BATCH; i++)
            batches[round % 2][i] = write_letter((uint64_t)round + 1);
        (void)pthread_barrier_wait(&barrier);
    }
    return unused;
}

static void *consume(void *unused)
{
    for (int round = 0; round < 100 * ROUNDS; round++) {
        (void)pthread_barrier_wait(&barrier);
        for (int i = 0; i < BATCH; i++)
            open_letter(batches[round % 2][i]);
    }
    return unused;
}

static void *either(void *number)
{
    return (uintptr_t)number == 1 ? produce(NULL) : consume(NULL);
}

TEST(nothing_grows_when_one_allocates_and_another_releases)
{
    setup();
    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    run(either, 2);
    /* 60 MB went from one to the other. */
    EXPECT(stats().size <= (size_t)512 * 1024);
    expect_nothing_left();
}

static void *release_late(void *number)
{
    if ((uintptr_t)number == 1)
        for (size_t i = 0; i < BOXES; i++)
            EXPECT(exchange(i, write_letter(i + 1)) == NULL);
    return NULL;
}

TEST(what_an_ended_thread_allocated_is_released_by_others)
{
    setup();
    run(release_late, 1);
    EXPECT(stats().live == BOXES);
    expect_nothing_left();
}

/* A pool is finished as soon as the threads have said that they are ready. */
static void *use_and_say(void *said)
{
    open_letter(write_letter(7));
    (void)__atomic_fetch_add((int *)said, 1, __ATOMIC_RELEASE);
    return NULL;
}

TEST(a_pool_may_be_finished_while_its_threads_end)
{
    pthread_t threads[THREADS];

    for (int round = 0; round < ROUNDS; round++) {
        int said = 0;
        setup();
        for (int i = 0; i < THREADS; i++)
            EXPECT(pthread_create(&threads[i], NULL, use_and_say, &said) == 0);
        while (__atomic_load_n(&said, __ATOMIC_ACQUIRE) != THREADS)
            ;
        letter_shared_pool_finish(&letters);
        for (int i = 0; i < THREADS; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
    }
}

/* The children of forks, while other threads are anywhere. */
static int stop;

static void *correspond_on(void *seed)
{
    while (__atomic_load_n(&stop, __ATOMIC_RELAXED) == 0) {
        uint64_t random = (uintptr_t)seed;
        for (int i = 0; i < 100; i++) {
            uint64_t choice = test_random(&random);
            open_letter(exchange(choice % BOXES, write_letter(choice | 1)));
        }
    }
    return NULL;
}

static void child(void)
{
    static struct letter *mine[BATCH];

    for (int i = 0; i < BATCH; i++)
        mine[i] = write_letter((uint64_t)i + 1);
    for (int i = 0; i < BATCH; i++)
        open_letter(mine[i]);
    EXPECT(mn_shared_pool_check(&letters.pool));
    _exit(0);
}

TEST(children_of_forks_go_on_while_threads_run)
{
    pthread_t threads[2];
    int status;

    setup();
    for (uintptr_t i = 0; i < 2; i++)
        EXPECT(pthread_create(&threads[i], NULL, correspond_on, (void *)(i + 1))
               == 0);
    for (int round = 0; round < ROUNDS; round++) {
        open_letter(write_letter(3));
        pid_t id = fork();
        if (id == 0)
            child();
        EXPECT(id > 0 && waitpid(id, &status, 0) == id && status == 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    expect_nothing_left();
}

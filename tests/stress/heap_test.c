/* SPDX-License-Identifier: MIT */
/* Threads against the heap: blocks go from thread to thread and are released
 * by whoever has them last, threads end while others release to them, and
 * others look on. Each block is filled, and checked before it is released. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <pthread.h>
#include <string.h>

#include "test.h"

enum { KIB = 1024, THREADS = 4, MAILBOXES = 64, STEPS = 30000 };

static struct mn_heap *shared;

/* A block in the mail; it tells its own size, and its fill. */
struct letter {
    size_t size;
    unsigned char fill;
};

static struct letter *mailboxes[MAILBOXES];

static struct letter *exchange(unsigned box, struct letter *letter)
{
    return __atomic_exchange_n(&mailboxes[box], letter, __ATOMIC_ACQ_REL);
}

static void seal(struct letter *letter, size_t size, unsigned char fill)
{
    EXPECT(letter != NULL);
    memset(letter, fill, size);
    letter->size = size;
    letter->fill = fill;
}

static void open_letter(struct letter *letter)
{
    const unsigned char *bytes = (const unsigned char *)letter;

    for (size_t i = sizeof *letter; i < letter->size; i++)
        EXPECT(bytes[i] == letter->fill);
}

static size_t size_of(uint64_t random)
{
    size_t kind = random % 64;

    if (kind == 0)
        return sizeof(struct letter) + random / 64 % (600 * KIB);
    if (kind < 8)
        return sizeof(struct letter) + random / 64 % (20 * KIB);
    return sizeof(struct letter) + random / 64 % 300;
}

static struct letter *write_letter(uint64_t *random, struct mn_heap *heap)
{
    size_t size = size_of(test_random(random));
    struct letter *letter = mn_heap_alloc(heap, size);

    seal(letter, size, (unsigned char)*random);
    return letter;
}

static struct letter *rewrite(uint64_t *random, struct letter *letter)
{
    size_t size = size_of(test_random(random));
    size_t old = letter->size;

    letter = mn_realloc(letter, size);
    EXPECT(letter != NULL);
    letter->size = size < old ? size : old;
    open_letter(letter);
    seal(letter, size, (unsigned char)*random);
    return letter;
}

static void correspond(uint64_t seed, int steps)
{
    uint64_t random = seed;

    for (int i = 0; i < steps; i++) {
        uint64_t choice = test_random(&random);
        struct letter *letter =
            write_letter(&random, choice % 4 == 0 ? shared : NULL);
        letter = exchange(choice / 4 % MAILBOXES, letter);
        if (letter == NULL)
            continue;
        open_letter(letter);
        if (choice % 16 == 1)
            letter =
                exchange(choice / 64 % MAILBOXES, rewrite(&random, letter));
        mn_free(letter);
        if (choice % 4096 == 2)
            (void)mn_trim();
    }
}

static void *correspond_thread(void *seed)
{
    correspond((uintptr_t)seed, STEPS);
    return NULL;
}

static void empty_mailboxes(void)
{
    for (unsigned i = 0; i < MAILBOXES; i++) {
        struct letter *letter = exchange(i, NULL);
        if (letter != NULL)
            open_letter(letter);
        mn_free(letter);
    }
}

static void run_threads(void *(*run)(void *), int count)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < count; i++)
        EXPECT(
            pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)(i + 1))
            == 0);
    for (int i = 0; i < count; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void expect_nothing_out(void)
{
    struct mn_stats stats;

    (void)mn_trim();
    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_stats(&stats));
    EXPECT(stats.block_count == 0);
    EXPECT(stats.payload == 0 && stats.rounding == 0);
}

static void make_shared(void)
{
    struct mn_heap_options options = {.shared = true};

    shared = mn_heap_create(&options);
    EXPECT(shared != NULL);
}

TEST(blocks_go_from_thread_to_thread)
{
    make_shared();
    run_threads(correspond_thread, THREADS);
    correspond(99, STEPS / 10);
    empty_mailboxes();
    EXPECT(mn_heap_check(shared));
    mn_heap_destroy(shared);
    expect_nothing_out();
}

/* Threads that live for a moment each, in rows. */
static void *short_life(void *seed)
{
    correspond((uintptr_t)seed, 100);
    return NULL;
}

static void *rows_of_lives(void *seed)
{
    pthread_t thread;

    for (uintptr_t i = 0; i < 300; i++) {
        EXPECT(pthread_create(&thread, NULL, short_life,
                              (void *)((uintptr_t)seed * 1000 + i))
               == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
    return NULL;
}

TEST(threads_end_while_others_release_to_them)
{
    make_shared();
    run_threads(rows_of_lives, THREADS);
    empty_mailboxes();
    mn_heap_destroy(shared);
    expect_nothing_out();
}

static bool over;

/* Blocks of other threads are for block_at_race_test: what mn_block_at reads of
 * a record while it changes hands is not atomic. */
static void *look_on(void *seed)
{
    enum { OWN = 100 };
    char *own[OWN];
    uint64_t random = (uintptr_t)seed;
    struct mn_stats stats;
    struct mn_block block;

    for (int i = 0; i < OWN; i++)
        own[i] = mn_alloc(100 + (size_t)i * 1000);
    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        size_t sum = 0;
        EXPECT(mn_stats(&stats));
        for (unsigned i = 0; i < mn_stats_cause_count(); i++) {
            EXPECT(mn_stats_cause(&stats, i) <= stats.committed);
            sum += mn_stats_cause(&stats, i);
        }
        EXPECT(sum == stats.committed);
        for (int i = 0; i < 1000; i++) {
            size_t n = test_random(&random) % OWN;
            EXPECT(mn_block_at(own[n] + random % 100, &block));
            EXPECT(block.start == own[n] && block.state == MN_ALLOCATED);
        }
    }
    for (int i = 0; i < OWN; i++)
        mn_free(own[i]);
    return NULL;
}

TEST(statistics_and_block_at_look_on_meanwhile)
{
    pthread_t watcher;

    make_shared();
    EXPECT(pthread_create(&watcher, NULL, look_on, (void *)1) == 0);
    run_threads(correspond_thread, THREADS - 1);
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    EXPECT(pthread_join(watcher, NULL) == 0);
    empty_mailboxes();
    mn_heap_destroy(shared);
    expect_nothing_out();
}

/* All allocate from one heap, and release in each of the ways there are. */
static void *share_heap(void *seed)
{
    enum { LIVE = 100 };
    uint64_t random = (uintptr_t)seed;
    struct letter *letters[LIVE] = {NULL};

    for (int i = 0; i < STEPS; i++) {
        size_t n = test_random(&random) % LIVE;
        if (letters[n] != NULL) {
            open_letter(letters[n]);
            if (random % 2)
                mn_heap_free(shared, letters[n]);
            else
                mn_free(letters[n]);
            letters[n] = NULL;
        } else {
            letters[n] = write_letter(&random, shared);
        }
    }
    for (int n = 0; n < LIVE; n++)
        mn_heap_free(shared, letters[n]);
    return NULL;
}

TEST(threads_share_a_heap)
{
    make_shared();
    run_threads(share_heap, THREADS);
    EXPECT(mn_heap_check(shared));
    mn_heap_destroy(shared);
    expect_nothing_out();
}

static unsigned char memory[64 * 1024 * KIB];

TEST(threads_share_a_heap_in_given_memory)
{
    struct mn_heap_options options = {
        .memory = memory, .memory_size = sizeof memory, .shared = true};

    shared = mn_heap_create(&options);
    run_threads(share_heap, THREADS);
    EXPECT(mn_heap_check(shared));
    mn_heap_destroy(shared);
    expect_nothing_out();
}

/* Heaps come and go in all threads, while one looks at all heaps. */
static void *come_and_go(void *seed)
{
    uint64_t random = (uintptr_t)seed;

    for (int i = 0; i < 100; i++) {
        struct mn_heap *heap = mn_heap_create(NULL);
        EXPECT(heap != NULL);
        for (int k = 0; k < 100; k++)
            (void)write_letter(&random, heap);
        EXPECT(mn_heap_check(heap));
        mn_heap_destroy(heap);
    }
    return NULL;
}

TEST(heaps_come_and_go_in_all_threads)
{
    pthread_t watcher;

    EXPECT(pthread_create(&watcher, NULL, look_on, (void *)1) == 0);
    run_threads(come_and_go, THREADS - 1);
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    EXPECT(pthread_join(watcher, NULL) == 0);
    expect_nothing_out();
}

static struct letter *contested;

static void *release_contested(void *context)
{
    (void)context;
    mn_free(contested);
    return NULL;
}

static void release_in_two_threads(size_t size)
{
    for (int i = 0; i < 1000; i++) {
        contested = mn_alloc(size);
        run_threads(release_contested, 2);
    }
}

TEST(a_block_that_two_threads_release_stops)
{
    EXPECT_STOPS(release_in_two_threads(100), "mneme: ");
    EXPECT_STOPS(release_in_two_threads(1000 * KIB), "mneme: ");
}

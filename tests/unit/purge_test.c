/* SPDX-License-Identifier: MIT */
/* Tests of the purge: what is free for the decay time goes back while the
 * program sleeps, what is younger stays, and the thread that does it is seen by
 * nobody: not by signals, forks, statistics or the end of the process. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heap/arena.h"
#include "heap/heap.h"
#include "heap/purge.h"
#include "os/os.h"
#include "observe.h"
#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    BLOCKS = 64 * KIB, /* of 1 KiB: 64 MiB in all */
    SPAN = 9 * MIB,    /* more than a thread keeps: it goes to the stock */
    SECONDS_MAX = 60   /* a machine may be busy */
};

static const uint64_t second = 1000000000;
static void *blocks[BLOCKS];

static void nap(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000,
                            (long)(milliseconds % 1000) * 1000000};

    while (nanosleep(&time, &time) != 0)
        continue;
}

static size_t resident(void)
{
    size_t size = 0;
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    EXPECT(file != NULL && fscanf(file, "%zu %zu", &size, &pages) == 2);
    (void)fclose(file);
    return pages * mni_os_page_size();
}

static void fill(void)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = mn_alloc(KIB);
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], 1, KIB);
    }
}

static void release(void)
{
    for (size_t i = 0; i < BLOCKS; i++)
        mn_free(blocks[i]);
}

/* Without a call of ours: nobody but the thread can do it. */
static void expect_back_while_asleep(size_t full)
{
    for (unsigned tenths = 0; resident() > full - 56 * (size_t)MIB; tenths++) {
        EXPECT(tenths < 10 * SECONDS_MAX);
        nap(100);
    }
}

static void fill_and_release(void)
{
    fill();
    size_t full = resident();
    release();
    expect_back_while_asleep(full);
}

TEST(memory_comes_back_while_the_program_sleeps)
{
    fill_and_release();
    fill_and_release(); /* it was asleep in between */
}

/* Spans that a thread keeps for its next large blocks, 8 MiB at most. */
TEST(kept_spans_come_back_while_the_program_sleeps)
{
    enum { LARGE = 4, SIZE = 2 * MIB };
    void *large[LARGE];

    fill_and_release();
    nap(3000); /* the thread has nothing to do */
    for (size_t i = 0; i < LARGE; i++)
        large[i] = memset(mn_alloc(SIZE), 1, SIZE);
    nap(3000);
    size_t full = resident();
    for (size_t i = 0; i < LARGE; i++)
        mn_free(large[i]);
    for (unsigned tenths = 0; resident() > full - 7 * (size_t)MIB; tenths++) {
        EXPECT(tenths < 10 * SECONDS_MAX);
        nap(100);
    }
}

TEST(a_small_heap_has_no_thread)
{
    for (size_t i = 0; i < 8 * KIB; i++)
        blocks[i] = memset(mn_alloc(KIB), 1, KIB);
    EXPECT(observe_threads() == 1);
    fill();
    EXPECT(observe_threads() == 2);
}

TEST(what_is_younger_than_the_decay_time_stays)
{
    struct mn_stats stats;

    fill();
    uint64_t start = mni_os_now();
    release();
    /* Old cells that nobody takes, and one that is never free for long. */
    do {
        mn_free(mn_alloc(SPAN));
        EXPECT(mn_stats(&stats));
        if (mni_os_now() - start < second)
            EXPECT(stats.spans + stats.purgeable > 60 * (size_t)MIB);
    } while (mni_os_now() - start < second);
}

TEST(the_thread_is_not_a_thread_of_the_program)
{
    struct mn_stats stats;

    fill_and_release();
    EXPECT(observe_threads() == 2);
    EXPECT(mn_stats(&stats));
    EXPECT(stats.heap_count == 1);
    EXPECT(mni_thread_count() == 1);
}

TEST(statistics_are_a_partition_while_memory_goes_back)
{
    struct mn_stats stats;
    uint64_t until = mni_os_now() + SECONDS_MAX * second;

    fill();
    release();
    do {
        stats = observe_stats();
        EXPECT(mn_heap_check(NULL));
        EXPECT(mni_os_now() < until);
    } while (stats.untouched < 60 * (size_t)MIB);
    EXPECT(stats.block_count == 0);
}

/* ---- forks ---- */

static void expect_child_ends(void (*run)(void), int expected)
{
    int status;
    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        run();
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

static void in_child(void (*run)(void))
{
    expect_child_ends(run, 0);
}

static void child_has_its_own(void)
{
    EXPECT(observe_threads() == 1);
    fill_and_release();
    EXPECT(observe_threads() == 2);
}

TEST(a_child_purges_again)
{
    fill_and_release();
    EXPECT(observe_threads() == 2);
    in_child(child_has_its_own);
    fill_and_release();
}

TEST(a_child_forks_while_the_purge_goes_on)
{
    fill();
    release();
    uint64_t until = mni_os_now() + 2 * second;
    while (mni_os_now() < until) {
        int status;
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) {
            mn_free(memset(mn_alloc(MIB), 1, MIB));
            EXPECT(mn_heap_check(NULL));
            _exit(0);
        }
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
}

/* Wait for the decay time with ticks, which come with returned spans. */
static void expect_back_by_ticks(void)
{
    struct mn_stats stats;

    fill();
    release();
    uint64_t until = mni_os_now() + SECONDS_MAX * second;
    do {
        nap(100);
        mn_free(mn_alloc(SPAN));
        EXPECT(mn_stats(&stats));
        EXPECT(mni_os_now() < until);
    } while (stats.untouched < 50 * (size_t)MIB);
    EXPECT(observe_threads() == 1);
}

static pthread_barrier_t barrier;

static void *live_on(void *context)
{
    mn_free(mn_alloc(1));
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    return context;
}

TEST(a_child_of_threads_goes_on_with_ticks)
{
    pthread_t thread;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, live_on, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    fill_and_release();
    in_child(expect_back_by_ticks);
    (void)pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, NULL) == 0);
}

/* ---- a thread that sleeps ---- */

static void *fill_and_sleep(void *context)
{
    fill();
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    /* It can use all that came back. */
    fill();
    release();
    return context;
}

/* All that another thread allocated is released; its owner sleeps. */
static void release_beside_owner(void (*expect_back)(size_t full))
{
    pthread_t thread;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, fill_and_sleep, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    size_t full = resident();
    release();
    expect_back(full);
    EXPECT(mn_heap_check(NULL));
    (void)pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(mn_heap_check(NULL));
}

TEST(what_others_released_comes_back_while_its_owner_sleeps)
{
    release_beside_owner(expect_back_while_asleep);
}

static void expect_trim_gives_back(size_t full)
{
    struct mn_stats stats;

    EXPECT(mn_trim());
    EXPECT(resident() <= full - 56 * (size_t)MIB);
    EXPECT(!mn_trim());
    stats = observe_stats();
    EXPECT(stats.block_count == 0);
    EXPECT(stats.untouched >= 56 * (size_t)MIB);
}

TEST(a_trim_gives_back_what_others_released)
{
    release_beside_owner(expect_trim_gives_back);
}

/* ---- signals ---- */

static volatile sig_atomic_t handled;
static pthread_t handled_in;

static void note(int number)
{
    (void)number;
    handled_in = pthread_self();
    handled++;
}

TEST(no_handler_runs_in_the_thread)
{
    sigset_t set;
    sigset_t pending;

    fill_and_release();
    EXPECT(signal(SIGUSR1, note) != SIG_ERR);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    EXPECT(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    EXPECT(kill(getpid(), SIGUSR1) == 0);
    nap(100);
    EXPECT(handled == 0);
    EXPECT(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1);
    EXPECT(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
    EXPECT(handled == 1);
    EXPECT(pthread_equal(handled_in, pthread_self()));
}

static void fill_in_handler(int number)
{
    (void)number;
    fill();
    handled++;
}

TEST(a_handler_starts_no_thread)
{
    EXPECT(signal(SIGUSR1, fill_in_handler) != SIG_ERR);
    EXPECT(raise(SIGUSR1) == 0);
    EXPECT(handled == 1);
    EXPECT(observe_threads() == 1);
    release();
    fill_and_release(); /* here it is */
}

/* ---- the end ---- */

enum { ENDED = 77 };

/* Also before the harness finds what the parent has allocated. */
static void end(void)
{
    _exit(ENDED);
}

static void *end_last(void *context)
{
    mn_free(mn_alloc(1));
    nap(100);
    return context;
}

static void leave_threads_alone(void)
{
    pthread_t thread;

    (void)alarm(SECONDS_MAX);
    EXPECT(atexit(end) == 0);
    fill_and_release();
    EXPECT(pthread_create(&thread, NULL, end_last, NULL) == 0);
    pthread_exit(NULL);
}

TEST(a_process_ends_with_the_last_thread_of_the_program)
{
    expect_child_ends(leave_threads_alone, ENDED);
}

static void leave_threads_early(void)
{
    (void)alarm(SECONDS_MAX);
    EXPECT(atexit(end) == 0);
    fill();
    release(); /* and so the thread does not sleep for ever */
    pthread_exit(NULL);
}

TEST(a_process_ends_also_while_memory_waits)
{
    expect_child_ends(leave_threads_early, ENDED);
}

/* ---- ages, look by look ---- */

static struct mni_look look_at_all(struct mni_look look)
{
    EXPECT(mni_stock_lock(&mni_stock));
    for (; look.arena < mni_stock.arena_count; look.arena++, look.word = 0)
        while (mni_arena_look(mni_stock.arenas[look.arena], &look))
            continue;
    mni_stock_unlock(&mni_stock);
    return look;
}

static const struct mni_look by_age;
static const struct mni_look lazily = {.lazy = true};
static const struct mni_look everything = {.everything = true};

/* Cells on both sides of a word's end, and of no whole number of words. */
static void free_cells(size_t count)
{
    unsigned char *block = mn_alloc(count * MNI_CELL_SIZE);

    EXPECT(block != NULL);
    memset(block, 1, count * MNI_CELL_SIZE);
    mn_free(block);
}

TEST(the_third_look_purges)
{
    free_cells(150);
    EXPECT(look_at_all(by_age).purged == 0);
    EXPECT(look_at_all(by_age).waiting);
    struct mni_look third = look_at_all(by_age);
    EXPECT(third.purged == 150);
    EXPECT(!third.waiting);
    EXPECT(!mn_trim());
}

TEST(what_was_in_use_begins_anew)
{
    free_cells(150);
    (void)look_at_all(by_age);
    (void)look_at_all(by_age);
    free_cells(150);
    EXPECT(look_at_all(by_age).purged == 0);
    EXPECT(look_at_all(by_age).purged == 0);
    EXPECT(look_at_all(by_age).purged == 150);
}

TEST(what_a_block_gave_up_has_an_age)
{
    size_t size = 100 * (size_t)MNI_CELL_SIZE;
    unsigned char *block = mn_alloc(size);

    memset(block, 1, size);
    EXPECT(mn_resize(block, size * 3 / 5));
    EXPECT(look_at_all(everything).purged == 40);
    EXPECT(mn_resize(block, size));
    for (size_t i = size * 3 / 5; i < size; i++)
        EXPECT(block[i] == 0);
    EXPECT(look_at_all(everything).purged == 0);
    mn_free(block);
}

TEST(lazily_purged_memory_is_not_taken_for_zero_and_is_told_once)
{
    struct mn_stats stats;
    enum { CELLS = 150 };

    free_cells(CELLS);
    (void)look_at_all(lazily);
    (void)look_at_all(lazily);
    EXPECT(look_at_all(lazily).purged == CELLS);
    EXPECT(!look_at_all(lazily).waiting);
    EXPECT(look_at_all(lazily).purged == 0);
    stats = observe_stats();
    EXPECT(stats.purgeable == CELLS * (size_t)MNI_CELL_SIZE);
    unsigned char *zero = mn_alloc_zero(CELLS * (size_t)MNI_CELL_SIZE);
    for (size_t i = 0; i < CELLS * (size_t)MNI_CELL_SIZE; i++)
        EXPECT(zero[i] == 0);
    mn_free(zero);
    for (int i = 0; i < 3; i++)
        (void)look_at_all(lazily);
    EXPECT(look_at_all(everything).purged == CELLS);
    EXPECT(mn_stats(&stats));
    EXPECT(stats.purgeable == 0 && stats.spans == 0);
}

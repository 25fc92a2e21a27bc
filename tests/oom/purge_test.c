/* SPDX-License-Identifier: MIT */
/* Tests of the purge where the system refuses: without its thread memory comes
 * back by ticks, and what cannot be purged stays usable and is not tried again
 * and again. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heap/ages.h"
#include "heap/arena.h"
#include "os/os_fake.h"
#include "observe.h"
#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    LARGE = MIB,
    SPAN = 9 * MIB, /* more than a thread keeps: it goes to the stock */
    BLOCKS = 40
};

static void *blocks[BLOCKS];

static void expect_back_by_ticks(void)
{
    const struct timespec tenth = {0, 100000000};

    for (size_t i = 0; i < BLOCKS; i++)
        mn_free(blocks[i]);
    for (int tenths = 0;
         observe_stats().untouched < (BLOCKS - 1) * (size_t)LARGE; tenths++) {
        EXPECT(tenths < 600);
        (void)nanosleep(&tenth, NULL);
        mn_free(mn_alloc(SPAN));
    }
}

static void expect_thread_later(void)
{
    for (int tries = 0; observe_threads() == 1; tries++) {
        EXPECT(tries < 1000);
        mn_free(mn_alloc(SPAN));
    }
}

/* Refuse one call of all that are made while the heap grows. Returns whether
 * that was the start of the thread. */
static bool refuse(uint64_t number)
{
    int status;
    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        mn_free(mn_alloc(1));
        mni_fake_fail(number, number);
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = mn_alloc(LARGE);
        mni_fake_fail(0, 0);
        bool refused = observe_threads() == 1;
        for (size_t i = 0; i < BLOCKS; i++)
            EXPECT(!refused || blocks[i] != NULL);
        if (refused) {
            expect_back_by_ticks();
            expect_thread_later();
        }
        _exit(refused ? 1 : 0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 1;
}

TEST(without_a_thread_memory_comes_back_by_ticks)
{
    uint64_t number = 1;

    while (!refuse(number))
        EXPECT(++number < 100);
}

static struct mni_look look(bool everything)
{
    struct mni_look all = {.everything = everything};

    EXPECT(mni_stock_lock(&mni_stock));
    for (; all.arena < mni_stock.arena_count; all.arena++, all.word = 0)
        while (mni_arena_look(mni_stock.arenas[all.arena], &all))
            continue;
    mni_stock_unlock(&mni_stock);
    return all;
}

TEST(what_the_system_does_not_take_stays_and_is_not_tried_again)
{
    unsigned char *block = mn_alloc(SPAN);

    memset(block, 1, SPAN);
    mn_free(block);
    (void)look(false);
    (void)look(false);
    size_t before = observe_stats().untouched;
    mni_fake_fail(1, UINT64_MAX);
    EXPECT(look(false).purged == 0);
    uint64_t calls = mni_fake_calls();
    EXPECT(calls > 0);
    EXPECT(!look(false).waiting);
    EXPECT(mni_fake_calls() == calls);
    EXPECT(observe_stats().untouched == before);
    EXPECT(!mn_trim());
    mni_fake_fail(0, 0);
    EXPECT(mn_trim());
    EXPECT(observe_stats().untouched >= before + SPAN);
    EXPECT(!mn_trim());
}

/* Another look at slots. True if any were purged. */
static bool look_at_slots(void)
{
    struct mni_ages_look all = {.everything = false};

    EXPECT(mni_stock_lock(&mni_stock));
    if (mni_ages_begin(&all))
        while (!mni_ages_go_on(&all))
            continue;
    mni_stock_unlock(&mni_stock);
    return all.any;
}

TEST(slots_that_the_system_does_not_take_stay_and_are_not_tried_again)
{
    enum { SLOT = 16 * KIB, SLOTS = 9 }; /* a slab of eight, and one more */

    for (size_t i = 0; i < SLOTS; i++)
        blocks[i] = memset(mn_alloc(SLOT), 1, SLOT);
    for (size_t i = 0; i < SLOTS - 2; i++)
        mn_free(blocks[i]);
    (void)look_at_slots();
    (void)look_at_slots();
    size_t before = observe_stats().untouched;
    mni_fake_fail(1, UINT64_MAX);
    EXPECT(!look_at_slots());
    uint64_t calls = mni_fake_calls();
    EXPECT(calls > 0);
    EXPECT(!look_at_slots());
    EXPECT(mni_fake_calls() == calls);
    EXPECT(observe_stats().untouched == before);
    EXPECT(!mn_trim());
    for (size_t i = 0; i < SLOTS - 2; i++)
        blocks[i] = memset(mn_alloc(SLOT), 1, SLOT);
    mni_fake_fail(0, 0);
    for (size_t i = 0; i < SLOTS - 2; i++)
        mn_free(blocks[i]);
    EXPECT(mn_trim());
    EXPECT(observe_stats().untouched >= before + (SLOTS - 2) * (size_t)SLOT);
    EXPECT(mn_heap_check(NULL));
}

/* Refuse one call of all while a heap grows that is dense, and gets huge pages,
 * and shrinks. Returns whether there was such a call. */
static bool refuse_dense(uint64_t number)
{
    int status;
    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        mni_fake_fail(number, number);
        for (size_t i = 0; i < BLOCKS; i++) {
            blocks[i] = mn_alloc(LARGE);
            if (blocks[i] != NULL)
                memset(blocks[i], 1, LARGE);
        }
        for (size_t i = 0; i < BLOCKS; i += 2)
            mn_free(blocks[i]);
        (void)mn_trim();
        bool refused = mni_fake_calls() >= number;
        mni_fake_fail(0, 0);
        (void)observe_stats();
        EXPECT(mn_heap_check(NULL));
        _exit(refused ? 1 : 0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 1;
}

TEST(a_dense_heap_grows_and_shrinks_whatever_is_refused)
{
    uint64_t number = 1;

    while (refuse_dense(number))
        EXPECT(++number < 200);
}

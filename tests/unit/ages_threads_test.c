/* SPDX-License-Identifier: MIT */
/* Tests of the ages of slots: whole pages that nobody has used for the decay
 * time go back out of slabs that are partly used, nothing else does, and
 * whoever allocates meanwhile notices nothing. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heap/ages.h"
#include "heap/arena.h"
#include "os/os.h"
#include "observe.h"
#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    SLOT = 16 * KIB,
    SLOTS = 8, /* in a slab */
    MANY = 4096,
    SECONDS_MAX = 60 /* a machine may be busy */
};

static unsigned char *blocks[MANY];

static void take(size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        blocks[i] = mn_alloc(size);
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], (int)(i % 255) + 1, size);
    }
}

static void give(size_t i)
{
    mn_free(blocks[i]);
    blocks[i] = NULL;
}

/* What was written is still there. */
static void give_all(size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; blocks[i] != NULL && at < size; at++)
            EXPECT(blocks[i][at] == i % 255 + 1);
        give(i);
    }
    EXPECT(mn_heap_check(NULL));
}

static struct mni_ages_look look_as(bool everything, bool lazy)
{
    struct mni_ages_look look = {.everything = everything, .lazy = lazy};

    EXPECT(mni_stock_lock(&mni_stock));
    if (mni_ages_begin(&look))
        while (!mni_ages_go_on(&look))
            continue;
    mni_stock_unlock(&mni_stock);
    return look;
}

static struct mni_ages_look look(void)
{
    return look_as(false, false);
}

static size_t untouched(void)
{
    return observe_stats().untouched;
}

/* One slab that is full, and the first slot of the next one. */
static void take_slab(void)
{
    take(SLOTS + 1, SLOT);
    EXPECT(mni_map_get(blocks[0]) == mni_map_get(blocks[SLOTS - 1]));
    EXPECT(mni_map_get(blocks[0]) != mni_map_get(blocks[SLOTS]));
}

TEST(the_third_look_purges_free_slots)
{
    take_slab();
    give(1);
    give(2);
    give(6);
    size_t before = untouched();
    EXPECT(!look().any);
    EXPECT(look().waiting);
    EXPECT(untouched() == before);
    EXPECT(look().any);
    EXPECT(untouched() == before + 3 * (size_t)SLOT);
    EXPECT(!look().any);
    give_all(SLOTS + 1, SLOT);
}

TEST(looks_end_when_nothing_changes)
{
    take_slab();
    give(1);
    for (int looks = 0; look().waiting; looks++)
        EXPECT(looks < 10);
    EXPECT(!mni_ages_news());
    struct mni_ages_look none = {.lazy = false};
    EXPECT(mni_stock_lock(&mni_stock));
    EXPECT(!mni_ages_begin(&none));
    mni_stock_unlock(&mni_stock);
    give(3); /* a slab that has free slots already tells nobody */
    give(SLOTS);
    give_all(SLOTS + 1, SLOT);
}

TEST(what_becomes_free_later_has_its_own_age)
{
    take_slab();
    give(1);
    (void)look();
    give(3);
    (void)look();
    size_t before = untouched();
    EXPECT(look().any);
    EXPECT(untouched() == before + SLOT);
    EXPECT(look().any);
    EXPECT(untouched() == before + 2 * (size_t)SLOT);
    give_all(SLOTS + 1, SLOT);
}

/* So that the slab with free slots becomes current, and full again. */
static void fill_up(size_t count)
{
    size_t at = SLOTS + 1;

    while (count > 0) {
        blocks[at] = mn_alloc(SLOT);
        memset(blocks[at], (int)at + 1, SLOT);
        count -= mni_map_get(blocks[at]) == mni_map_get(blocks[0]);
        EXPECT(++at < 4 * SLOTS);
    }
}

TEST(what_was_handed_out_in_between_begins_anew)
{
    take_slab();
    give(1);
    give(2);
    (void)look();
    (void)look();
    fill_up(2);
    for (size_t i = SLOTS + 1; i < 4 * SLOTS; i++)
        if (blocks[i] != NULL
            && mni_map_get(blocks[i]) == mni_map_get(blocks[0]))
            give(i);
    size_t before = untouched();
    (void)look();
    (void)look();
    EXPECT(untouched() == before);
    give_all(4 * (size_t)SLOTS, SLOT);
}

TEST(current_slabs_are_left_alone_until_nobody_needs_them)
{
    take(SLOTS, SLOT);
    for (size_t i = 1; i < SLOTS; i++)
        give(i);
    EXPECT(mni_heap_self->bins[mni_class_of(SLOT)].current != NULL);
    for (int i = 0; i < 4; i++)
        EXPECT(!look().any);
    /* Other classes need slabs, after each of two looks. */
    mn_free(mn_alloc(3 * (size_t)KIB));
    (void)look();
    mn_free(mn_alloc(5 * (size_t)KIB));
    EXPECT(mni_heap_self->bins[mni_class_of(SLOT)].current == NULL);
    size_t before = untouched();
    for (int i = 0; i < 3; i++)
        (void)look();
    EXPECT(untouched() >= before + (SLOTS - 1) * (size_t)SLOT);
    give_all(SLOTS, SLOT);
}

TEST(an_empty_slab_that_nobody_needs_is_returned)
{
    take(3, SLOT);
    for (size_t i = 0; i < 3; i++)
        give(i);
    size_t before = observe_stats().span_count;
    (void)look();
    mn_free(mn_alloc(3 * (size_t)KIB));
    (void)look();
    mn_free(mn_alloc(5 * (size_t)KIB));
    EXPECT(observe_stats().span_count == before + 2 - 1);
}

/* A page of which no slot is out, and none that others share. */
TEST(neighbours_leave_whole_pages)
{
    enum { SIZE = 1280, COUNT = 500 };
    size_t page = mni_os_page_size();

    take(COUNT, SIZE);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 16 != 0)
            give(i);
    size_t before = untouched();
    for (int i = 0; i < 3; i++)
        (void)look();
    /* In 15 slots of 1280 bytes are 3 to 4 whole pages of 4 KiB. */
    if (page == 4 * (size_t)KIB)
        EXPECT(untouched() >= before + COUNT / 32 * 3 * page);
    EXPECT(untouched() <= before + COUNT * (size_t)SIZE);
    give_all(COUNT, SIZE);
}

TEST(small_slots_have_no_age)
{
    struct mni_layout small =
        mni_class_layout(mni_class_of(MNI_AGES_SLOT_MIN) - 1);
    struct mni_layout large = mni_class_layout(mni_class_of(MNI_AGES_SLOT_MIN));

    EXPECT(small.slot_size < MNI_AGES_SLOT_MIN);
    EXPECT(mni_ages_record_size(&small) == mni_slab_record_size(&small));
    EXPECT(mni_ages_record_size(&large) > mni_slab_record_size(&large));
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_layout layout = mni_class_layout(class);
        EXPECT(mni_ages_record_size(&layout) <= MNI_ARENA_RECORD);
    }
}

TEST(lazily_purged_slots_are_told_once)
{
    take_slab();
    give(1);
    size_t before = untouched();
    EXPECT(!look_as(false, true).any);
    EXPECT(!look_as(false, true).any);
    EXPECT(look_as(false, true).any);
    EXPECT(untouched() == before); /* it is still there */
    EXPECT(!look_as(false, true).any);
    EXPECT(look_as(true, false).any);
    EXPECT(untouched() == before + SLOT);
    give_all(SLOTS + 1, SLOT);
}

TEST(a_trim_gives_back_free_slots_at_once)
{
    enum { SIZE = 100 * KIB, COUNT = 64 };

    take(COUNT, SIZE);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 4 != 0)
            give(i);
    EXPECT(mn_trim());
    EXPECT(observe_stats().in_spans < (size_t)MIB);
    EXPECT(!mn_trim());
    give_all(COUNT, SIZE);
    (void)mn_trim();
}

TEST(cleared_memory_is_zero_whatever_was_purged)
{
    take_slab();
    for (size_t i = 1; i < SLOTS; i++)
        give(i);
    EXPECT(look_as(true, false).any);
    for (size_t i = 1; i < SLOTS; i++) {
        unsigned char *zero = mn_alloc_zero(SLOT);
        for (size_t at = 0; at < SLOT; at++)
            EXPECT(zero[at] == 0);
        mn_free(memset(zero, 1, SLOT));
    }
    give_all(SLOTS + 1, SLOT);
}

/* ---- other threads ---- */

static void *give_two(void *context)
{
    give(1);
    give(2);
    return context;
}

TEST(slots_that_others_returned_have_an_age)
{
    pthread_t thread;

    take_slab();
    EXPECT(pthread_create(&thread, NULL, give_two, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    size_t before = untouched();
    for (int i = 0; i < 3; i++)
        (void)look();
    EXPECT(untouched() == before + 2 * (size_t)SLOT);
    give_all(SLOTS + 1, SLOT);
}

static void *take_and_end(void *context)
{
    take_slab();
    give(1);
    return context;
}

TEST(what_a_thread_left_has_an_age)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, take_and_end, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    size_t before = untouched();
    for (int i = 0; i < 3; i++)
        (void)look();
    EXPECT(untouched() >= before + SLOT);
    give_all(SLOTS + 1, SLOT);
}

static pthread_barrier_t barrier;

static void *wait_twice(void *context)
{
    mn_free(mn_alloc(SLOT));
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    return context;
}

TEST(the_child_of_a_fork_has_ages_anew)
{
    pthread_t thread;
    int status;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, wait_twice, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    take(SLOTS - 1, SLOT); /* of a current slab, which is listed in the child */
    give(1);
    (void)look();
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        size_t before = untouched();
        for (int i = 0; i < 3; i++)
            (void)look();
        EXPECT(untouched() >= before + SLOT);
        give_all(SLOTS - 1, SLOT);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    (void)pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, NULL) == 0);
    give_all(SLOTS - 1, SLOT);
}

/* As if a signal handler forked that interrupted a look. */
TEST(a_child_has_a_look_that_goes_on)
{
    pthread_t thread;
    int status;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, wait_twice, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    take_slab();
    give(1);
    struct mni_slab *slab = mni_slab_cast(mni_map_get(blocks[0]));
    EXPECT(mni_slab_place(slab) == MNI_SLAB_LISTED);
    EXPECT(mni_stock_lock(&mni_stock));
    mn_atomic_store_relaxed(&mni_ages_of(slab)->state, MNI_AGES_LOOKED);
    pid_t child = fork();
    EXPECT(child >= 0);
    for (int i = 0; i < 2 * SLOTS && child == 0; i++)
        EXPECT(mni_map_get(mn_alloc(SLOT)) != &slab->span.owner);
    mn_atomic_store_relaxed(&mni_ages_of(slab)->state, MNI_AGES_IDLE);
    mni_stock_unlock(&mni_stock);
    if (child == 0) {
        give_all(SLOTS + 1, SLOT);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    (void)pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, NULL) == 0);
    give_all(SLOTS + 1, SLOT);
}

static _Atomic bool enough;

static void *look_again_and_again(void *context)
{
    while (!mn_atomic_load_relaxed(&enough))
        (void)look_as(true, false);
    return context;
}

/* Slabs come and go, and become current and listed, while they are purged. */
TEST(nothing_is_lost_while_others_look)
{
    enum { COUNT = 200, STEPS = 30000 };
    static const size_t sizes[] = {KIB, 3 * KIB, SLOT, 90 * KIB};
    static size_t asked[COUNT];
    uint64_t random = 1;
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, look_again_and_again, NULL) == 0);
    for (int step = 0; step < STEPS; step++) {
        size_t i = test_random(&random) % COUNT;
        if (blocks[i] != NULL) {
            for (size_t at = 0; at < asked[i]; at += KIB / 2)
                EXPECT(blocks[i][at] == i % 255 + 1);
            give(i);
            continue;
        }
        asked[i] = sizes[test_random(&random) % 4];
        blocks[i] = mn_alloc(asked[i]);
        EXPECT(blocks[i] != NULL);
        for (size_t at = 0; at < asked[i]; at += KIB / 2)
            blocks[i][at] = (unsigned char)(i % 255 + 1);
    }
    mn_atomic_store_relaxed(&enough, true);
    EXPECT(pthread_join(thread, NULL) == 0);
    for (size_t i = 0; i < COUNT; i++)
        give(i);
    EXPECT(mn_heap_check(NULL));
}

/* ---- the thread of the purge ---- */

static void nap(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000,
                            (long)(milliseconds % 1000) * 1000000};

    while (nanosleep(&time, &time) != 0)
        continue;
}

/* 64 MiB, of which one block in eight stays. */
TEST(free_slots_come_back_while_the_program_sleeps)
{
    take(MANY, SLOT);
    size_t before = untouched();
    for (size_t i = 0; i < MANY; i++)
        if (i % SLOTS != 0)
            give(i);
    for (int tenths = 0; untouched() < before + 50 * (size_t)MIB; tenths++) {
        EXPECT(tenths < 10 * SECONDS_MAX);
        nap(100);
    }
    give_all(MANY, SLOT);
}

TEST(what_is_younger_than_the_decay_time_stays)
{
    take(MANY, SLOT);
    /* What was free before goes; and looks are under way. */
    for (int i = 0; i < 30; i++) {
        mn_free(mn_alloc(9 * (size_t)MIB));
        nap(100);
    }
    uint64_t start = mni_os_now();
    size_t before = untouched();
    for (size_t i = 0; i < MANY; i++)
        if (i % SLOTS != 0)
            give(i);
    for (;;) {
        size_t now = untouched();
        if (mni_os_now() - start > 900000000)
            break;
        EXPECT(now < before + 2 * (size_t)MIB);
        nap(20);
    }
    give_all(MANY, SLOT);
}

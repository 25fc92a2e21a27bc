/* SPDX-License-Identifier: MIT */
/* Tests of os/lock.h: one thread at a time, nobody sleeps for ever, and a
 * handler that interrupts the holder is told so at whatever instruction. */
#include "os/lock.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "test.h"

enum { THREADS = 4, ROUNDS = 20000, SECONDS_OF_STORM = 2 };

static struct mni_lock lock = {.order = MNI_LOCK_STOCK};
static struct mni_lock outer = {.order = MNI_LOCK_COMMON};
static long guarded;

static void *count_under_lock(void *context)
{
    (void)context;
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(mni_lock_enter(&lock));
        guarded++;
        mni_lock_leave(&lock);
    }
    return NULL;
}

TEST(one_thread_at_a_time_holds_the_lock)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, count_under_lock, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(guarded == (long)THREADS * ROUNDS);
}

static void *hold_for_a_moment(void *context)
{
    (void)context;
    EXPECT(mni_lock_enter(&lock));
    usleep(1000);
    guarded++;
    mni_lock_leave(&lock);
    return NULL;
}

TEST(threads_that_wait_are_woken_one_after_the_other)
{
    pthread_t threads[2 * THREADS];

    for (int i = 0; i < 2 * THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, hold_for_a_moment, NULL) == 0);
    for (int i = 0; i < 2 * THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(guarded == 2 * THREADS);
}

TEST(the_holder_is_told_that_it_holds_the_lock)
{
    EXPECT(mni_lock_enter(&lock));
    EXPECT(!mni_lock_enter(&lock));
    EXPECT(!mni_lock_enter(&lock));
    mni_lock_leave(&lock);
    EXPECT(mni_lock_enter(&lock));
    mni_lock_leave(&lock);
}

static pthread_barrier_t barrier;

static void *hold_the_outer_one(void *context)
{
    EXPECT(mni_lock_enter(&outer));
    (void)pthread_barrier_wait(&barrier);
    EXPECT(mni_lock_enter(&lock));
    mni_lock_leave(&lock);
    mni_lock_leave(&outer);
    return context;
}

/* As if a signal handler asked that interrupted the holder. */
TEST(nobody_waits_against_the_order)
{
    pthread_t thread;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(mni_lock_enter(&lock));
    EXPECT(mni_lock_enter(&outer));
    EXPECT(mni_lock_is_mine(&outer));
    mni_lock_leave(&outer);
    EXPECT(pthread_create(&thread, NULL, hold_the_outer_one, NULL) == 0);
    (void)pthread_barrier_wait(&barrier);
    EXPECT(!mni_lock_enter(&outer));
    EXPECT(!mni_lock_is_mine(&outer));
    EXPECT(!mni_lock_enter_to_fork(&outer, mni_lock_orders()));
    mni_lock_leave(&lock);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(mni_lock_orders() == 0);
}

/* Two of one order, left in either order. */
TEST(a_fork_takes_many_locks_of_one_order)
{
    struct mni_lock second = {.order = MNI_LOCK_STOCK};

    for (int i = 0; i < 2; i++) {
        EXPECT(mni_lock_enter_beside(&lock, 0));
        EXPECT(mni_lock_enter_beside(&second, 0));
        EXPECT(mni_lock_orders() == UINT32_C(1) << MNI_LOCK_STOCK);
        mni_lock_leave(i == 0 ? &lock : &second);
        mni_lock_leave(i == 0 ? &second : &lock);
        EXPECT(mni_lock_orders() == 0);
    }
}

static void *hold_for_ever(void *context)
{
    EXPECT(mni_lock_enter(&lock));
    return context;
}

TEST(after_a_fork_locks_of_others_are_free)
{
    pthread_t thread;

    EXPECT(mni_lock_enter(&outer));
    EXPECT(pthread_create(&thread, NULL, hold_for_ever, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(!mni_lock_after_fork(&outer));
    EXPECT(mni_lock_is_mine(&outer));
    EXPECT(mni_lock_after_fork(&lock));
    EXPECT(mni_lock_enter(&lock));
    mni_lock_leave(&lock);
    mni_lock_leave(&outer);
}

static volatile sig_atomic_t handled;
static volatile sig_atomic_t refused;

static void enter_in_handler(int signal)
{
    (void)signal;
    handled++;
    if (mni_lock_enter(&lock)) {
        guarded++;
        mni_lock_leave(&lock);
    } else {
        refused++;
    }
}

static void storm(bool begin)
{
    struct itimerval every = {{0, begin ? 20 : 0}, {0, begin ? 20 : 0}};

    (void)signal(SIGALRM, begin ? enter_in_handler : SIG_IGN);
    EXPECT(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

/* A handler that waited for what its own thread holds would never return, and
 * the test would be ended by its time limit. */
TEST(a_handler_is_never_left_waiting_for_its_own_thread)
{
    struct timespec end;
    struct timespec now;
    long entered = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += SECONDS_OF_STORM;
    storm(true);
    do {
        for (int i = 0; i < ROUNDS; i++) {
            EXPECT(mni_lock_enter(&lock));
            entered++;
            mni_lock_leave(&lock);
        }
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end.tv_sec || now.tv_nsec < end.tv_nsec);
    storm(false);
    EXPECT(handled > 0 && entered > 0);
    EXPECT(guarded == handled - refused);
}

static void *enter_until_told(void *stop)
{
    while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
        if (mni_lock_enter(&lock))
            mni_lock_leave(&lock);
    }
    return NULL;
}

TEST(handlers_and_threads_share_a_lock)
{
    static bool stop;
    pthread_t threads[2];
    sigset_t alarm;

    (void)sigemptyset(&alarm);
    (void)sigaddset(&alarm, SIGALRM);
    (void)pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    for (int i = 0; i < 2; i++)
        EXPECT(pthread_create(&threads[i], NULL, enter_until_told, &stop) == 0);
    (void)pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    storm(true);
    for (int i = 0; i < 20 * ROUNDS; i++) {
        EXPECT(mni_lock_enter(&lock));
        mni_lock_leave(&lock);
    }
    storm(false);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

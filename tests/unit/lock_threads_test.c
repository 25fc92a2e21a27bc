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

static struct mni_lock lock;
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

TEST(a_reset_lock_is_free)
{
    EXPECT(mni_lock_enter(&lock));
    mni_lock_reset(&lock);
    EXPECT(mni_lock_enter(&lock));
    mni_lock_leave(&lock);
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

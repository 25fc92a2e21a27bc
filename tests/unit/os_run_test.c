/* SPDX-License-Identifier: MIT */
/* Tests of threads of our own: the purge, checks on demand and the markers of
 * collectors may all be there at a time. */
#include "base/atomic.h"
#include "os/os.h"
#include "test.h"

static _Atomic uint32_t ran;

static void note(uint32_t bit)
{
    (void)mn_atomic_add_relaxed(&ran, bit);
    mni_os_wake(&ran);
}

static void run_first(void)
{
    note(1);
}

static void run_second(void)
{
    note(2);
}

static void run_third(void)
{
    note(4);
}

TEST(three_functions_run_in_threads_of_their_own)
{
    uint32_t seen;

    EXPECT(mni_os_start_thread(run_first));
    EXPECT(mni_os_start_thread(run_second));
    EXPECT(mni_os_start_thread(run_third));
    while ((seen = mn_atomic_load_relaxed(&ran)) != 7)
        mni_os_wait(&ran, seen, 1000000);
}

TEST(a_function_runs_in_many_threads)
{
    enum { MANY = 20 };
    uint32_t seen;

    for (int i = 0; i < MANY; i++)
        EXPECT(mni_os_start_thread(run_first));
    while ((seen = mn_atomic_load_relaxed(&ran)) != MANY)
        mni_os_wait(&ran, seen, 1000000);
}

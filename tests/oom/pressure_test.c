/* SPDX-License-Identifier: MIT */
/* Tests of the option pressure: what would be kept for an hour goes back when
 * memory is scarce, and not before. */
#include <mn/heap.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heap/options.h"
#include "observe.h"
#include "os/os_fake.h"
#include "test.h"

enum {
    MIB = 1024 * 1024,
    SPAN = 24 * MIB, /* of which on there is a thread */
    KEPT = 2 * MIB,  /* by the thread that released it */
    PRESSURE = 20
};

/* Options are read by a constructor of the library, which is linked later. */
__attribute__((constructor(101))) static void pressure_options(void)
{
    (void)setenv("MNEME", "pressure=20,decay=3600000", 1);
}

static size_t untouched(void)
{
    return observe_stats().untouched;
}

static void wait_for(int tenths)
{
    struct timespec time = {tenths / 10, tenths % 10 * 100000000};

    (void)nanosleep(&time, NULL);
}

static void free_all(void)
{
    void *span = mn_alloc(SPAN);
    void *kept = mn_alloc(KEPT);

    EXPECT(span != NULL && kept != NULL);
    memset(span, 1, SPAN);
    memset(kept, 1, KEPT);
    mn_free(span);
    mn_free(kept);
}

TEST(what_is_free_goes_back_from_that_pressure_on)
{
    EXPECT(mni_option(MNI_OPTION_PRESSURE) == PRESSURE);
    mni_fake_pressure(PRESSURE - 1);
    free_all();
    EXPECT(observe_threads() == 2);
    size_t before = untouched();
    wait_for(25);
    EXPECT(untouched() == before);
    mni_fake_pressure(PRESSURE);
    for (int tenths = 0; untouched() < before + SPAN + KEPT; tenths++) {
        EXPECT(tenths < 200);
        wait_for(1);
    }
    /* And what is freed then, at the next look. */
    before = untouched();
    free_all();
    for (int tenths = 0; untouched() < before; tenths++) {
        EXPECT(tenths < 200);
        wait_for(1);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(a_child_is_pressed_too)
{
    int status;
    pid_t child;

    mni_fake_pressure(0);
    free_all();
    child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        free_all();
        size_t before = untouched();
        mni_fake_pressure(100);
        for (int tenths = 0; untouched() < before + SPAN; tenths++) {
            EXPECT(tenths < 200);
            wait_for(1);
        }
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
}

/* The real one has files of this machine to read, or none. */
TEST(the_system_tells_hundredths)
{
    EXPECT(mni_os_pressure() <= 100);
}

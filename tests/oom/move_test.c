/* SPDX-License-Identifier: MIT */
/* Tests of movers without memory: each call of the system fails in turn, or all
 * of them from some point on. What is refused is a handle of nothing; every
 * block is as it was, and compaction goes on. */
#include <mn/shared_mover.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os_fake.h"
#include "test.h"

enum { COUNT = 3000, SIZE = 8 << 20, LARGEST = 2000, CALLS_MIN = 20 };

static struct mn_mover mover;
static struct mn_handle handle[COUNT];
static size_t sizes[COUNT];
static size_t refused;
static uint64_t state;

static void expect_blocks(void)
{
    EXPECT(mn_mover_check(&mover));
    for (size_t i = 0; i < COUNT; i++) {
        if (handle[i].bits == 0)
            continue;
        MN_PIN(pin, &mover, handle[i]);
        const unsigned char *at = pin.at;
        EXPECT(mn_mover_size(&mover, handle[i]) == sizes[i]);
        EXPECT(at[0] == (unsigned char)i && at[sizes[i] - 1] == at[0]);
    }
}

static void fill(size_t i)
{
    MN_PIN(pin, &mover, handle[i]);
    memset(pin.at, (int)i, sizes[i]);
}

static void make(size_t i)
{
    size_t size = 1 + test_random(&state) % LARGEST;

    handle[i] = mn_mover_alloc(&mover, size, NULL);
    sizes[i] = size;
    if (handle[i].bits != 0)
        fill(i);
    else
        refused++;
}

static void change(size_t i)
{
    size_t size = 1 + test_random(&state) % LARGEST;

    if (handle[i].bits == 0)
        return;
    if (test_random(&state) % 8 != 0) {
        mn_mover_free(&mover, handle[i]);
        handle[i].bits = 0;
    } else if (mn_mover_resize(&mover, handle[i], size) == MN_OK) {
        sizes[i] = size;
        fill(i);
    } else {
        refused++;
    }
}

static void compact(void)
{
    while (mn_mover_step(&mover, NULL, 1 << 16))
        ;
}

/* False if the system refuses the mover. */
static bool run(void)
{
    struct mn_mover_options options = {.memory_size = SIZE, .count_max = COUNT};

    state = 9;
    refused = 0;
    if (mn_mover_create(&mover, &options) != MN_OK)
        return false;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++)
            if (handle[i].bits == 0)
                make(i);
        expect_blocks();
        for (size_t i = 0; i < COUNT; i++)
            change(i);
        compact();
        expect_blocks();
    }
    for (size_t i = 0; i < COUNT; i++) {
        mn_mover_free(&mover, handle[i]);
        handle[i].bits = 0;
    }
    compact();
    EXPECT(mn_mover_check(&mover));
    mn_mover_finish(&mover);
    return true;
}

/* In a process of its own, since what failed once may be there afterwards. */
static void run_apart(uint64_t first, uint64_t last)
{
    pid_t child = fork();
    int status = 0;

    EXPECT(child >= 0);
    if (child == 0) {
        mni_fake_fail(first, last);
        (void)run();
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static uint64_t calls(void)
{
    mni_fake_fail(0, 0);
    EXPECT(run());
    return mni_fake_calls();
}

TEST(each_call_of_the_system_may_fail_alone)
{
    uint64_t count = calls();

    EXPECT(count >= CALLS_MIN && refused == 0);
    for (uint64_t call = 1; call <= count; call++)
        run_apart(call, call);
}

TEST(all_calls_of_the_system_may_fail_from_some_point_on)
{
    uint64_t count = calls();

    for (uint64_t call = 1; call <= count; call++)
        run_apart(call, UINT64_MAX);
}

TEST(what_was_refused_is_there_later)
{
    struct mn_mover_options options = {.memory_size = SIZE, .count_max = COUNT};

    EXPECT(mn_mover_create(&mover, &options) == MN_OK);
    mni_fake_fail(1, UINT64_MAX);
    make(0);
    EXPECT(refused == 1 && mn_mover_check(&mover));
    mni_fake_fail(0, 0);
    make(0);
    EXPECT(handle[0].bits != 0);
    expect_blocks();
}

TEST(a_shared_mover_that_is_refused_is_none)
{
    static struct mn_shared_mover shared;
    struct mn_mover_options options = {.memory_size = SIZE, .count_max = COUNT};

    mni_fake_fail(1, UINT64_MAX);
    EXPECT(mn_shared_mover_init(&shared, &options) == MN_ERR_NOMEM);
    mni_fake_fail(0, 0);
    EXPECT(mn_shared_mover_init(&shared, &options) == MN_OK);
    mn_shared_mover_finish(&shared);
}

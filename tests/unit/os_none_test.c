/* SPDX-License-Identifier: MIT */
/* Tests of os_none.c: first its contract, then heaps on nothing but a buffer.
 * The functions defined here stand in for those of the system. */
#include "os/os_none.c"

#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, SIZE = 64 * MIB, LIVE = 300 };

static _Alignas(64 * KIB) unsigned char buffer[SIZE + 100];

static void stop(const char *line, size_t length)
{
    (void)!write(STDERR_FILENO, line, length);
    abort();
}

static void setup(void)
{
    mni_none_give(buffer, SIZE);
    mni_none_at_stop(stop);
}

static bool inside(const void *address, size_t size)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)buffer;

    return offset < SIZE && size <= SIZE - offset;
}

TEST(reserved_ranges_are_aligned_apart_and_zero)
{
    unsigned char *ranges[64];

    setup();
    memset(buffer, 0xff, sizeof buffer);
    for (size_t i = 0; i < 64; i++) {
        size_t align = (size_t)4 * KIB << i % 5;
        ranges[i] = mni_os_reserve((i + 1) * 4 * KIB, align, MN_PERM_NONE);
        EXPECT(inside(ranges[i], (i + 1) * 4 * KIB));
        EXPECT((uintptr_t)ranges[i] % align == 0);
        EXPECT(ranges[i][0] == 0);
        EXPECT(memcmp(ranges[i], ranges[i] + 1, (i + 1) * 4 * KIB - 1) == 0);
        memset(ranges[i], (int)i + 1, (i + 1) * 4 * KIB);
    }
    for (size_t i = 0; i < 64; i++)
        EXPECT(ranges[i][0] == i + 1
               && ranges[i][(i + 1) * 4 * KIB - 1] == i + 1);
    for (size_t i = 0; i < 64; i++)
        mni_os_release(ranges[i], (i + 1) * 4 * KIB);
    void *all = mni_os_reserve(SIZE, 4 * KIB, MN_PERM_NONE);
    EXPECT(all == buffer);
    EXPECT(mni_os_reserve(4 * KIB, 4 * KIB, MN_PERM_NONE) == NULL);
}

TEST(what_the_buffer_does_not_hold_is_refused)
{
    setup();
    EXPECT(mni_os_reserve(SIZE + 4 * KIB, 4 * KIB, MN_PERM_NONE) == NULL);
    EXPECT(mni_os_reserve((size_t)1 << 62, 4 * KIB, MN_PERM_NONE) == NULL);
    EXPECT(mni_os_reserve(4 * KIB, (size_t)1 << 62, MN_PERM_NONE) == NULL);
    EXPECT(mni_os_reserve(SIZE, 4 * KIB, MN_PERM_NONE) != NULL);
}

TEST(a_heap_runs_in_the_buffer)
{
    static unsigned char *blocks[LIVE];
    static size_t sizes[LIVE];
    uint64_t random = 3;
    size_t refused = 0;
    struct mn_stats stats;

    setup();
    for (int i = 0; i < 50000; i++) {
        size_t n = test_random(&random) % LIVE;
        if (blocks[n] != NULL) {
            EXPECT(sizes[n] == 0
                   || (blocks[n][0] == (unsigned char)n
                       && memcmp(blocks[n], blocks[n] + 1, sizes[n] - 1) == 0));
            mn_free(blocks[n]);
        }
        sizes[n] = test_random(&random) % 50 == 0 ? random % (400 * KIB)
                                                  : random % 3000;
        blocks[n] = mn_alloc(sizes[n]);
        if (blocks[n] == NULL) {
            refused++;
            continue;
        }
        EXPECT(inside(blocks[n], sizes[n]));
        memset(blocks[n], (int)n, sizes[n]);
    }
    EXPECT(refused < 50000 / 100);
    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_stats(&stats) && stats.committed <= SIZE);
    EXPECT_STOPS(mn_free(buffer + 1), "mneme: free of 0x");
    EXPECT_STOPS((mn_free(blocks[0]), mn_free(blocks[0])), "mneme: free of 0x");
}

TEST(a_full_buffer_is_null_and_goes_on)
{
    static void *blocks[SIZE / (10 * KIB)];
    size_t count = 0;

    setup();
    for (int round = 0; round < 3; round++) {
        count = 0;
        while ((blocks[count] = mn_alloc(10 * KIB)) != NULL)
            count++;
        EXPECT(count * 10 * KIB > SIZE / 2);
        EXPECT(mn_alloc(MIB) == NULL);
        EXPECT(mn_heap_check(NULL));
        while (count > 0)
            mn_free(blocks[--count]);
        EXPECT(mn_heap_check(NULL));
    }
}

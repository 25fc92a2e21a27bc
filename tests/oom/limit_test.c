/* SPDX-License-Identifier: MIT */
/* Tests of heaps where the system gives a process few addresses: most of them
 * reach the program, and the end of them is NULL. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, BLOCKS = 120000 };

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 }; /* which needs more addresses than any limit */
#else
enum { SANITIZED = 0 };
#endif

static unsigned char *blocks[BLOCKS];

/* Bytes of addresses that the process takes up now. */
static size_t size_now(void)
{
    char text[100] = "";
    FILE *file = fopen("/proc/self/statm", "r");

    EXPECT(file != NULL && fgets(text, sizeof text, file) != NULL);
    (void)fclose(file);
    return (size_t)strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void limit_to(size_t size)
{
    struct rlimit limit = {size_now() + size, size_now() + size};

    EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* Allocate blocks of the size until there are none; how many there were. */
static size_t exhaust(size_t size)
{
    size_t count = 0;

    while (count < BLOCKS && (blocks[count] = mn_alloc(size)) != NULL) {
        memset(blocks[count], (int)count % 255 + 1, size);
        count++;
    }
    return count;
}

static void expect_all(size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        EXPECT(blocks[i][0] == i % 255 + 1
               && memcmp(blocks[i], blocks[i] + 1, size - 1) == 0);
}

static void fill_and_empty(size_t limit, size_t size)
{
    struct mn_stats stats;
    size_t count = exhaust(size);

    EXPECT(count < BLOCKS);
    EXPECT(count * size > limit / 2);
    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_realloc(blocks[0], limit) == NULL);
    EXPECT(mn_alloc_zero(limit) == NULL);
    EXPECT(mn_alloc_aligned(limit / 2, 1 * MIB) == NULL);
    EXPECT(mn_stats(&stats) && stats.block_count == count);
    expect_all(count, size);
    for (size_t i = 0; i < count; i++)
        mn_free(blocks[i]);
    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_stats(&stats) && stats.block_count == 0);
}

static void in_limit(size_t limit)
{
    if (SANITIZED)
        return;
    limit_to(limit);
    for (int round = 0; round < 3; round++) {
        fill_and_empty(limit, 16 * KIB);
        fill_and_empty(limit, MIB);
        fill_and_empty(limit, 1000 * (size_t)round + 5000);
    }
}

TEST(a_limit_of_512_mib_is_used_well)
{
    in_limit((size_t)512 * MIB);
}

TEST(a_limit_of_256_mib_is_used_well)
{
    in_limit((size_t)256 * MIB);
}

TEST(a_limit_of_64_mib_is_used_well)
{
    in_limit((size_t)64 * MIB);
}

TEST(a_limit_of_16_mib_is_used_well)
{
    in_limit((size_t)16 * MIB);
}

TEST(no_addresses_at_all_is_null)
{
    if (SANITIZED)
        return;
    limit_to(0);
    EXPECT(mn_alloc(10) == NULL);
    EXPECT(mn_alloc(MIB) == NULL);
    EXPECT(mn_alloc_zero(10) == NULL);
    EXPECT(mn_alloc_aligned(10, 64) == NULL);
    EXPECT(mn_heap_create(NULL) == NULL);
    EXPECT(!mn_trim());
    EXPECT(mn_heap_check(NULL));
}

TEST(a_limit_that_comes_later_is_kept_as_well)
{
    if (SANITIZED)
        return;
    void *early = mn_alloc(100);
    limit_to(0);
    size_t count = exhaust(MIB);
    EXPECT(count > 10); /* of what was reserved before */
    expect_all(count, MIB);
    while (count > 0)
        mn_free(blocks[--count]);
    mn_free(early);
    EXPECT(mn_heap_check(NULL));
}

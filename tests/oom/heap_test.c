/* SPDX-License-Identifier: MIT */
/* Tests of heaps without memory: each call of the system fails in turn, in a
 * process of its own. Whatever then is refused, everything else is as it was,
 * and when the system gives memory again all works. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/stock.h"
#include "os/os_fake.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, BLOCKS = 64, CALLS_MIN = 30 };

/* What the process has; a size is kept exactly, and a byte fills it. */
static struct {
    unsigned char *start[BLOCKS];
    size_t size[BLOCKS];
    size_t count;
    size_t refused;
} out;

static void expect_filled(size_t n)
{
    const unsigned char *start = out.start[n];

    if (out.size[n] == 0)
        return;
    EXPECT(start[0] == (unsigned char)(n + 1));
    EXPECT(memcmp(start, start + 1, out.size[n] - 1) == 0);
}

static void expect_intact(void)
{
    struct mn_stats stats;

    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_stats(&stats));
    EXPECT(stats.block_count == out.count);
    EXPECT(stats.reserved == mni_fake_reserved());
    for (size_t n = 0; n < out.count; n++) {
        EXPECT(mn_usable_size(out.start[n]) >= out.size[n]);
        expect_filled(n);
    }
}

static void enter(void *block, size_t size)
{
    if (block == NULL) {
        out.refused++;
        return;
    }
    EXPECT(out.count < BLOCKS);
    out.start[out.count] = block;
    out.size[out.count] = size;
    memset(block, (int)out.count + 1, size);
    out.count++;
}

static void free_last(void)
{
    if (out.count > 0) {
        expect_filled(out.count - 1);
        mn_free(out.start[--out.count]);
    }
}

static void realloc_last(size_t size)
{
    if (out.count == 0)
        return;
    size_t n = out.count - 1;
    unsigned char *block = mn_realloc(out.start[n], size);
    if (block == NULL) {
        out.refused++;
        return;
    }
    out.start[n] = block;
    out.size[n] = out.size[n] < size ? out.size[n] : size;
    expect_filled(n);
    out.size[n] = size;
    memset(block, (int)n + 1, size);
}

/* ---- what is tried ---- */

static void try_sizes(void)
{
    static const size_t sizes[] = {0,         16,        1000, 5000,
                                   100 * KIB, 256 * KIB, MIB,  3 * MIB};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        enter(mn_alloc(sizes[i]), sizes[i]);
        unsigned char *zero = mn_alloc_zero(sizes[i]);
        for (size_t k = 0; zero != NULL && k < sizes[i]; k += 61)
            EXPECT(zero[k] == 0);
        enter(zero, sizes[i]);
    }
}

static void try_aligned(void)
{
    for (size_t align = 16; align <= 4 * MIB; align *= 8) {
        void *block = mn_alloc_aligned(align / 2 + 1, align);
        EXPECT((uintptr_t)block % align == 0);
        enter(block, align / 2 + 1);
    }
}

static void try_realloc(void)
{
    enter(mn_alloc(100), 100);
    for (size_t size = 100; size < 20 * MIB; size *= 3)
        realloc_last(size);
    realloc_last(MIB);
    realloc_last(10);
    if (out.count > 0 && mn_resize(out.start[out.count - 1], 5))
        out.size[out.count - 1] = 5;
}

static void try_heap(void)
{
    struct mn_heap *heap = mn_heap_create(NULL);

    if (heap == NULL) {
        out.refused++;
        return;
    }
    for (size_t size = 16; size < 4 * MIB; size *= 4) {
        unsigned char *block = mn_heap_alloc(heap, size);
        if (block == NULL)
            out.refused++;
        else
            memset(block, 1, size);
    }
    EXPECT(mn_heap_check(heap));
    mn_heap_destroy(heap);
}

static void *in_thread(void *context)
{
    (void)context;
    for (size_t size = 16; size < 2 * MIB; size *= 4) {
        unsigned char *block = mn_alloc(size);
        if (block == NULL) {
            __atomic_fetch_add(&out.refused, 1, __ATOMIC_RELAXED);
            continue;
        }
        memset(block, 1, size);
        mn_free(block);
    }
    return NULL;
}

static void try_thread(void)
{
    pthread_t thread;

    for (int i = 0; i < 2; i++) {
        EXPECT(pthread_create(&thread, NULL, in_thread, NULL) == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
}

static void try_trim(void)
{
    free_last();
    free_last();
    (void)mn_trim();
}

static void try_fork(void)
{
    int status;
    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        expect_intact();
        enter(mn_alloc(50), 50);
        enter(mn_alloc(2 * MIB), 2 * MIB);
        expect_intact();
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
}

static void (*const tries[])(void) = {
    try_sizes,  try_aligned, try_realloc, try_heap,
    try_thread, try_trim,    try_sizes,   try_fork,
};

enum { TRIES = sizeof tries / sizeof *tries };

/* Records of Mneme's own are known to the map, whatever failed at first. */
static void expect_records_are_known(void)
{
    struct mn_heap *heap = mn_heap_create(NULL);
    struct mn_block block;

    EXPECT(heap != NULL);
    EXPECT(mn_block_at(heap, &block));
    EXPECT(block.state == MN_RESERVED);
    mn_heap_destroy(heap);
}

/* In a fresh process, run all tries while calls first to last fail. True if
 * all calls came before `first`. */
static bool run(uint64_t first, uint64_t last)
{
    pid_t child = fork();
    int status;

    EXPECT(child >= 0);
    if (child == 0) {
        mni_stock.next_size = MIB; /* so that there are several arenas */
        mni_fake_fail(first, last);
        for (int i = 0; i < TRIES; i++) {
            tries[i]();
            expect_intact();
        }
        bool over = mni_fake_calls() < first;
        EXPECT(!over || out.refused == 0);
        mni_fake_fail(0, 0);
        out.refused = 0;
        while (out.count > BLOCKS / 4)
            free_last();
        for (int i = 0; i < TRIES - 1 && out.count < BLOCKS / 2; i++)
            tries[i]();
        EXPECT(out.refused == 0);
        expect_records_are_known();
        expect_intact();
        while (out.count > 0)
            free_last();
        (void)mn_trim();
        expect_intact();
        _exit(over ? 1 : 0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0 || status == 1 << 8);
    return status != 0;
}

TEST(one_refusal_leaves_all_as_it_was)
{
    uint64_t first = 1;

    while (!run(first, first))
        first++;
    EXPECT(first > CALLS_MIN);
}

TEST(refusals_from_one_moment_on_leave_all_as_it_was)
{
    uint64_t first = 1;

    while (!run(first, UINT64_MAX))
        first++;
    EXPECT(first > CALLS_MIN);
}

TEST(what_threads_keep_serves_when_the_system_refuses)
{
    void *blocks[4];

    for (int i = 0; i < 4; i++)
        blocks[i] = mn_alloc(2 * MIB);
    for (int i = 0; i < 4; i++)
        mn_free(blocks[i]);
    mni_fake_fail(1, UINT64_MAX);
    void *block = mn_alloc(8 * MIB);
    EXPECT(block != NULL);
    EXPECT(mn_alloc(32 * MIB) == NULL);
    EXPECT(mn_heap_check(NULL));
    mn_free(block);
    mni_fake_fail(0, 0);
}

TEST(pages_of_64_kib_serve_as_well)
{
    mni_fake_page_size((size_t)64 * KIB);
    for (uint64_t first = 1; !run(first, first + 1); first += 3)
        continue;
}

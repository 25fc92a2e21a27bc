/* SPDX-License-Identifier: MIT */
/* Guards stacked over a tiled region on a bare processor: limit, red zones,
 * quarantine, count, trace and a lock of the program's own, in 8 KiB. */
#include <mn/guard.h>

#include "arena.h"
#include "test.h"

enum {
    TILED_SIZE = 6144,
    CONTROL_SIZE = 1024,
    HARD = 1000,
    WIDTH = 8,
    WAITING = 300,
    HELD = 12,
    STEPS = 1500
};

_Static_assert(TILED_SIZE + 2 * CONTROL_SIZE <= ARENA_SIZE, "all is in there");

static struct arena arena;
static struct mn_limit limit;
static struct mn_redzone redzone;
static struct mn_quarantine quarantine;
static struct mn_count count;
static struct mn_trace trace;
static struct mn_lock lock;
static struct mn_region *const top = &lock.region;

static unsigned locked, locks; /* now, and ever */
static size_t traced[3];

static void acquire(void *context)
{
    EXPECT(context == &locks && locked == 0);
    locked++;
    locks++;
}

static void release(void *context)
{
    EXPECT(context == &locks && locked == 1);
    locked--;
}

static void hear(const struct mn_trace_event *event, void *context)
{
    EXPECT(context == traced && locked == 1);
    traced[event->op] += event->op == MN_TRACE_FREE || event->done;
}

static void setup(void)
{
    EXPECT(mn_guard_control_size(2 * HELD) <= CONTROL_SIZE);
    EXPECT(arena_tiled(&arena, TILED_SIZE, &mn_tlsf, 1));
    mn_limit_init(&limit, arena.region, HARD / 2, HARD);
    EXPECT(mn_redzone_init(&redzone, &limit.region, WIDTH,
                           arena_bytes + TILED_SIZE, CONTROL_SIZE)
           == MN_OK);
    EXPECT(mn_quarantine_init(&quarantine, &redzone.region, WAITING,
                              arena_bytes + TILED_SIZE + CONTROL_SIZE,
                              CONTROL_SIZE)
           == MN_OK);
    mn_count_init(&count, &quarantine.region);
    mn_trace_init(&trace, &count.region, hear, traced);
    EXPECT(mn_lock_init(&lock, &trace.region, acquire, release, &locks)
           == MN_OK);
}

TEST(operations_pass_through_all_guards)
{
    setup();
    unsigned char *block = mn_region_alloc(top, 100, 32);
    EXPECT(block != NULL && (uintptr_t)block % 32 == 0);
    EXPECT(mn_limit_size(&limit) >= 100 + 2 * WIDTH);
    EXPECT(count.out.size == 100 && count.out.block_count == 1);
    EXPECT(mn_region_alloc(top, HARD, 1) == NULL);
    EXPECT(count.failure_count == 1);
    mn_region_free(top, block);
    EXPECT(count.out.size == 0 && count.out_max.size == 100);
    EXPECT(mn_limit_size(&limit) > 0); /* it waits */
    mn_quarantine_flush(&quarantine);
    EXPECT(mn_limit_size(&limit) == 0);
    EXPECT(traced[MN_TRACE_ALLOC] == 1 && traced[MN_TRACE_FREE] == 1);
    EXPECT(locks == 3 && locked == 0);
    EXPECT(mn_region_check(top));
}

/* Without the lock: a stop would hold it for ever. */
static struct mn_region *const unlocked = &quarantine.region;

TEST(writes_beyond_a_block_stop_the_program)
{
    setup();
    unsigned char *block = mn_region_alloc(unlocked, 20, 1);
    EXPECT(block != NULL);
    block[20] ^= 1;
    EXPECT(!mn_region_check(unlocked));
    EXPECT(mn_region_examine(unlocked, block) == MN_ERR_CORRUPTED);
    EXPECT_STOPS(mn_region_resize(unlocked, block, 8),
                 "red zone was written at offset 20");
    block[20] ^= 1;
    EXPECT(mn_region_check(unlocked));
    mn_region_free(unlocked, block);
}

TEST(use_and_release_after_free_stop_the_program)
{
    setup();
    unsigned char *block = mn_region_alloc(unlocked, 20, 1);
    EXPECT(block != NULL);
    mn_region_free(unlocked, block);
    EXPECT_STOPS(mn_region_free(unlocked, block), "already free");
    block[3] ^= 1;
    EXPECT(!mn_region_check(unlocked));
    EXPECT_STOPS(mn_quarantine_flush(&quarantine),
                 "written after free at offset 3");
}

static void step(unsigned char *held[HELD], size_t size[HELD], uint64_t *state)
{
    size_t n = (size_t)((uint32_t)test_random(state) % HELD);

    if (held[n] == NULL) {
        size[n] = 1 + (size_t)((uint32_t)test_random(state) % 150);
        held[n] = mn_region_alloc(top, size[n], 1);
        if (held[n] != NULL)
            __builtin_memset(held[n], (int)n, size[n]);
        return;
    }
    for (size_t at = 0; at < size[n]; at++)
        EXPECT(held[n][at] == n);
    mn_region_free(top, held[n]);
    held[n] = NULL;
}

TEST(random_run_keeps_content_and_counts)
{
    unsigned char *held[HELD] = {NULL};
    size_t size[HELD];
    uint64_t state = 5;

    setup();
    for (unsigned i = 0; i < STEPS; i++) {
        step(held, size, &state);
        EXPECT(mn_limit_size(&limit) <= HARD);
        EXPECT(i % 16 != 0 || mn_region_check(top));
    }
    for (size_t n = 0; n < HELD; n++)
        mn_region_free(top, held[n]);
    mn_quarantine_flush(&quarantine);
    EXPECT(mn_region_check(top) && locked == 0);
    EXPECT(count.out.size == 0 && mn_limit_size(&limit) == 0);
    EXPECT(arena_block_count(&arena) == 1);
    EXPECT(count.failure_count > 0);
}

/* Where the processor cannot change a word at once, there is no such lock. */
TEST(the_lock_of_our_own_needs_atomic_operations)
{
    struct mn_lock own;

    EXPECT(arena_tiled(&arena, TILED_SIZE, &mn_tlsf, 1));
    enum mn_status status = mn_lock_init(&own, arena.region, NULL, NULL, NULL);
    if (__GCC_ATOMIC_INT_LOCK_FREE < 2) {
        EXPECT(status == MN_ERR_UNSUPPORTED);
        return;
    }
    EXPECT(status == MN_OK);
    void *block = mn_region_alloc(&own.region, 8, 8);
    EXPECT(block != NULL);
    mn_region_free(&own.region, block);
}

/* SPDX-License-Identifier: MIT */
/* Seeded random runs in arenas of two sizes, records included, against the
 * simplest model: a list of the blocks that are out. Each block is filled with
 * its own number, so that handing out a byte twice is seen. */
#include "arena.h"
#include "machine.h"
#include "test.h"

enum { LIVE = 48, STEPS = 2500, CHECK_EVERY = 16 };

struct held {
    unsigned char *start;
    size_t size;
};

static struct arena arena;
static struct held held[LIVE];
static uint64_t state;
static uint32_t refused;

static size_t below(size_t limit)
{
    return (size_t)((uint32_t)test_random(&state) % limit);
}

/* Small sizes are likely, large ones are not. */
static size_t random_size(void)
{
    size_t limit = below(8) == 0 ? arena.size / 3 : arena.size / LIVE * 3 / 2;

    return 1 + below(limit);
}

static void expect_apart(size_t n)
{
    const unsigned char *end = held[n].start + held[n].size;

    EXPECT(held[n].start >= arena.memory);
    EXPECT(end <= arena.memory + arena.size);
    for (size_t i = 0; i < LIVE; i++)
        EXPECT(i == n || held[i].start == NULL || end <= held[i].start
               || held[i].start + held[i].size <= held[n].start);
}

static void expect_content(size_t n, size_t size)
{
    for (size_t at = 0; at < size; at++)
        EXPECT(held[n].start[at] == n + 1);
}

/* The model says where the block is; the region must say the same. */
static void expect_found(size_t n)
{
    size_t at = below(held[n].size);
    struct mn_block found;

    EXPECT(mn_region_block_at(arena.region, held[n].start + at, &found));
    EXPECT(found.state == MN_ALLOCATED);
    EXPECT((unsigned char *)found.start <= held[n].start);
    EXPECT((unsigned char *)found.start + found.size
           >= held[n].start + held[n].size);
}

static void take(size_t n)
{
    size_t size = random_size();
    size_t align = below(4) == 0 ? (size_t)1 << below(8) : 1;

    held[n].start = mn_region_alloc(arena.region, size, align);
    if (held[n].start == NULL) {
        /* No strategy wastes more than half. A start to be aligned may need a
         * record when there is none. */
        EXPECT(align > ARENA_GRANULE
               || arena_largest_free(&arena) < 2 * size + ARENA_GRANULE);
        refused++;
        return;
    }
    EXPECT((uintptr_t)held[n].start % align == 0);
    held[n].size = size;
    expect_apart(n);
    expect_found(n);
    __builtin_memset(held[n].start, (int)n + 1, size);
}

static void drop(size_t n)
{
    expect_content(n, held[n].size);
    mn_region_free(arena.region, held[n].start);
    held[n].start = NULL;
}

static void change(size_t n)
{
    size_t size = random_size();
    size_t kept = size < held[n].size ? size : held[n].size;

    if (!mn_region_resize(arena.region, held[n].start, size))
        return;
    expect_content(n, kept);
    held[n].size = size;
    expect_apart(n);
    expect_found(n);
    __builtin_memset(held[n].start, (int)n + 1, size);
}

static void move(size_t n)
{
    size_t size = random_size();
    size_t kept = size < held[n].size ? size : held[n].size;
    void *block = held[n].start;

    if (mn_region_reallocate(arena.region, &block, size, 4) != MN_OK) {
        EXPECT(block == held[n].start);
        return;
    }
    EXPECT((uintptr_t)block % 4 == 0);
    held[n].start = block;
    expect_content(n, kept);
    held[n].size = size;
    expect_apart(n);
    expect_found(n);
    __builtin_memset(held[n].start, (int)n + 1, size);
}

static void step(size_t n)
{
    if (held[n].start == NULL)
        take(n);
    else if (below(4) == 0)
        change(n);
    else if (below(4) == 0)
        move(n);
    else
        drop(n);
}

/* At the end all is given back, and the region is as it began. */
static void run(uint64_t seed)
{
    size_t blocks = arena_block_count(&arena);

    state = seed;
    refused = 0;
    for (size_t n = 0; n < LIVE; n++)
        held[n].start = NULL;
    for (unsigned i = 0; i < STEPS; i++) {
        step(below(LIVE));
        EXPECT(i % CHECK_EVERY != 0 || mn_region_check(arena.region));
    }
    EXPECT(refused > 0); /* or it was never full */
    for (size_t n = 0; n < LIVE; n++)
        if (held[n].start != NULL)
            drop(n);
    EXPECT(mn_region_check(arena.region));
    EXPECT(arena_block_count(&arena) == blocks);
}

/* A row of docs/manual/embedded.md. */
static void report_room(const char *name, size_t size)
{
    machine_write("room ");
    machine_write(name);
    machine_write(" ");
    machine_write_count((uint32_t)size);
    machine_write(" ");
    machine_write_count((uint32_t)arena.size);
    machine_write("\n");
}

static void run_tiled(size_t size, size_t step, uint64_t seed)
{
    const struct mn_strategy *strategy;

    for (size_t i = 0; (strategy = mn_strategy_at(i)) != NULL; i++) {
        arena.size = 0;
        bool fits = arena_tiled(&arena, size, strategy, step);
        report_room(strategy->name, size);
        if (fits)
            run(seed + i);
        else
            EXPECT(size == ARENA_SMALL_SIZE);
    }
}

TEST(random_run_of_tiled_agrees_with_model)
{
    run_tiled(ARENA_SIZE, 1, 20240229);
}

TEST(random_run_of_tiled_in_1_kib_agrees_with_model)
{
    run_tiled(ARENA_SMALL_SIZE, 8, 7);
}

/* A block of bump is given back in any order; its room comes back when it was
 * the newest, or the last. */
TEST(random_run_of_bump_in_1_kib_agrees_with_model)
{
    arena_bump(&arena, ARENA_SMALL_SIZE);
    report_room("bump", ARENA_SMALL_SIZE);
    run(11);
}

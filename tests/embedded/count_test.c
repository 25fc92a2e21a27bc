/* SPDX-License-Identifier: MIT */
/* The most instructions that an operation takes, call and return included, and
 * the most stack, in a seeded run that fills an arena and empties it again. Run
 * with -icount shift=0; each line "count ..." is a row of
 * docs/manual/embedded.md. */
#include "arena.h"
#include "machine.h"
#include "test.h"

enum { LIVE = 96, STEPS = 4000 };

/* Kept in a struct, so that a call is measured with nothing around it. */
struct worst {
    uint32_t alloc;
    uint32_t aligned;
    uint32_t resize;
    uint32_t free;
    uint32_t stack;
};

static struct arena arena;
static void *held[LIVE];
static struct worst worst;
static uint64_t state;

static size_t below(size_t limit)
{
    return (size_t)((uint32_t)test_random(&state) % limit);
}

/* What reading the clock twice counts with nothing between. */
static uint32_t clock_cost(void)
{
    uint32_t before = machine_clock();

    return machine_clock() - before;
}

static void keep_most(uint32_t *most, uint32_t value)
{
    if (value > *most)
        *most = value;
}

static void note(uint32_t *most, uint32_t before, uint32_t after)
{
    keep_most(most, after - before - clock_cost());
}

static void take(size_t n)
{
    size_t size = 1 + below(below(4) == 0 ? 700 : 120);
    size_t align = below(3) == 0 ? (size_t)16 << below(5) : 1;

    machine_stack_paint();
    uint32_t before = machine_clock();
    void *block = mn_region_alloc(arena.region, size, align);
    uint32_t after = machine_clock();
    keep_most(&worst.stack, machine_stack_depth());

    note(align > 1 ? &worst.aligned : &worst.alloc, before, after);
    held[n] = block;
}

static void change(size_t n)
{
    size_t size = 1 + below(200);
    void *block = held[n];

    machine_stack_paint();
    uint32_t before = machine_clock();
    bool done = mn_region_resize(arena.region, block, size);
    uint32_t after = machine_clock();
    keep_most(&worst.stack, machine_stack_depth());

    (void)done;
    note(&worst.resize, before, after);
}

static void drop(size_t n)
{
    void *block = held[n];

    machine_stack_paint();
    uint32_t before = machine_clock();
    mn_region_free(arena.region, block);
    uint32_t after = machine_clock();
    keep_most(&worst.stack, machine_stack_depth());

    note(&worst.free, before, after);
    held[n] = NULL;
}

static void run(void)
{
    worst = (struct worst){0, 0, 0, 0, 0};
    state = 42;
    for (size_t n = 0; n < LIVE; n++)
        held[n] = NULL;
    for (unsigned i = 0; i < STEPS; i++) {
        size_t n = below(LIVE);
        if (held[n] == NULL)
            take(n);
        else if (below(4) == 0)
            change(n);
        else
            drop(n);
        /* Now and then nearly all at once, so that long merges happen. */
        for (size_t all = 0; i % 512 == 511 && all < LIVE; all++)
            if (held[all] != NULL && below(8) != 0)
                drop(all);
    }
    EXPECT(mn_region_check(arena.region));
}

static void report(const char *name)
{
    const uint32_t row[5] = {worst.alloc, worst.aligned, worst.resize,
                             worst.free, worst.stack};

    machine_write("count ");
    machine_write(name);
    for (size_t i = 0; i < 5; i++) {
        EXPECT(row[i] > 0);
        machine_write(" ");
        machine_write_count(row[i]);
    }
    machine_write("\n");
}

/* Without this the figures mean nothing. */
TEST(the_clock_counts_single_instructions)
{
    machine_clock_start();
    uint32_t cost = clock_cost();
    for (unsigned i = 0; i < 100; i++) {
        uint32_t before = machine_clock();
        __asm__ volatile("nop\n\tnop\n\tnop");
        uint32_t after = machine_clock();
        EXPECT(after - before == cost + 3);
        EXPECT(clock_cost() == cost);
        __asm__ volatile("nop");
    }
    EXPECT(!machine_clock_overflowed());
}

TEST(instructions_of_each_strategy)
{
    const struct mn_strategy *strategy;

    for (size_t i = 0; (strategy = mn_strategy_at(i)) != NULL; i++) {
        EXPECT(arena_tiled(&arena, ARENA_SIZE, strategy, 1));
        machine_clock_start();
        run();
        EXPECT(!machine_clock_overflowed());
        report(strategy->name);
    }
    machine_clock_start();
    arena_bump(&arena, ARENA_SIZE);
    run();
    EXPECT(!machine_clock_overflowed());
    report("bump");
}

/* SPDX-License-Identifier: MIT */
/* Seeded random runs of pools against the simplest model: an array of what is
 * out. Each object is filled with its number, so an object that is handed out
 * twice, or moved, is seen. */
#include <mn/pool.h>
#include <string.h>

#include "guard_setup.h"
#include "test.h"

enum { LIVE = 700, STEPS = 60000, CHECK_EVERY = 64 };

MN_TYPE_DECLARE(thing);
struct thing {
    int number;
    char rest[20];
};
MN_TYPE(thing, .drop = NULL);
MN_POOL(thing);

static struct thing_pool things;
static struct thing *held[LIVE];
static size_t live, peak;
static uint64_t state;

static size_t below(size_t limit)
{
    return (size_t)(test_random(&state) % limit);
}

static void seal(struct thing *thing, int number)
{
    thing->number = number;
    memset(thing->rest, number & 0x7f, sizeof thing->rest);
}

static void expect_sealed(size_t n)
{
    EXPECT(held[n]->number == (int)n);
    for (size_t i = 0; i < sizeof held[n]->rest; i++)
        EXPECT(held[n]->rest[i] == (char)(n & 0x7f));
}

static void drop(size_t n)
{
    expect_sealed(n);
    thing_pool_release(&things, held[n]);
    held[n] = NULL;
    live--;
}

static void take(size_t n)
{
    held[n] = thing_pool_alloc(&things);
    if (held[n] == NULL)
        return;
    seal(held[n], (int)n);
    live++;
    peak = live > peak ? live : peak;
}

static bool count_sealed(void *object, void *context)
{
    const struct thing *thing = object;

    EXPECT(held[thing->number] == object);
    ++*(size_t *)context;
    return true;
}

static void compare(void)
{
    struct mn_pool_stats stats;
    size_t met = 0;

    EXPECT(mn_pool_check(&things.pool));
    mn_pool_read_stats(&things.pool, &stats);
    EXPECT(stats.live == live && stats.peak == peak);
    EXPECT(stats.capacity >= live);
    EXPECT(mn_pool_walk(&things.pool, count_sealed, &met));
    EXPECT(met == live);
}

/* Now and then nearly all are released, the chunks given back, or all cleared.
 */
static void sweep(void)
{
    unsigned what = (unsigned)below(6);

    for (size_t n = 0; what < 4 && n < LIVE; n++)
        if (held[n] != NULL && below(8) != 0)
            drop(n);
    if (what == 4) {
        mn_pool_clear(&things.pool);
        memset(held, 0, sizeof held);
        live = 0;
    }
    if (what % 2 == 0)
        (void)mn_pool_shrink(&things.pool);
    if (what == 3 && mn_pool_reserve(&things.pool, below(200)) != MN_OK)
        EXPECT(things.pool.options.region == NULL
               || things.pool.options.count_max != 0
               || things.pool.options.size_max != 0);
    compare();
}

static void run(struct mn_pool_options options, uint64_t seed)
{
    state = seed;
    EXPECT(thing_pool_init(&things, &options) == MN_OK);
    memset(held, 0, sizeof held);
    live = peak = 0;
    for (int step = 0; step < STEPS; step++) {
        size_t n = below(LIVE);
        if (held[n] == NULL)
            take(n);
        else
            drop(n);
        if (step % 4096 == 4095)
            sweep();
        else if (step % CHECK_EVERY == 0)
            compare();
    }
    thing_pool_finish(&things);
}

TEST(growing_pool_agrees_with_model)
{
    for (int plain = 0; plain < 2; plain++) {
        run((struct mn_pool_options){.region = setup_tiled(),
                                     .count = 3,
                                     .unwatched = plain},
            20260101);
        EXPECT(setup_is_free());
    }
}

TEST(pool_with_limits_agrees_with_model)
{
    run((struct mn_pool_options){.region = setup_tiled(), .count_max = 257}, 7);
    run((struct mn_pool_options){.region = setup_tiled(), .size_max = 9000}, 8);
    EXPECT(setup_is_free());
}

TEST(fixed_pool_agrees_with_model)
{
    for (int plain = 0; plain < 2; plain++)
        run((struct mn_pool_options){.memory = setup_memory,
                                     .memory_size = 8192,
                                     .unwatched = plain},
            99);
}

/* SPDX-License-Identifier: MIT */
/* Tests of every kind of tiled region: each strategy, with narrow and wide
 * links, and an index of every density, against the simplest model: the owner
 * of each granule. */
#include <mn/region.h>
#include <mn/strategy.h>

#include "base/config.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum {
    GRANULE = 16,
    NARROW = 1003,  /* granules: no chunk of the index divides it */
    WIDE = 0x10005, /* more than 16 bits can number */
    LIVE = 200,
    STEPS = MN_DEBUG ? 1500 : 12000,
    PROBES = 6
};

static struct mn_tiled tiled;
static struct mn_region *const region = &tiled.region;
static unsigned char *memory;
static uint32_t granule_count;

/* 0 for free, else 1 + the number of the block. */
static uint16_t owner[WIDE];

static struct {
    unsigned char *start;
    size_t granules;
} live[LIVE];

static size_t offset_of(const unsigned char *address)
{
    return (size_t)(address - memory) / GRANULE;
}

static void set_owner(unsigned n, uint16_t from, uint16_t to)
{
    size_t offset = offset_of(live[n].start);

    EXPECT(offset + live[n].granules <= granule_count);
    for (size_t i = offset; i < offset + live[n].granules; i++) {
        EXPECT(owner[i] == from);
        owner[i] = to;
    }
}

static void setup(const struct mn_strategy *strategy, uint32_t granules,
                  size_t step)
{
    struct mn_tiled_place place = {
        .memory_size = (size_t)granules * GRANULE,
        .granule = GRANULE,
        .strategy = strategy,
        .step = step,
    };

    granule_count = granules;
    place.memory = aligned_alloc(4096, (place.memory_size | 4095) + 1);
    place.control_size = mn_tiled_control_size(&place, 2 * LIVE + 1);
    place.control = malloc(place.control_size);
    EXPECT(place.memory != NULL && place.control != NULL);
    EXPECT(place.control_size > 0);
    memset(place.control, 0xa5, place.control_size);
    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
    memory = place.memory;
    memset(owner, 0, sizeof owner);
    memset(live, 0, sizeof live);
    EXPECT(mn_region_check(region));
}

static void teardown(void)
{
    free(memory);
    free(tiled.index); /* where the control memory begins */
}

/* The block of a random address is the model's. */
static void probe(uint64_t *random)
{
    size_t at = (size_t)(test_random(random) % granule_count);
    struct mn_block block;

    EXPECT(mn_region_block_at(region, memory + at * GRANULE + 5, &block));
    size_t first = offset_of(block.start);
    size_t end = first + block.size / GRANULE;
    EXPECT(first <= at && at < end && end <= granule_count);
    EXPECT((block.state == MN_FREE) == (owner[at] == 0));
    for (size_t i = first; i < end; i++)
        EXPECT(owner[i] == owner[at]);
    enum mn_status status = mn_region_examine(region, memory + at * GRANULE);
    if (owner[at] == 0)
        EXPECT(status == MN_ERR_DOUBLE_FREE);
    else
        EXPECT(status == (first == at ? MN_OK : MN_ERR_ADDRESS));
}

static void step_alloc(unsigned n, uint64_t *random)
{
    size_t most = granule_count / 12;
    size_t size = 1 + (size_t)(test_random(random) % most);
    size_t align = (size_t)1 << test_random(random) % 10;
    struct mn_block block;

    if (test_random(random) % 2 == 0)
        size = 1 + size % 12;
    live[n].start = mn_region_alloc(region, size * GRANULE, align);
    if (live[n].start == NULL)
        return;
    EXPECT((uintptr_t)live[n].start % align == 0);
    EXPECT(mn_region_block_at(region, live[n].start, &block));
    EXPECT(block.start == live[n].start && block.state == MN_ALLOCATED);
    EXPECT(block.size >= size * GRANULE);
    live[n].granules = block.size / GRANULE;
    set_owner(n, 0, (uint16_t)(n + 1));
}

static void step_resize(unsigned n, uint64_t *random)
{
    size_t size = 1 + (size_t)(test_random(random) % (2 * live[n].granules));
    struct mn_block block;

    set_owner(n, (uint16_t)(n + 1), 0);
    bool done = mn_region_resize(region, live[n].start, size * GRANULE);
    EXPECT(mn_region_block_at(region, live[n].start, &block));
    EXPECT(block.start == live[n].start);
    EXPECT(done ? block.size >= size * GRANULE
                : block.size == live[n].granules * GRANULE);
    live[n].granules = block.size / GRANULE;
    set_owner(n, 0, (uint16_t)(n + 1));
}

static void run(const struct mn_strategy *strategy, uint32_t granules,
                size_t step)
{
    uint64_t random = 20240229 + step;

    setup(strategy, granules, step);
    for (int k = 0; k < STEPS; k++) {
        unsigned n = (unsigned)(test_random(&random) % LIVE);
        if (live[n].start == NULL) {
            step_alloc(n, &random);
        } else if (test_random(&random) % 4 == 0) {
            step_resize(n, &random);
        } else {
            set_owner(n, (uint16_t)(n + 1), 0);
            mn_region_free(region, live[n].start);
            live[n].start = NULL;
        }
        for (int i = 0; granules == NARROW && i < PROBES; i++)
            probe(&random);
        if (k % 64 == 0) {
            probe(&random);
            EXPECT(mn_region_check(region));
        }
    }
    teardown();
}

TEST(every_strategy_agrees_with_the_model_with_narrow_links)
{
    for (size_t i = 0; mn_strategy_at(i) != NULL; i++)
        run(mn_strategy_at(i), NARROW, 1);
}

TEST(every_strategy_agrees_with_the_model_with_wide_links)
{
    for (size_t i = 0; mn_strategy_at(i) != NULL; i++)
        run(mn_strategy_at(i), WIDE, 1);
}

TEST(an_index_of_any_density_leads_to_every_block)
{
    for (size_t i = 0; mn_strategy_at(i) != &mn_buddy; i++) {
        for (size_t step = 2; step <= 64; step *= 2)
            run(mn_strategy_at(i), NARROW, step);
    }
}

TEST(a_wide_index_of_any_density_leads_to_every_block)
{
    for (size_t step = 2; step <= 64; step *= 4)
        run(&mn_tlsf, WIDE, step);
}

TEST(every_address_but_a_start_is_refused_at_any_density)
{
    for (size_t step = 1; step <= 64; step *= 2) {
        setup(&mn_tlsf, NARROW, step);
        unsigned char *block = mn_region_alloc(region, 100 * GRANULE, 1);
        EXPECT(mn_region_alloc(region, GRANULE, 1) == block + 100 * GRANULE);
        for (size_t i = 1; i < 100; i++)
            EXPECT(mn_region_deallocate(region, block + i * GRANULE)
                   == MN_ERR_ADDRESS);
        EXPECT_STOPS(mn_region_free(region, block + 64 * GRANULE),
                     "pointer into a block");
        mn_region_free(region, block);
        for (size_t i = 0; i < 100; i++)
            EXPECT(mn_region_deallocate(region, block + i * GRANULE)
                   == MN_ERR_DOUBLE_FREE);
        EXPECT_STOPS(mn_region_free(region, block), "already free");
        teardown();
    }
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn_region_required: programs made to scatter memory never make an
 * allocation fail in a region of that size, and one of them makes it fail for
 * every strategy in a region below the least that any can do with.
 *
 * The memory of the regions is addresses alone: it is never read or written.
 */
#include <mn/strategy.h>

#include "adversary.h"
#include "test.h"

#include <stdlib.h>

enum {
    GRANULE = 16,
    LIVE = ADVERSARY_MAX,
    LARGEST = 64,
    SMALLEST = 1,
    SEED = 1977
};

/* A region with its memory of addresses, and a program in it. */
static struct mn_tiled tiled;
static void *control;
static struct adversary program;

static void begin(const struct mn_strategy *strategy, size_t granules,
                  size_t live_max)
{
    struct mn_tiled_place place = {.memory_size = granules * GRANULE,
                                   .granule = GRANULE,
                                   .strategy = strategy};

    program =
        (struct adversary){.region = &tiled.region,
                           .memory = (unsigned char *)(uintptr_t)(1 << 30),
                           .granule = GRANULE,
                           .live_max = live_max};
    place.memory = program.memory;
    place.control_size = mn_tiled_control_size(&place, 2 * live_max + 1);
    control = malloc(place.control_size);
    place.control = control;
    EXPECT(control != NULL);
    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
}

static void end(void)
{
    EXPECT(mn_region_check(program.region));
    free(control);
}

/* ---- by chance ---- */

static bool run_random(struct adversary *them, size_t smallest, size_t largest)
{
    uint64_t random = SEED;

    for (int step = 0; step < 20000; step++) {
        size_t size =
            smallest
            + (size_t)(test_random(&random) % (largest - smallest + 1));
        while (them->live + size > them->live_max)
            adversary_release(them,
                              (size_t)(test_random(&random) % them->count));
        if (!adversary_take(them, size))
            return false;
    }
    return true;
}

/* ---- the promises ---- */

static bool (*const programs[])(struct adversary *them, size_t smallest,
                                size_t largest) = {
    adversary_robson, adversary_rising, adversary_scatter, run_random};
enum { PROGRAMS = sizeof programs / sizeof programs[0] };

static size_t required(const struct mn_strategy *strategy, size_t smallest,
                       size_t largest)
{
    size_t bytes = mn_region_required(LIVE * GRANULE, largest * GRANULE,
                                      smallest * GRANULE, strategy);

    EXPECT(bytes >= LIVE * GRANULE);
    return (bytes + GRANULE - 1) / GRANULE;
}

static void never_fails(size_t smallest, size_t largest)
{
    const struct mn_strategy *strategy;

    for (size_t i = 0; (strategy = mn_strategy_at(i)) != NULL; i++) {
        for (size_t run = 0; run < PROGRAMS; run++) {
            begin(strategy, required(strategy, smallest, largest), LIVE);
            EXPECT(programs[run](&program, smallest, largest));
            end();
        }
    }
}

TEST(no_program_fails_in_the_memory_required)
{
    never_fails(SMALLEST, LARGEST);
    never_fails(SMALLEST, 1);
    never_fails(SMALLEST, LIVE);
}

TEST(no_program_fails_where_even_the_smallest_blocks_are_large)
{
    never_fails(3, 41);
    never_fails(7, 8);
    never_fails(300, 700);
}

/* Proved for blocks at the low end of the lowest free block alone. */
TEST(first_fit_cuts_from_the_low_end)
{
    begin(&mn_first_fit, 64, 64);
    EXPECT(adversary_take(&program, 2) && adversary_take(&program, 16));
    EXPECT(adversary_take(&program, 8));
    adversary_release(&program, 1);
    EXPECT(adversary_take(&program, 4));
    EXPECT(program.block[1].start == 2 && program.block[1].size == 4);
    end();
}

TEST(every_strategy_fails_below_the_bound_of_robson)
{
    size_t log = 6; /* of LARGEST / SMALLEST */
    size_t bound = LIVE + LIVE * log / 2 - LARGEST + 1;
    const struct mn_strategy *strategy;

    for (size_t i = 0; (strategy = mn_strategy_at(i)) != NULL; i++) {
        begin(strategy, bound - 1, LIVE);
        EXPECT(!adversary_robson(&program, SMALLEST, LARGEST));
        end();
    }
}

TEST(the_programs_use_more_than_they_have_out)
{
    /* Or that none fails would say nothing. */
    begin(&mn_tlsf, required(&mn_tlsf, SMALLEST, LARGEST), LIVE);
    EXPECT(adversary_robson(&program, SMALLEST, LARGEST));
    EXPECT(program.end >= 4 * LIVE - LARGEST + 1);
    end();
    begin(&mn_tlsf, required(&mn_tlsf, SMALLEST, LARGEST), LIVE);
    EXPECT(adversary_rising(&program, SMALLEST, LARGEST));
    EXPECT(program.end > 4 * LIVE);
    end();
    begin(&mn_tlsf, required(&mn_tlsf, SMALLEST, LARGEST), LIVE);
    EXPECT(adversary_scatter(&program, SMALLEST, LARGEST));
    EXPECT(program.end > 16 * LIVE);
    end();
}

TEST(a_load_that_cannot_be_has_no_bound)
{
    EXPECT(mn_region_required(100, 10, 0, &mn_tlsf) == 0);
    EXPECT(mn_region_required(100, 10, 11, &mn_tlsf) == 0);
    EXPECT(mn_region_required(100, 101, 10, &mn_tlsf) == 0);
    EXPECT(mn_region_required(100, 100, 100, &mn_tlsf) >= 100);
    EXPECT(mn_region_required(1, 1, 1, &mn_tlsf) >= 1);
}

TEST(a_bound_that_is_no_size_is_none)
{
    const struct mn_strategy *strategy;

    for (size_t i = 0; (strategy = mn_strategy_at(i)) != NULL; i++) {
        EXPECT(mn_region_required(SIZE_MAX, SIZE_MAX, 1, strategy) == 0);
        EXPECT(mn_region_required(SIZE_MAX, 16, 16, strategy) == 0
               || mn_region_required(SIZE_MAX, 16, 16, strategy)
                      >= SIZE_MAX - 16);
    }
}

static uint32_t propose_none(void *state, uint32_t size)
{
    (void)state;
    (void)size;
    return 0;
}

TEST(a_strategy_of_the_user_gets_the_bound_of_all)
{
    /* The name is not what counts. */
    struct mn_strategy own = {.name = "first_fit", .propose = propose_none};
    struct mn_strategy unknown = {.name = "none of them"};

    EXPECT(mn_region_required(1000, 10, 1, &own) == 1000 * 10);
    EXPECT(mn_region_required(1000, 10, 1, &unknown) == 0);
}

TEST(bounds_are_what_the_header_says)
{
    EXPECT(mn_region_required(1000, 10, 1, NULL) == 0);
    EXPECT(mn_region_required(1000, 32, 1, &mn_tlsf) == 1000 * 34);
    EXPECT(mn_region_required(1000, 32, 1, &mn_half_fit) == 1000 * 32);
    EXPECT(mn_region_required(1000, 33, 1, &mn_half_fit) == 1000 * 64);
    EXPECT(mn_region_required(1000, 32, 1, &mn_worst_fit) == 1000 * 32);
    EXPECT(mn_region_required(1000, 32, 1, &mn_next_fit) == 1000 * 32);
    EXPECT(mn_region_required(1000, 32, 1, &mn_best_fit) == 1000 * 33);
    EXPECT(mn_region_required(1000, 32, 1, &mn_first_fit) == 1000 * 7);
    EXPECT(mn_region_required(1000, 32, 1, &mn_buddy) == 2000 * 6 + 64);
}

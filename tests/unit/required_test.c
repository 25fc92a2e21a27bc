/* SPDX-License-Identifier: MIT */
/* Tests of mn_region_required: programs made to scatter memory never make an
 * allocation fail in a region of that size, and one of them makes it fail for
 * every strategy in a region below the least that any can do with.
 *
 * The memory of the regions is addresses alone: it is never read or written.
 */
#include <mn/strategy.h>

#include "test.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { GRANULE = 16, LIVE = 1024, LARGEST = 64, SMALLEST = 1, SEED = 1977 };

struct block {
    size_t start; /* in granules, as all sizes here */
    size_t size;
};

/* A region, and the blocks that a program has out, by rising start. */
struct program {
    struct mn_tiled tiled;
    void *control;
    unsigned char *memory;
    size_t live_max;
    size_t live;
    size_t count;
    size_t end; /* the highest end of a block that there ever was */
    struct block block[LIVE];
};

static struct program program;

static void begin(const struct mn_strategy *strategy, size_t granules,
                  size_t live_max)
{
    struct mn_tiled_place place = {.memory_size = granules * GRANULE,
                                   .granule = GRANULE,
                                   .strategy = strategy,
                                   .step = 16};

    program = (struct program){.live_max = live_max};
    program.memory = (unsigned char *)(uintptr_t)(1 << 30);
    place.memory = program.memory;
    place.control_size = mn_tiled_control_size(&place, 2 * live_max + 1);
    program.control = malloc(place.control_size);
    place.control = program.control;
    EXPECT(program.control != NULL);
    EXPECT(mn_tiled_init(&program.tiled, &place) == MN_OK);
}

static void end(void)
{
    EXPECT(mn_region_check(&program.tiled.region));
    free(program.control);
}

/* The first block of the program that begins at `start` or above it. */
static size_t find(size_t start)
{
    size_t low = 0;
    size_t high = program.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (program.block[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* False if the allocation failed. */
static bool take(size_t size)
{
    unsigned char *block =
        mn_region_alloc(&program.tiled.region, size * GRANULE, 1);

    if (block == NULL)
        return false;
    size_t start = (size_t)(block - program.memory) / GRANULE;
    size_t i = find(start);
    memmove(&program.block[i + 1], &program.block[i],
            (program.count - i) * sizeof(struct block));
    program.block[i] = (struct block){start, size};
    program.count++;
    program.live += size;
    if (start + size > program.end)
        program.end = start + size;
    return true;
}

static void release(size_t i)
{
    struct block *block = &program.block[i];

    mn_region_free(&program.tiled.region,
                   program.memory + block->start * GRANULE);
    program.live -= block->size;
    program.count--;
    memmove(block, block + 1, (program.count - i) * sizeof(struct block));
}

/* Take blocks of `size` while the program may have more out. */
static bool fill(size_t size)
{
    while (program.live + size <= program.live_max) {
        if (!take(size))
            return false;
    }
    return true;
}

/* ---- Robson's program (JACM 18, 1971): sizes double ---- */

/* Whether the block has an address that is `offset` modulo `step`. */
static bool covers(const struct block *block, size_t offset, size_t step)
{
    size_t past = (block->start + step - offset % step) % step;

    return past == 0 || past + block->size > step;
}

/* What no larger block can use, if only what covers `offset` stays out. */
static size_t spoiled(size_t offset, size_t step)
{
    size_t sum = 0;

    for (size_t i = 0; i < program.count; i++) {
        if (covers(&program.block[i], offset, step))
            sum += step - program.block[i].size;
    }
    return sum;
}

/* Of two places in a period of twice the length, keep the blocks at the one
 * that spoils more, and fill up with blocks as long as the period. */
static bool run_robson(size_t smallest, size_t largest)
{
    size_t offset = 0;

    if (!fill(smallest))
        return false;
    for (size_t step = 2 * smallest; step <= largest; step *= 2) {
        if (spoiled(offset + step / 2, step) > spoiled(offset, step))
            offset += step / 2;
        for (size_t i = program.count; i > 0; i--) {
            if (!covers(&program.block[i - 1], offset, step))
                release(i - 1);
        }
        if (!fill(step))
            return false;
    }
    return true;
}

/* ---- every size in turn: what is free is always just too short ---- */

static size_t end_before(size_t i)
{
    return i == 0 ? 0 : program.block[i - 1].start + program.block[i - 1].size;
}

/* Release each block that leaves less than `size` free around it. */
static void thin(size_t size)
{
    size_t i = 0;

    while (i < program.count) {
        const struct block *block = &program.block[i];
        size_t after = i + 1 < program.count ? block[1].start : SIZE_MAX;
        if (after - end_before(i) < size)
            release(i);
        else
            i++;
    }
}

static bool run_rising(size_t smallest, size_t largest)
{
    for (size_t size = smallest; size <= largest; size++) {
        thin(size);
        if (!fill(size))
            return false;
    }
    return true;
}

/* ---- against best fit: short blocks with long gaps between them ---- */

/* Where there is no gap of `gap` yet: place a block of it and one of `least`
 * in a hole of just that size, as often as the live memory allows, and release
 * the long ones. The hole was a block between two others. */
static bool run_pins(size_t least, size_t gap)
{
    size_t first = program.end;

    if (!fill(gap + least))
        return false;
    for (size_t i = find(first); i + 1 < program.count; i += 2) {
        if (program.block[i].size != gap + least)
            continue;
        release(i);
        if (!take(gap) || !take(least))
            return false;
    }
    for (size_t i = program.count; i > find(first); i--) {
        if (program.block[i - 1].size != least)
            release(i - 1);
    }
    return true;
}

/* Robson (Computer J. 20, 1977) scatters memory in this way. */
static bool run_scatter(size_t smallest, size_t largest)
{
    for (size_t gap = (largest + 1) / 2; gap + smallest <= largest; gap++) {
        if (!run_pins(smallest, gap))
            return false;
    }
    return fill(largest);
}

/* ---- by chance ---- */

static bool run_random(size_t smallest, size_t largest)
{
    uint64_t random = SEED;

    for (int step = 0; step < 20000; step++) {
        size_t size =
            smallest
            + (size_t)(test_random(&random) % (largest - smallest + 1));
        while (program.live + size > program.live_max)
            release((size_t)(test_random(&random) % program.count));
        if (!take(size))
            return false;
    }
    return true;
}

/* ---- the promises ---- */

static bool (*const programs[])(size_t smallest, size_t largest) = {
    run_robson, run_rising, run_scatter, run_random};
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
            EXPECT(programs[run](smallest, largest));
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

TEST(every_strategy_fails_below_the_bound_of_robson)
{
    size_t log = 6; /* of LARGEST / SMALLEST */
    size_t bound = LIVE + LIVE * log / 2 - LARGEST + 1;
    const struct mn_strategy *strategy;

    for (size_t i = 0; (strategy = mn_strategy_at(i)) != NULL; i++) {
        begin(strategy, bound - 1, LIVE);
        EXPECT(!run_robson(SMALLEST, LARGEST));
        end();
    }
}

TEST(the_programs_use_more_than_they_have_out)
{
    /* Or that none fails would say nothing. */
    begin(&mn_tlsf, required(&mn_tlsf, SMALLEST, LARGEST), LIVE);
    EXPECT(run_robson(SMALLEST, LARGEST));
    EXPECT(program.end >= 4 * LIVE - LARGEST + 1);
    end();
    begin(&mn_tlsf, required(&mn_tlsf, SMALLEST, LARGEST), LIVE);
    EXPECT(run_rising(SMALLEST, LARGEST));
    EXPECT(program.end > 4 * LIVE);
    end();
    begin(&mn_tlsf, required(&mn_tlsf, SMALLEST, LARGEST), LIVE);
    EXPECT(run_scatter(SMALLEST, LARGEST));
    EXPECT(program.end > 8 * LIVE);
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
}

/* SPDX-License-Identifier: MIT */
/* Fuzz target: a tiled region against the owner of each granule.
 *
 * The first bytes choose the geometry; then each operation takes three. The
 * model knows which block each granule belongs to; the region must never hand
 * out a granule twice, and its invariant holds after every step. */
#include <mn/region.h>
#include <mn/strategy.h>

#include "base/assert.h"

#include <string.h>

#define EXPECT(cond) MN_CHECK(cond, "expected: " #cond)

enum { GRANULES_MAX = 512, LIVE = 200, ROOM = 32768, STRATEGIES = 7 };

static _Alignas(4096) unsigned char memory[8 * (GRANULES_MAX + 64)];
static _Alignas(8) unsigned char control[ROOM];

static struct mn_tiled tiled;
static struct mn_region *const region = &tiled.region;

static struct {
    uint8_t owner[GRANULES_MAX]; /* 0: free; else 1 + the number of the block */
    unsigned char *start[LIVE];
    size_t size[LIVE];
} model;

static struct mn_block fuzz_block(const unsigned char *address)
{
    struct mn_block block;

    EXPECT(mn_region_block_at(region, address, &block));
    return block;
}

/* Granules from `start` on pass from one owner to another. */
static void fuzz_own(const unsigned char *start, size_t size, uint8_t from,
                     uint8_t to)
{
    size_t first = (size_t)(start - tiled.base) / MN_TILED_GRANULE_MIN;

    for (size_t i = 0; i < size / MN_TILED_GRANULE_MIN; i++) {
        EXPECT(model.owner[first + i] == from);
        model.owner[first + i] = to;
    }
}

static void fuzz_alloc(unsigned n, size_t size, size_t align)
{
    unsigned char *start = mn_region_alloc(region, size, align);

    if (start == NULL)
        return;
    struct mn_block block = fuzz_block(start + size - 1);
    EXPECT((uintptr_t)start % align == 0);
    EXPECT(block.start == start && block.size >= size);
    EXPECT(block.state == MN_ALLOCATED);
    fuzz_own(start, block.size, 0, (uint8_t)(n + 1));
    model.start[n] = start;
    model.size[n] = block.size;
}

static void fuzz_resize(unsigned n, size_t size)
{
    unsigned char *start = model.start[n];
    size_t before = model.size[n];

    bool done = mn_region_resize(region, start, size);
    struct mn_block block = fuzz_block(start);
    EXPECT(block.start == start && block.state == MN_ALLOCATED);
    EXPECT(done ? block.size >= size : block.size == before);
    EXPECT(done || size == 0 || size > before);
    if (block.size > before)
        fuzz_own(start + before, block.size - before, 0, (uint8_t)(n + 1));
    else
        fuzz_own(start + block.size, before - block.size, (uint8_t)(n + 1), 0);
    model.size[n] = block.size;
}

static void fuzz_free(unsigned n)
{
    fuzz_own(model.start[n], model.size[n], (uint8_t)(n + 1), 0);
    mn_region_free(region, model.start[n]);
    model.start[n] = NULL;
}

static void fuzz_step(const uint8_t *data)
{
    unsigned n = data[1] % LIVE;
    size_t size = (size_t)data[2] * (1 + (data[0] >> 6));

    if (model.start[n] == NULL)
        fuzz_alloc(n, size, (size_t)1 << (data[0] & 15));
    else if (data[0] & 1)
        fuzz_resize(n, size);
    else
        fuzz_free(n);
    EXPECT(mn_region_check(region));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t granules = 1 + (data[0] | (size_t)(data[1] & 1) << 8);
    size_t origin = data[1] >> 2;
    size_t blocks = 2 + data[2];
    struct mn_tiled_place place = {
        .memory = memory + origin * MN_TILED_GRANULE_MIN,
        .memory_size = granules * MN_TILED_GRANULE_MIN,
        .granule = MN_TILED_GRANULE_MIN,
        .control = control,
        .strategy = mn_strategy_at(data[3] % STRATEGIES),
    };
    if (place.strategy != &mn_buddy)
        place.step = (size_t)1 << data[3] / STRATEGIES % 7;
    place.control_size = mn_tiled_control_size(&place, blocks);

    memset(&model, 0, sizeof model);
    memset(control, data[3], sizeof control);
    EXPECT(place.control_size > 0 && place.control_size <= sizeof control);
    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
    for (size_t i = 4; i + 3 <= size; i += 3)
        fuzz_step(data + i);
    for (unsigned n = 0; n < LIVE; n++) {
        if (model.start[n] != NULL)
            fuzz_free(n);
    }
    struct mn_block all = fuzz_block(tiled.base);
    EXPECT(all.state == MN_FREE);
    EXPECT(all.size == tiled.size || place.strategy == &mn_buddy);
    EXPECT(mn_region_check(region));
    return 0;
}

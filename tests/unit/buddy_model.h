/* SPDX-License-Identifier: MIT */
/* buddy_model.h -- the buddy system against the simplest model.
 *
 * The model is the owner of each granule. Which blocks are free follows from
 * it alone: since buddies that are both free are joined, a free granule lies in
 * the largest buddy without an owner. The memory is never touched, so that most
 * regions here cover addresses where there is none.
 */
#ifndef MN_BUDDY_MODEL_H
#define MN_BUDDY_MODEL_H

#include <mn/region.h>
#include <mn/strategy.h>

#include "base/config.h"
#include "region/tiled.h"
#include "test.h"

#include <string.h>

enum {
    GRANULE = 16,
    COUNT_MAX = 80000, /* granules: more than links of 16 bits can tell */
    ROOM = 9 * COUNT_MAX + 200
};

static _Alignas(8) unsigned char control[ROOM];
static unsigned char before[ROOM];
static size_t control_size; /* of the region there is */
static struct mn_tiled tiled;
static struct mn_region *const region = &tiled.region;

static struct {
    uint64_t number; /* of the first granule, counted from address 0 */
    uint32_t count;
    size_t granule;
    uint32_t owner[COUNT_MAX]; /* 0, or 1 + where its block begins */
} model;

/* ---- the model ---- */

static unsigned char *address_of(uint32_t granule)
{
    return tiled.base + granule * model.granule;
}

/* Whether the buddy of that order in which `granule` lies is in the region,
 * and all of it is `owner`'s or free. */
static bool model_is_free(uint32_t granule, unsigned order, uint32_t owner)
{
    uint64_t size = UINT64_C(1) << order;
    uint64_t first = (model.number + granule) / size * size;

    if (first < model.number || first + size > model.number + model.count)
        return false;
    for (uint64_t i = first - model.number; i < first - model.number + size;
         i++) {
        if (model.owner[i] != 0 && model.owner[i] != owner)
            return false;
    }
    return true;
}

/* Where the block in which `granule` lies begins, and its granules. */
static uint32_t model_begin(uint32_t granule, uint32_t *size)
{
    uint32_t owner = model.owner[granule];
    uint32_t begin = owner - 1;
    unsigned order = 0;

    if (owner != 0) {
        for (*size = 0; begin + *size < model.count
                        && model.owner[begin + *size] == owner;)
            ++*size;
        return begin;
    }
    while (model_is_free(granule, order + 1, 0))
        order++;
    *size = UINT32_C(1) << order;
    return (uint32_t)((model.number + granule) / *size * *size - model.number);
}

static void model_set(uint32_t begin, uint32_t size, uint32_t owner)
{
    for (uint32_t i = 0; i < size; i++)
        model.owner[begin + i] = owner;
}

/* The granules of the smallest free block of at least `size`, or 0. */
static uint32_t model_smallest(uint64_t size)
{
    uint32_t smallest = 0;
    uint32_t block;

    for (uint32_t i = 0; i < model.count; i += block) {
        EXPECT(model_begin(i, &block) == i);
        if (model.owner[i] == 0 && block >= size
            && (smallest == 0 || block < smallest))
            smallest = block;
    }
    return smallest;
}

/* Granules, a power of two, that `size` bytes need. */
static uint64_t model_granules(size_t size)
{
    uint64_t granules = 1;

    while (granules * model.granule < size)
        granules *= 2;
    return granules;
}

/* ---- one step of region and model ---- */

static void expect_nothing_changed(void)
{
    EXPECT(memcmp(control, before, control_size) == 0);
}

static void step_alloc(size_t size, size_t align)
{
    uint64_t granules = model_granules(size < align ? align : size);
    uint32_t from = model_smallest(granules);
    uint32_t found;

    memcpy(before, control, control_size);
    unsigned char *block = mn_region_alloc(region, size, align);
    if (from == 0) {
        EXPECT(block == NULL);
        expect_nothing_changed();
        return;
    }
    EXPECT(block != NULL && (uintptr_t)block % align == 0);
    size_t offset = (size_t)(block - tiled.base);
    uint32_t granule = (uint32_t)(offset / model.granule);
    EXPECT(granule < model.count && offset % model.granule == 0);
    EXPECT(model.owner[granule] == 0);
    EXPECT(model_begin(granule, &found) == granule && found == from);
    model_set(granule, (uint32_t)granules, granule + 1);
}

/* Requires: a block that is out begins at `granule`. */
static void step_free(uint32_t granule)
{
    uint32_t size;

    EXPECT(model_begin(granule, &size) == granule);
    mn_region_free(region, address_of(granule));
    model_set(granule, size, 0);
}

/* Requires: as above. */
static void step_resize(uint32_t granule, size_t size)
{
    uint64_t granules = model_granules(size);
    uint32_t owner = granule + 1;
    uint32_t old;
    unsigned order = 0;

    EXPECT(model_begin(granule, &old) == granule);
    while (UINT64_C(1) << order < granules)
        order++;
    bool fits = granules <= old
                || ((model.number + granule) % granules == 0
                    && model_is_free(granule, order, owner));
    memcpy(before, control, control_size);
    EXPECT(mn_region_resize(region, address_of(granule), size) == fits);
    if (!fits) {
        expect_nothing_changed();
        return;
    }
    model_set(granule, old, 0);
    model_set(granule, (uint32_t)granules, owner);
}

/* ---- whether region and model agree ---- */

static bool walk_block(const struct mn_block *block, void *context)
{
    uint32_t *granule = context;
    uint32_t size;

    EXPECT(*granule < model.count);
    EXPECT(model_begin(*granule, &size) == *granule);
    EXPECT(block->start == address_of(*granule));
    EXPECT(block->size == size * model.granule);
    EXPECT((uintptr_t)block->start % block->size == 0);
    EXPECT(block->perm == MN_PERM_RW);
    EXPECT(block->state
           == (model.owner[*granule] == 0 ? MN_FREE : MN_ALLOCATED));
    *granule += size;
    return true;
}

static void expect_same(void)
{
    uint32_t granule = 0;

    EXPECT(mn_region_check(region));
    EXPECT(mn_region_walk(region, walk_block, &granule));
    EXPECT(granule == model.count);
}

/* What is told of an address is what the model says. */
static void expect_told(uint32_t granule, size_t offset)
{
    unsigned char *address = address_of(granule) + offset;
    uint32_t owner = model.owner[granule];
    enum mn_status status = MN_ERR_ADDRESS;
    struct mn_block block;
    uint32_t size;

    uint32_t begin = model_begin(granule, &size);
    EXPECT(mn_region_block_at(region, address, &block));
    EXPECT(block.start == address_of(begin));
    EXPECT(block.size == size * model.granule);
    EXPECT(block.state == (owner == 0 ? MN_FREE : MN_ALLOCATED));
    if (owner == 0)
        status = MN_ERR_DOUBLE_FREE;
    else if (owner == granule + 1 && offset == 0)
        status = MN_OK;
    EXPECT(mn_region_examine(region, address) == status);
}

static void expect_told_everywhere(void)
{
    struct mn_block block;

    for (uint32_t i = 0; i < model.count; i++) {
        expect_told(i, 0);
        expect_told(i, 1);
        expect_told(i, model.granule - 1);
    }
    EXPECT(!mn_region_block_at(region, tiled.base - 1, &block));
    EXPECT(!mn_region_block_at(region, tiled.base + tiled.size, &block));
}

/* ---- setup ---- */

static struct mn_tiled_place place_of(void *memory, size_t size, size_t granule)
{
    return (struct mn_tiled_place){.memory = memory,
                                   .memory_size = size,
                                   .granule = granule,
                                   .control = control,
                                   .control_size = sizeof control,
                                   .strategy = &mn_buddy};
}

static void setup_at(void *memory, uint32_t count, size_t granule)
{
    struct mn_tiled_place place = place_of(memory, count * granule, granule);

    control_size = mn_tiled_control_size(&place, 2);
    EXPECT(control_size > 0 && control_size <= sizeof control);
    memset(control, 0xa5, sizeof control);
    place.control_size = control_size;
    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
    memset(model.owner, 0, sizeof model.owner[0] * count);
    model.number = (uintptr_t)memory / granule;
    model.count = count;
    model.granule = granule;
    expect_same();
}

/* A region of addresses where there is no memory. */
static void setup(uint64_t number, uint32_t count)
{
    setup_at((void *)(uintptr_t)(number * GRANULE), count, GRANULE);
}

/* Links of granules where no free block begins have no meaning. */
static bool is_stale(size_t offset)
{
    size_t count = model.count < 2 ? 3 : model.count + 1;
    size_t links = control_size - 4 * count;
    uint32_t size;

    if (offset < links)
        return false;
    uint32_t granule = (uint32_t)((offset - links) / 4);
    return granule == 0 || granule > model.count
           || model.owner[granule - 1] != 0
           || model_begin(granule - 1, &size) != granule - 1;
}

#endif

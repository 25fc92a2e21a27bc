/* SPDX-License-Identifier: MIT */
/* strategy_model.h -- a strategy of the tiles against the simplest model.
 *
 * The model is an array of blocks by address, and every search looks at all of
 * it. A test includes a strategy's header, then this one, and defines
 * model_suits and model_prefers: which free blocks may be proposed, and which
 * of two is. Each operation must then choose exactly the block that the model
 * does. For a strategy that needs some setup, MODEL_PREPARE is a function that
 * does it.
 */
#ifndef MN_STRATEGY_MODEL_H
#define MN_STRATEGY_MODEL_H

#include "base/config.h"
#include "region/tiles_check.h"
#include "region/tiles_core.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#ifndef MODEL_PREPARE
#define MODEL_PREPARE(tiles) (void)(tiles)
#endif

/* First and next fit are defined by the low end. */
#ifdef MNI_TILES_LOW
enum { MODEL_TAKES_HIGH = false };
#else
enum { MODEL_TAKES_HIGH = true };
#endif

enum {
    MODEL_MAX = 1000, /* records, so blocks too */
    MODEL_STEPS = MN_DEBUG ? 40000 : 1000000,
    MODEL_SHAPE = 300
};

struct model_block {
    uint32_t start;
    uint32_t size;
    uint32_t record; /* of a block that is out, what the tiles call it */
    uint32_t stamp;  /* of a free block, larger the later it became so */
};

static struct {
    struct model_block block[MODEL_MAX];
    uint32_t count;
    uint32_t capacity;
    uint32_t origin;
    uint32_t records;
    uint32_t stamp;
    uint32_t rover; /* the start of the block allocated last */
} model;

static struct mni_tiles *tiles;

/* Whether free block `block` may be proposed for `size` granules. */
static bool model_suits(const struct model_block *block, uint32_t size);

/* Whether `a` rather than `b` is proposed. */
static bool model_prefers(const struct model_block *a,
                          const struct model_block *b);

/* ---- the model ---- */

static bool model_is_free(const struct model_block *block)
{
    return block->record == 0;
}

/* model.count for none. */
static uint32_t model_choose(uint32_t size)
{
    uint32_t best = model.count;

    for (uint32_t n = 0; n < model.count; n++) {
        const struct model_block *block = &model.block[n];
        if (model_is_free(block) && model_suits(block, size)
            && (best == model.count
                || model_prefers(block, &model.block[best])))
            best = n;
    }
    return best;
}

static bool model_has_spare(void)
{
    return model.count < model.records - 1;
}

static void model_insert(uint32_t n, uint32_t start, uint32_t size)
{
    EXPECT(model.count < MODEL_MAX);
    memmove(&model.block[n + 1], &model.block[n],
            (model.count - n) * sizeof model.block[0]);
    model.block[n] = (struct model_block){start, size, 0, ++model.stamp};
    model.count++;
}

/* Block n takes in its right neighbour, if that is free. */
static void model_absorb(uint32_t n)
{
    if (n + 1 >= model.count || !model_is_free(&model.block[n + 1]))
        return;
    model.block[n].size += model.block[n + 1].size;
    model.count--;
    memmove(&model.block[n + 1], &model.block[n + 2],
            (model.count - n - 1) * sizeof model.block[0]);
}

static void model_trim(uint32_t n, uint32_t size)
{
    struct model_block *block = &model.block[n];

    if (block->size - size < MNI_TILES_REST || !model_has_spare())
        return;
    model_insert(n + 1, block->start + size, block->size - size);
    block->size = size;
}

/* Whether an aligned block can be cut from block n, and `gap` from its start.
 */
static bool model_fits(uint32_t n, uint32_t size, uint32_t align, uint32_t *gap)
{
    if (n == model.count)
        return false;
    *gap = (0u - (model.origin + model.block[n].start)) & (align - 1);
    return (uint64_t)*gap + size <= model.block[n].size
           && (*gap == 0 || model_has_spare());
}

/* Whether the high end of block n is taken: the rest, if it is worth a block,
 * lies beside the smaller neighbour. */
static bool model_takes_high(uint32_t n, uint32_t size)
{
    uint32_t left = n > 0 ? model.block[n - 1].size : 0;
    uint32_t right = n + 1 < model.count ? model.block[n + 1].size : 0;

    return MODEL_TAKES_HIGH && right > left && model_has_spare()
           && model.block[n].size - size >= MNI_TILES_REST;
}

/* The block's number, or model.count. Its record is yet to be filled in. */
static uint32_t model_alloc(uint32_t size, uint32_t align)
{
    uint32_t gap = 0;

    if (size == 0 || size > model.capacity)
        return model.count;
    uint32_t n = model_choose(size);
    if (!model_fits(n, size, align, &gap)) {
        if (align == 1 || (uint64_t)size + align - 1 > model.capacity)
            return model.count;
        n = model_choose(size + align - 1);
        if (!model_fits(n, size, align, &gap))
            return model.count;
    }
    if (align == 1 && model_takes_high(n, size))
        gap = model.block[n].size - size;
    if (gap != 0) {
        model_insert(n, model.block[n].start, gap);
        n++;
        model.block[n].start += gap;
        model.block[n].size -= gap;
    }
    model_trim(n, size);
    model.rover = model.block[n].start;
    return n;
}

static void model_free(uint32_t n)
{
    model_absorb(n);
    model.block[n].record = 0;
    model.block[n].stamp = ++model.stamp;
    if (n == 0 || !model_is_free(&model.block[n - 1]))
        return;
    model.block[n - 1].stamp = model.stamp;
    model_absorb(n - 1);
}

static bool model_resize(uint32_t n, uint32_t size)
{
    uint32_t room = model.block[n].size;

    if (n + 1 < model.count && model_is_free(&model.block[n + 1]))
        room += model.block[n + 1].size;
    if (size == 0 || size > room)
        return false;
    model_absorb(n);
    model_trim(n, size);
    return true;
}

/* ---- both ---- */

static void both_begin(uint32_t capacity, uint32_t records, uint32_t origin)
{
    free(tiles);
    tiles = malloc(mni_tiles_bytes(records * MNI_TILE_UNIT));
    EXPECT(tiles != NULL);
    memset(tiles, 0xa5, mni_tiles_bytes(records * MNI_TILE_UNIT));
    MODEL_PREPARE(tiles);
    mni_tiles_init(tiles, capacity, records * MNI_TILE_UNIT, origin);
    model.capacity = capacity;
    model.records = records;
    model.origin = origin;
    model.count = 0;
    model.rover = 0;
    model_insert(0, 0, capacity);
}

/* The same blocks, in the same states; and every invariant holds. */
static void both_compare(void)
{
    uint32_t i = MNI_TILES_FIRST;

    EXPECT(mni_tiles_check(tiles));
    for (uint32_t n = 0; n < model.count; n++) {
        const struct model_block *block = &model.block[n];
        EXPECT(MNI_TILE(tiles, i).start == block->start);
        EXPECT(MNI_TILE(tiles, i).size == block->size);
        EXPECT(mni_tiles_is_free(tiles, i) == model_is_free(block));
        EXPECT(model_is_free(block) || block->record == i);
        i = MNI_TILE(tiles, i).right;
    }
    EXPECT(i == 0);
}

/* False if there is no such block. */
static bool both_alloc(uint32_t size, uint32_t align)
{
    uint32_t i = mni_tiles_alloc(tiles, size, align);
    uint32_t n = model_alloc(size, align);

    EXPECT((i == 0) == (n == model.count));
    if (i == 0)
        return false;
    EXPECT(MNI_TILE(tiles, i).start == model.block[n].start);
    EXPECT(MNI_TILE(tiles, i).size == model.block[n].size);
    model.block[n].record = i;
    return true;
}

static void both_free(uint32_t n)
{
    EXPECT(mni_tiles_free(tiles, model.block[n].record));
    model_free(n);
}

static void both_resize(uint32_t n, uint32_t size)
{
    uint32_t i = model.block[n].record;

    EXPECT(mni_tiles_resize(tiles, i, size) == model_resize(n, size));
    EXPECT(MNI_TILE(tiles, i).size == model.block[n].size);
}

/* The first block that is out from the n-th on, or model.count. */
static uint32_t both_out_from(uint32_t n)
{
    while (n < model.count && model_is_free(&model.block[n]))
        n++;
    return n;
}

/* ---- random steps ---- */

struct model_profile {
    uint32_t capacity;
    uint32_t records;
    uint32_t origin;
    uint32_t size_bits;  /* sizes are below 2^this */
    uint32_t align_bits; /* alignments too */
};

static uint32_t model_random(uint64_t *random, uint32_t below)
{
    return (uint32_t)(test_random(random) % below);
}

static uint32_t model_random_size(uint64_t *random, uint32_t bits)
{
    return 1 + model_random(random, 1u << (1 + model_random(random, bits)));
}

/* One operation; `chance` of 256 that it allocates. */
static void model_step(const struct model_profile *profile, uint64_t *random,
                       uint32_t chance)
{
    uint32_t size = model_random_size(random, profile->size_bits);
    uint32_t kind = model_random(random, 256);

    if (kind < chance) {
        uint32_t align = 1;
        if (kind % 4 == 0)
            align <<= model_random(random, profile->align_bits);
        (void)both_alloc(size, align);
        return;
    }
    uint32_t n = both_out_from(model_random(random, model.count));
    if (n == model.count)
        return;
    if (kind % 4 == 0)
        both_resize(n, kind % 16 == 0 ? model.block[n].size : size);
    else
        both_free(n);
}

static void model_run(const struct model_profile *profile, uint64_t seed)
{
    both_begin(profile->capacity, profile->records, profile->origin);
    for (int step = 0; step < MODEL_STEPS / 4; step++) {
        /* Filling up, then emptying, so that all fullnesses occur. */
        uint32_t chance = step / 1000 % 3 == 0   ? 170
                          : step / 1000 % 3 == 1 ? 130
                                                 : 100;
        model_step(profile, &seed, chance);
        if (step % 16 == 0)
            both_compare();
    }
    both_compare();
}

TEST(small_blocks_are_where_the_model_has_them)
{
    model_run(&(struct model_profile){1500, MODEL_MAX, 0, 4, 5}, 1);
}

TEST(blocks_of_all_sizes_are_where_the_model_has_them)
{
    model_run(&(struct model_profile){60000, MODEL_MAX, 77777, 12, 14}, 2);
}

TEST(equal_blocks_are_where_the_model_has_them)
{
    model_run(&(struct model_profile){700, MODEL_MAX, UINT32_MAX - 99, 1, 3},
              3);
}

TEST(blocks_are_where_the_model_has_them_when_records_run_out)
{
    model_run(&(struct model_profile){6000, 60, 12345, 8, 9}, 4);
}

/* ---- shapes that unbalance trees ---- */

enum shape_sizes { RISING, FALLING, EQUAL, ALTERNATING, SIZE_SHAPES };
enum shape_order { UPWARDS, DOWNWARDS, INWARDS, OUTWARDS, ORDER_SHAPES };

static uint32_t shape_size(enum shape_sizes sizes, uint32_t k)
{
    switch (sizes) {
    case RISING:
        return 1 + k / 2;
    case FALLING:
        return 1 + (MODEL_SHAPE - k) / 2;
    case ALTERNATING:
        return k % 2 == 0 ? 1 + k / 4 : 150 - k / 4;
    default:
        return 100;
    }
}

/* The k-th of MODEL_SHAPE in that order. */
static uint32_t shape_index(enum shape_order order, uint32_t k)
{
    if (order == OUTWARDS || order == DOWNWARDS)
        k = MODEL_SHAPE - 1 - k;
    if (order == UPWARDS || order == DOWNWARDS)
        return k;
    return k % 2 == 0 ? k / 2 : MODEL_SHAPE - 1 - k / 2;
}

/* The block that starts at `start`. */
static uint32_t shape_at(uint32_t start)
{
    uint32_t n = 0;

    while (n < model.count && model.block[n].start != start)
        n++;
    EXPECT(n < model.count);
    return n;
}

/* Free blocks of those sizes, each followed by one that is out, freed in that
 * order. */
static void shape_begin(enum shape_sizes sizes, enum shape_order order)
{
    static uint32_t start[MODEL_SHAPE];
    uint32_t end = 0;

    both_begin(60000, MODEL_MAX, 0);
    for (uint32_t k = 0; k < MODEL_SHAPE; k++) {
        start[k] = end;
        end += shape_size(sizes, k) + 1;
        EXPECT(both_alloc(shape_size(sizes, k), 1));
        EXPECT(both_alloc(1, 1));
    }
    for (uint32_t k = 0; k < MODEL_SHAPE; k++) {
        both_free(shape_at(start[shape_index(order, k)]));
        both_compare();
    }
}

/* Take all of it, largest first or smallest first; or let all of it merge. */
static void shape_end(enum shape_sizes sizes, enum shape_order order)
{
    if (order == INWARDS) {
        for (uint32_t n = both_out_from(0); n < model.count;
             n = both_out_from(n)) {
            both_free(n);
            both_compare();
        }
        EXPECT(model.count == 1);
        return;
    }
    for (uint32_t k = 0; k < MODEL_SHAPE; k++) {
        (void)both_alloc(shape_size(sizes, shape_index(order, k)), 1);
        both_compare();
    }
}

TEST(every_shape_of_free_blocks_is_served_as_in_the_model)
{
    for (int sizes = RISING; sizes < SIZE_SHAPES; sizes++) {
        for (int order = UPWARDS; order < ORDER_SHAPES; order++) {
            int last = MN_DEBUG ? order : ORDER_SHAPES - 1;
            for (int end = MN_DEBUG ? order : 0; end <= last; end++) {
                shape_begin((enum shape_sizes)sizes, (enum shape_order)order);
                shape_end((enum shape_sizes)sizes, (enum shape_order)end);
            }
        }
    }
}

#endif

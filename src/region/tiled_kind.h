/* SPDX-License-Identifier: MIT */
/* tiled_kind.h -- a kind of tiled region: addresses on top of the tiles.
 *
 * A file of a kind sets MNI_TILE_BITS, includes the header of a strategy, sets
 * MNI_TILED_KIND to the name of the kind, and includes this. All of it is
 * compiled together, so that the strategy costs no call.
 *
 * The tiles know granules and records. Here an address becomes a granule, and
 * the index leads to its record. So every operation is bounded, and an address
 * that is no block's is always seen.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "region/tiled.h"
#include "region/tiles_check.h"
#include "region/tiles_core.h"
#include "region/tiles_index.h"

_Static_assert(offsetof(struct mn_tiled, region) == 0, "kinds are cast");
_Static_assert(offsetof(struct mni_tiled_kind, ops) == 0, "kinds are cast");

enum { TILED_DEBUG_GRANULES = 1024 };

static struct mni_tile_index tiled_index(const struct mn_tiled *tiled)
{
    return (struct mni_tile_index){tiled->index, tiled->step_shift};
}

static size_t tiled_granule(const struct mn_tiled *tiled)
{
    return (size_t)1 << tiled->granule_shift;
}

/* Requires: 0 < size <= tiled->size. */
static uint32_t tiled_granules(const struct mn_tiled *tiled, size_t size)
{
    return (uint32_t)((size - 1) >> tiled->granule_shift) + 1;
}

static void tiled_block(const struct mn_tiled *tiled, uint32_t i,
                        struct mn_block *block)
{
    const struct mni_tiles *tiles = tiled->tiles;
    const struct mni_tile *tile = &MNI_TILE(tiles, i);

    block->start = tiled->base + ((size_t)tile->start << tiled->granule_shift);
    block->size = (size_t)tile->size << tiled->granule_shift;
    block->perm = MN_PERM_RW;
    block->state = mni_tiles_is_free(tiles, i) ? MN_FREE : MN_ALLOCATED;
}

static bool tiled_block_at(const struct mn_region *region, const void *address,
                           struct mn_block *block)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    /* Wraps for an address below base, so one comparison bounds both ends. */
    uintptr_t offset = (uintptr_t)address - (uintptr_t)tiled->base;

    if (offset >= tiled->size)
        return false;
    tiled_block(tiled,
                mni_tile_index_at(tiled_index(tiled), tiled->tiles,
                                  (uint32_t)(offset >> tiled->granule_shift)),
                block);
    return true;
}

/* Say why `address` is not a block that is out. */
static _Noreturn __attribute__((cold, noinline)) void
tiled_stop(const struct mn_tiled *tiled, const char *operation,
           const void *address)
{
    struct mn_block block;

    if (!tiled_block_at(&tiled->region, address, &block))
        mni_stop_at(operation, address, "foreign address", NULL);
    if (block.state == MN_FREE)
        mni_stop_at(operation, address, "block is already free", &block);
    mni_stop_at(operation, address, "pointer into a block", &block);
}

/* The record of the block that begins at `address` and is out. Any other
 * address stops the program. */
static inline uint32_t tiled_record(const struct mn_tiled *tiled,
                                    const char *operation, const void *address)
{
    const struct mni_tiles *tiles = tiled->tiles;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)tiled->base;
    uint32_t granule = (uint32_t)(offset >> tiled->granule_shift);

    if (offset >= tiled->size
        || (uintptr_t)granule << tiled->granule_shift != offset)
        tiled_stop(tiled, operation, address);
    const MNI_TILE_LINK *entry = tiled->index;
    uint32_t i = entry[granule >> tiled->step_shift];
    if (MNI_TILE(tiles, i).start != granule) {
        i = mni_tile_index_find(tiled_index(tiled), tiles, granule);
        if (i == 0)
            tiled_stop(tiled, operation, address);
    }
    if (MNI_TILE(tiles, i).list != MNI_TILES_USED)
        tiled_stop(tiled, operation, address);
    return i;
}

static bool tiled_check(const struct mn_region *region)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const struct mni_tiles *tiles = tiled->tiles;

    return tiled->granule_count == tiles->capacity
           && tiled->size
                  == (size_t)tiled->granule_count << tiled->granule_shift
           && (uintptr_t)tiled->base % tiled_granule(tiled) == 0
           && (uint32_t)((uintptr_t)tiled->base >> tiled->granule_shift)
                  == tiles->origin
           && mni_tiles_check(tiles)
           && mni_tile_index_check(tiled_index(tiled), tiles);
}

/* For debug builds: reading the state of a large region at each step would
 * make a program too slow to be debugged. */
static bool tiled_check_small(const struct mn_tiled *tiled)
{
    return tiled->granule_count > TILED_DEBUG_GRANULES
           || tiled_check(&tiled->region);
}

/* The index with a shift that the compiler sees to be 0, where it is. */
static inline struct mni_tile_index tiled_index_dense(struct mn_tiled *tiled)
{
    return (struct mni_tile_index){tiled->index, 0};
}

/* The address of block `i`, which has just been handed out; 0 is none. */
MNI_TILE_INLINE void *tiled_hand_out(struct mn_tiled *tiled, uint32_t i)
{
    const struct mni_tiles *tiles = tiled->tiles;

    if (i == 0)
        return NULL;
    if (tiled->step_shift == 0)
        mni_tile_index_taken(tiled_index_dense(tiled), tiles, i);
    else
        mni_tile_index_taken(tiled_index(tiled), tiles, i);
    return tiled->base
           + ((size_t)MNI_TILE(tiles, i).start << tiled->granule_shift);
}

/* Apart from the common case, which is shorter without it. */
static __attribute__((noinline)) void *
tiled_alloc_aligned(struct mn_tiled *tiled, size_t size, size_t align_granules)
{
    struct mni_tiles *tiles = tiled->tiles;

    if (align_granules > UINT32_C(1) << 31)
        return NULL;
    return tiled_hand_out(tiled,
                          mni_tiles_alloc(tiles, tiled_granules(tiled, size),
                                          (uint32_t)align_granules));
}

static void *tiled_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct mn_tiled *tiled = (struct mn_tiled *)region;
    size_t align_granules = align >> tiled->granule_shift;
    void *block = NULL;

    MN_ASSERT(tiled_check_small(tiled));
    if (size > tiled->size)
        return NULL;
    if (align_granules > 1)
        block = tiled_alloc_aligned(tiled, size, align_granules);
    else
        block = tiled_hand_out(
            tiled,
            mni_tiles_alloc(tiled->tiles, tiled_granules(tiled, size), 1));
    MN_ASSERT(tiled_check_small(tiled));
    return block;
}

static void tiled_free(struct mn_region *region, void *address)
{
    struct mn_tiled *tiled = (struct mn_tiled *)region;
    struct mni_tiles *tiles = tiled->tiles;

    MN_ASSERT(tiled_check_small(tiled));
    uint32_t i = tiled_record(tiled, "free", address);
    i = mni_tiles_release(tiles, i);
    if (tiled->step_shift == 0)
        mni_tile_index_released(tiled_index_dense(tiled), tiles, i);
    else
        mni_tile_index_released(tiled_index(tiled), tiles, i);
    MN_ASSERT(tiled_check_small(tiled));
}

static bool tiled_resize(struct mn_region *region, void *address, size_t size)
{
    struct mn_tiled *tiled = (struct mn_tiled *)region;
    struct mni_tiles *tiles = tiled->tiles;

    MN_ASSERT(tiled_check_small(tiled));
    uint32_t i = tiled_record(tiled, "resize", address);
    if (size > tiled->size
        || !mni_tiles_resize(tiles, i, tiled_granules(tiled, size)))
        return false;
    struct mni_tile_index index = tiled_index(tiled);
    uint32_t right = MNI_TILE(tiles, i).right;
    mni_tile_index_pivot(index, tiles, i);
    if (right != 0) {
        mni_tile_index_start(index, tiles, right);
        mni_tile_index_pivot(index, tiles, right);
    }
    if (right != 0 && MNI_TILE(tiles, right).right != 0)
        mni_tile_index_start(index, tiles, MNI_TILE(tiles, right).right);
    MN_ASSERT(tiled_check_small(tiled));
    return true;
}

static bool tiled_walk(const struct mn_region *region, mn_block_fn visit,
                       void *context)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const struct mni_tiles *tiles = tiled->tiles;

    for (uint32_t i = MNI_TILES_FIRST; i != 0; i = MNI_TILE(tiles, i).right) {
        struct mn_block block;
        tiled_block(tiled, i, &block);
        if (!visit(&block, context))
            return false;
    }
    return true;
}

static void tiled_begin(struct mn_tiled *tiled, uint32_t count,
                        const struct mn_tiled_place *place)
{
    struct mni_tiles *tiles = tiled->tiles;
    uint32_t origin =
        (uint32_t)((uintptr_t)tiled->base >> tiled->granule_shift);

#ifdef MNI_TILES_USER
    tiles->user = place->strategy;
    tiles->state = place->state;
#else
    (void)place;
#endif
    mni_tiles_init(tiles, tiled->granule_count, count * MNI_TILE_UNIT, origin);
    mni_tile_index_start(tiled_index(tiled), tiles, MNI_TILES_FIRST);
    mni_tile_index_pivot(tiled_index(tiled), tiles, MNI_TILES_FIRST);
    MN_ASSERT(tiled_check_small(tiled));
}

static uint32_t tiled_count(const struct mn_tiled *tiled)
{
    const struct mni_tiles *tiles = tiled->tiles;

    return tiles->count / MNI_TILE_UNIT;
}

static bool tiled_spare(const struct mn_tiled *tiled)
{
    return mni_tiles_has_spare(tiled->tiles);
}

static void tiled_grow(struct mn_tiled *tiled, uint32_t count)
{
    mni_tiles_grow(tiled->tiles, count * MNI_TILE_UNIT);
}

#ifndef MNI_TILED_STATIC
#define MNI_TILED_STATIC /* static, for a kind of one source alone */
#endif
MNI_TILED_STATIC const struct mni_tiled_kind MNI_TILED_KIND = {
    .ops = {.name = "tiled",
            .alloc = tiled_alloc,
            .resize = tiled_resize,
            .free = tiled_free,
            .check = tiled_check,
            .block_at = tiled_block_at,
            .walk = tiled_walk},
    .granules_max = MNI_TILES_CAPACITY_MAX,
    .count_max = MNI_TILES_MAX / MNI_TILE_UNIT,
    .record_size = sizeof(struct mni_tile),
    .entry_size = sizeof(MNI_TILE_LINK),
    .head_size = offsetof(struct mni_tiles, record),
    .begin = tiled_begin,
    .count = tiled_count,
    .spare = tiled_spare,
    .grow = tiled_grow,
};

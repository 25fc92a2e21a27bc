/* SPDX-License-Identifier: MIT */
/* tiled.c -- the tiled region: addresses on top of the tiles.
 *
 * The tiles know granules and records. Here an address becomes a granule; a
 * bit tells whether a block begins there, and the index its record. So every
 * operation is bounded, and an address that is no block's is always seen.
 *
 * Control memory: starts | index | tiles, whose records come last, so that
 * more can be added. An index entry counts only while its start bit is set.
 */
#include "region/tiled.h"

#include "base/assert.h"
#include "base/bits.h"
#include "region/starts.h"
#include "region/tiles.h"

_Static_assert(offsetof(struct mn_tiled, region) == 0, "kinds are cast");
_Static_assert(_Alignof(struct mni_tiles) == _Alignof(uint32_t),
               "control memory is words");

enum { TILED_CONTROL_ALIGN = 8, TILED_DEBUG_GRANULES = 1024 };

static const struct mn_region_ops tiled_ops;

static size_t tiled_granule(const struct mn_tiled *tiled)
{
    return (size_t)1 << tiled->granule_shift;
}

/* Requires: 0 < size <= tiled->size. */
static uint32_t tiled_granules(const struct mn_tiled *tiled, size_t size)
{
    return (uint32_t)(((size - 1) >> tiled->granule_shift) + 1);
}

static void tiled_block(const struct mn_tiled *tiled, uint32_t i,
                        struct mn_block *block)
{
    const struct mni_tile *tile = &tiled->tiles->record[i];

    block->start = tiled->base + ((size_t)tile->start << tiled->granule_shift);
    block->size = (size_t)tile->size << tiled->granule_shift;
    block->perm = MN_PERM_RW;
    block->state = mni_tiles_is_free(tiled->tiles, i) ? MN_FREE : MN_ALLOCATED;
}

/* Note that block `i` begins where it does; 0 is no block. */
static void tiled_mark(struct mn_tiled *tiled, uint32_t i)
{
    uint32_t granule = tiled->tiles->record[i].start;

    if (i == 0)
        return;
    tiled->index[granule] = i;
    mni_starts_set(tiled->starts, tiled->granule_count, granule);
}

static void tiled_unmark(struct mn_tiled *tiled, uint32_t granule)
{
    mni_starts_clear(tiled->starts, tiled->granule_count, granule);
}

static bool tiled_block_at(const struct mn_region *region, const void *address,
                           struct mn_block *block)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    /* Wraps for an address below base, so one comparison bounds both ends. */
    uintptr_t offset = (uintptr_t)address - (uintptr_t)tiled->base;

    if (offset >= tiled->size)
        return false;
    uint32_t granule = (uint32_t)(offset >> tiled->granule_shift);
    granule = mni_starts_before(tiled->starts, tiled->granule_count, granule);
    tiled_block(tiled, tiled->index[granule], block);
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
static uint32_t tiled_record(const struct mn_tiled *tiled,
                             const char *operation, const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)tiled->base;
    uint32_t granule = (uint32_t)(offset >> tiled->granule_shift);

    if (offset >= tiled->size || offset % tiled_granule(tiled) != 0
        || !mni_starts_get(tiled->starts, granule))
        tiled_stop(tiled, operation, address);
    uint32_t i = tiled->index[granule];
    if (mni_tiles_is_free(tiled->tiles, i))
        tiled_stop(tiled, operation, address);
    MN_ASSERT(tiled->tiles->record[i].start == granule);
    return i;
}

/* Each block has its start marked and indexed, and no other granule has. */
static bool tiled_check_starts(const struct mn_tiled *tiled)
{
    const struct mni_tiles *tiles = tiled->tiles;
    uint32_t count = 0;

    for (uint32_t i = MNI_TILES_FIRST; i != 0; i = tiles->record[i].right) {
        uint32_t granule = tiles->record[i].start;
        if (!mni_starts_get(tiled->starts, granule)
            || tiled->index[granule] != i)
            return false;
        count++;
    }
    return mni_starts_check(tiled->starts, tiled->granule_count, count);
}

static bool tiled_check(const struct mn_region *region)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;

    return tiled->granule_count == tiled->tiles->capacity
           && tiled->size
                  == (size_t)tiled->granule_count << tiled->granule_shift
           && (uintptr_t)tiled->base % tiled_granule(tiled) == 0
           && (uint32_t)((uintptr_t)tiled->base >> tiled->granule_shift)
                  == tiled->tiles->origin
           && mni_tiles_check(tiled->tiles) && tiled_check_starts(tiled);
}

/* For debug builds: reading the state of a large region at each step would
 * make a program too slow to be debugged. */
static bool tiled_check_small(const struct mn_tiled *tiled)
{
    return tiled->granule_count > TILED_DEBUG_GRANULES
           || tiled_check(&tiled->region);
}

static void *tiled_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct mn_tiled *tiled = (struct mn_tiled *)region;
    struct mni_tiles *tiles = tiled->tiles;
    size_t align_granules = align >> tiled->granule_shift;

    MN_ASSERT(tiled_check_small(tiled));
    if (size > tiled->size || align_granules > UINT32_C(1) << 31)
        return NULL;
    if (align_granules == 0)
        align_granules = 1;
    uint32_t i = mni_tiles_alloc(tiles, tiled_granules(tiled, size),
                                 (uint32_t)align_granules);
    if (i == 0)
        return NULL;
    tiled_mark(tiled, i);
    tiled_mark(tiled, tiles->record[i].right);
    MN_ASSERT(tiled_check_small(tiled));
    return tiled->base
           + ((size_t)tiles->record[i].start << tiled->granule_shift);
}

static void tiled_free(struct mn_region *region, void *address)
{
    struct mn_tiled *tiled = (struct mn_tiled *)region;
    struct mni_tiles *tiles = tiled->tiles;

    MN_ASSERT(tiled_check_small(tiled));
    uint32_t i = tiled_record(tiled, "free", address);
    uint32_t right = tiles->record[i].right;
    if (mni_tiles_is_free(tiles, right))
        tiled_unmark(tiled, tiles->record[right].start);
    if (mni_tiles_is_free(tiles, tiles->record[i].left))
        tiled_unmark(tiled, tiles->record[i].start);
    MN_CHECK(mni_tiles_free(tiles, i), "record of a block is damaged");
    MN_ASSERT(tiled_check_small(tiled));
}

static bool tiled_resize(struct mn_region *region, void *address, size_t size)
{
    struct mn_tiled *tiled = (struct mn_tiled *)region;
    struct mni_tiles *tiles = tiled->tiles;

    MN_ASSERT(tiled_check_small(tiled));
    uint32_t i = tiled_record(tiled, "resize", address);
    uint32_t right = tiles->record[i].right;
    bool absorbs = mni_tiles_is_free(tiles, right);
    uint32_t right_start = tiles->record[right].start;
    if (size > tiled->size
        || !mni_tiles_resize(tiles, i, tiled_granules(tiled, size)))
        return false;
    if (absorbs)
        tiled_unmark(tiled, right_start);
    tiled_mark(tiled, tiles->record[i].right);
    MN_ASSERT(tiled_check_small(tiled));
    return true;
}

static bool tiled_walk(const struct mn_region *region, mn_block_fn visit,
                       void *context)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const struct mni_tiles *tiles = tiled->tiles;

    for (uint32_t i = MNI_TILES_FIRST; i != 0; i = tiles->record[i].right) {
        struct mn_block block;
        tiled_block(tiled, i, &block);
        if (!visit(&block, context))
            return false;
    }
    return true;
}

static const struct mn_region_ops tiled_ops = {
    .name = "tiled",
    .alloc = tiled_alloc,
    .resize = tiled_resize,
    .free = tiled_free,
    .check = tiled_check,
    .block_at = tiled_block_at,
    .walk = tiled_walk,
};

/* Granules in the memory, or 0 if it cannot be covered. */
static uint32_t tiled_geometry(uintptr_t memory, size_t memory_size,
                               size_t granule)
{
    if (!mni_is_power_of_two(granule) || granule < MN_TILED_GRANULE_MIN
        || memory == 0 || memory % granule != 0 || memory_size % granule != 0
        || memory_size > UINTPTR_MAX - memory
        || memory_size / granule > MNI_TILES_CAPACITY_MAX)
        return 0;
    return (uint32_t)(memory_size / granule);
}

/* Bytes of control memory in front of the tiles; 0 if they cannot be. */
static size_t tiled_tiles_offset(uint32_t granule_count)
{
    size_t words;
    size_t offset;

    if (!mni_add(mni_starts_words(granule_count), granule_count, &words)
        || !mni_multiply(words, sizeof(uint32_t), &offset))
        return 0;
    return offset;
}

static uint32_t tiled_count_max(uint32_t granule_count)
{
    /* Every block a granule, and the sink; but never less than two blocks. */
    if (granule_count < 2)
        return 3;
    return granule_count < MNI_TILES_MAX ? granule_count + 1 : MNI_TILES_MAX;
}

size_t mni_tiled_layout_bytes(uint32_t granule_count, uint32_t count)
{
    return tiled_tiles_offset(granule_count) + mni_tiles_bytes(count);
}

size_t mni_tiled_control_bytes(const struct mn_tiled *tiled, uint32_t count)
{
    return mni_tiled_layout_bytes(tiled->granule_count, count);
}

/* Describe the memory. Requires: tiled_geometry gave granule_count for it. */
static void tiled_cover(struct mn_tiled *tiled, void *memory, size_t granule,
                        uint32_t granule_count)
{
    tiled->region.ops = &tiled_ops;
    tiled->base = memory;
    tiled->granule_shift = mni_highest_bit(granule);
    tiled->granule_count = granule_count;
    tiled->size = (size_t)granule_count << tiled->granule_shift;
}

/* Lay out the control memory. Requires: the starts are zero; `count` records
 * fit. */
static void tiled_begin(struct mn_tiled *tiled, void *control, uint32_t count)
{
    size_t offset = tiled_tiles_offset(tiled->granule_count);
    uint32_t origin =
        (uint32_t)((uintptr_t)tiled->base >> tiled->granule_shift);

    tiled->starts = control;
    tiled->index = tiled->starts + mni_starts_words(tiled->granule_count);
    tiled->tiles = (void *)((unsigned char *)control + offset);
    mni_tiles_init(tiled->tiles, tiled->granule_count, count, origin);
    tiled_mark(tiled, MNI_TILES_FIRST);
    MN_ASSERT(tiled_check_small(tiled));
}

enum mn_status mni_tiled_init_growing(struct mn_tiled *tiled,
                                      const struct mn_tiled_place *place,
                                      uint32_t first_count)
{
    uint32_t granule_count = tiled_geometry((uintptr_t)place->memory,
                                            place->memory_size, place->granule);

    if (granule_count == 0 || tiled_tiles_offset(granule_count) == 0
        || (uintptr_t)place->control % TILED_CONTROL_ALIGN != 0
        || place->control == NULL || first_count < 3
        || first_count > MNI_TILES_MAX
        || mni_tiled_layout_bytes(granule_count, first_count)
               > place->control_size)
        return MN_ERR_INVALID;
    tiled_cover(tiled, place->memory, place->granule, granule_count);
    tiled_begin(tiled, place->control, first_count);
    return MN_OK;
}

uint32_t mni_tiled_count(const struct mn_tiled *tiled)
{
    return tiled->tiles->count;
}

bool mni_tiled_spare(const struct mn_tiled *tiled)
{
    return mni_tiles_has_spare(tiled->tiles);
}

void mni_tiled_grow(struct mn_tiled *tiled, uint32_t count)
{
    MN_ASSERT(count <= MNI_TILES_MAX);
    mni_tiles_grow(tiled->tiles, count);
}

size_t mn_tiled_control_size(const struct mn_tiled_place *place,
                             size_t block_count)
{
    /* Any address that is a multiple of the granule will do. */
    uint32_t granule_count =
        tiled_geometry(place->granule, place->memory_size, place->granule);

    if (granule_count == 0 || block_count < 2)
        return 0;
    size_t offset = tiled_tiles_offset(granule_count);
    if (block_count >= tiled_count_max(granule_count))
        block_count = tiled_count_max(granule_count) - 1;
    return offset == 0 ? 0
                       : offset + mni_tiles_bytes((uint32_t)block_count + 1);
}

enum mn_status mn_tiled_init(struct mn_tiled *tiled,
                             const struct mn_tiled_place *place)
{
    void *control = place->control;
    uint32_t granule_count = tiled_geometry((uintptr_t)place->memory,
                                            place->memory_size, place->granule);

    if (granule_count == 0 || tiled_tiles_offset(granule_count) == 0
        || control == NULL || (uintptr_t)control % TILED_CONTROL_ALIGN != 0
        || place->control_size < mni_tiled_layout_bytes(granule_count, 3))
        return MN_ERR_INVALID;
    size_t count =
        (place->control_size - mni_tiled_layout_bytes(granule_count, 0))
        / sizeof(struct mni_tile);
    if (count > tiled_count_max(granule_count))
        count = tiled_count_max(granule_count);
    /* The builtin: without a C library there is no header to name it. */
    __builtin_memset(control, 0,
                     mni_starts_words(granule_count) * sizeof(uint32_t));
    tiled_cover(tiled, place->memory, place->granule, granule_count);
    tiled_begin(tiled, control, (uint32_t)count);
    return MN_OK;
}

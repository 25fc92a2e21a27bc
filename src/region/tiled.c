/* SPDX-License-Identifier: MIT */
/* tiled.c -- tiled regions of every kind: geometry, and control memory.
 *
 * Control memory: index | tiles, whose records come last, so that more can be
 * added.
 */
#include "region/tiled.h"

#include "base/assert.h"
#include "base/bits.h"

enum { TILED_CONTROL_ALIGN = 8, TILED_STEP_MAX = 64, TILED_COUNT_MIN = 3 };

static const struct mni_tiled_kind *tiled_kind(const struct mn_tiled *tiled)
{
    return (const struct mni_tiled_kind *)tiled->region.ops;
}

/* Granules in the memory, or 0 if it cannot be covered. */
static uint32_t tiled_geometry(const struct mn_tiled_place *place,
                               uintptr_t memory)
{
    if (!mni_is_power_of_two(place->granule)
        || place->granule < MN_TILED_GRANULE_MIN || memory == 0
        || memory % place->granule != 0
        || place->memory_size % place->granule != 0
        || place->memory_size > UINTPTR_MAX - memory
        || place->memory_size / place->granule > INT32_MAX
        || place->step > TILED_STEP_MAX
        || (place->step != 0 && !mni_is_power_of_two(place->step)))
        return 0;
    return (uint32_t)(place->memory_size / place->granule);
}

static unsigned tiled_step_shift(const struct mn_tiled_place *place)
{
    return place->step == 0 ? 0 : mni_highest_bit(place->step);
}

/* The narrowest kind of the strategy that can count so many granules and
 * records, or NULL. */
static const struct mni_tiled_kind *
tiled_choose(const struct mn_tiled_place *place, uint32_t granule_count,
             size_t record_count)
{
    const struct mn_strategy *strategy = place->strategy;

    if (strategy == NULL || strategy->kinds == NULL)
        return NULL;
    for (size_t i = 0; strategy->kinds[i] != NULL; i++) {
        const struct mni_tiled_kind *kind = strategy->kinds[i];
        if (granule_count <= kind->granules_max
            && !(kind->positional && place->step > 1)
            && (record_count <= kind->count_max
                || strategy->kinds[i + 1] == NULL))
            return kind;
    }
    return NULL;
}

/* Bytes of control memory in front of the tiles; 0 if they cannot be. */
static size_t tiled_index_bytes(const struct mni_tiled_kind *kind,
                                uint32_t granule_count, unsigned step_shift)
{
    size_t entries = ((size_t)(granule_count - 1) >> step_shift) + 1;
    size_t bytes;

    if (!mni_multiply(entries, kind->entry_size, &bytes)
        || bytes > SIZE_MAX - TILED_CONTROL_ALIGN)
        return 0;
    return mni_round_up(bytes, TILED_CONTROL_ALIGN);
}

/* Bytes for `count` records as well. */
static size_t tiled_bytes(const struct mni_tiled_kind *kind,
                          uint32_t granule_count, unsigned step_shift,
                          uint32_t count)
{
    return tiled_index_bytes(kind, granule_count, step_shift) + kind->head_size
           + (size_t)count * kind->record_size;
}

/* Records that can be of use: every block a granule, and the sink; but never
 * less than two blocks. */
static uint32_t tiled_count_max(const struct mni_tiled_kind *kind,
                                uint32_t granule_count)
{
    if (granule_count < TILED_COUNT_MIN - 1)
        return TILED_COUNT_MIN;
    return granule_count < kind->count_max ? granule_count + 1
                                           : kind->count_max;
}

/* The least that a region can do with. */
static uint32_t tiled_count_min(const struct mni_tiled_kind *kind,
                                uint32_t granule_count)
{
    return kind->positional ? tiled_count_max(kind, granule_count)
                            : TILED_COUNT_MIN;
}

/* Describe the memory and lay out the control memory. */
static void tiled_cover(struct mn_tiled *tiled,
                        const struct mni_tiled_kind *kind,
                        const struct mn_tiled_place *place,
                        uint32_t granule_count)
{
    unsigned step_shift = tiled_step_shift(place);

    tiled->region.ops = &kind->ops;
    tiled->base = place->memory;
    tiled->granule_shift = (unsigned char)mni_highest_bit(place->granule);
    tiled->step_shift = (unsigned char)step_shift;
    tiled->granule_count = granule_count;
    tiled->size = place->memory_size;
    tiled->index = place->control;
    tiled->tiles = (unsigned char *)place->control
                   + tiled_index_bytes(kind, granule_count, step_shift);
}

size_t mn_tiled_control_size(const struct mn_tiled_place *place,
                             size_t block_count)
{
    /* Any address that is a multiple of the granule will do. */
    uint32_t granule_count = tiled_geometry(place, place->granule);

    if (granule_count == 0 || block_count < TILED_COUNT_MIN - 1)
        return 0;
    if (block_count > granule_count)
        block_count = granule_count;
    const struct mni_tiled_kind *kind =
        tiled_choose(place, granule_count, block_count + 1);
    if (kind == NULL
        || tiled_index_bytes(kind, granule_count, tiled_step_shift(place)) == 0)
        return 0;
    uint32_t count = tiled_count_max(kind, granule_count);
    if (block_count < count)
        count = (uint32_t)block_count + 1;
    if (count < tiled_count_min(kind, granule_count))
        count = tiled_count_min(kind, granule_count);
    return tiled_bytes(kind, granule_count, tiled_step_shift(place), count);
}

/* The kind for a region with that control memory, and how many records it has
 * room for; NULL if that is too few. */
static const struct mni_tiled_kind *
tiled_fit(const struct mn_tiled_place *place, uint32_t granule_count,
          uint32_t *count)
{
    const struct mni_tiled_kind *kind = tiled_choose(place, granule_count, 0);
    unsigned step_shift = tiled_step_shift(place);

    if (kind == NULL || tiled_index_bytes(kind, granule_count, step_shift) == 0
        || place->control_size
               < tiled_bytes(kind, granule_count, step_shift,
                             tiled_count_min(kind, granule_count)))
        return NULL;
    size_t fit =
        (place->control_size - tiled_bytes(kind, granule_count, step_shift, 0))
        / kind->record_size;
    *count = tiled_count_max(kind, granule_count);
    if (fit < *count)
        *count = (uint32_t)fit;
    return kind;
}

enum mn_status mn_tiled_init(struct mn_tiled *tiled,
                             const struct mn_tiled_place *place)
{
    uint32_t granule_count = tiled_geometry(place, (uintptr_t)place->memory);
    uint32_t count = 0;

    if (granule_count == 0 || place->control == NULL
        || (uintptr_t)place->control % TILED_CONTROL_ALIGN != 0)
        return MN_ERR_INVALID;
    const struct mni_tiled_kind *kind = tiled_fit(place, granule_count, &count);
    if (kind == NULL)
        return MN_ERR_INVALID;
    tiled_cover(tiled, kind, place, granule_count);
    /* The builtin: without a C library there is no header to name it. */
    __builtin_memset(tiled->index, 0,
                     tiled_index_bytes(kind, granule_count, tiled->step_shift));
    kind->begin(tiled, count, place);
    return MN_OK;
}

enum mn_status mni_tiled_init_growing(struct mn_tiled *tiled,
                                      const struct mn_tiled_place *place,
                                      uint32_t first_count)
{
    const struct mni_tiled_kind *kind = &mni_tiled_spans;
    uint32_t granule_count = tiled_geometry(place, (uintptr_t)place->memory);

    if (granule_count == 0 || tiled_index_bytes(kind, granule_count, 0) == 0
        || (uintptr_t)place->control % TILED_CONTROL_ALIGN != 0
        || place->control == NULL || first_count < TILED_COUNT_MIN
        || first_count > kind->count_max
        || mni_tiled_layout_bytes(granule_count, first_count)
               > place->control_size)
        return MN_ERR_INVALID;
    tiled_cover(tiled, kind, place, granule_count);
    kind->begin(tiled, first_count, place);
    return MN_OK;
}

size_t mni_tiled_layout_bytes(uint32_t granule_count, uint32_t count)
{
    return tiled_bytes(&mni_tiled_spans, granule_count, 0, count);
}

size_t mni_tiled_control_bytes(const struct mn_tiled *tiled, uint32_t count)
{
    return tiled_bytes(tiled_kind(tiled), tiled->granule_count,
                       tiled->step_shift, count);
}

uint32_t mni_tiled_count(const struct mn_tiled *tiled)
{
    return tiled_kind(tiled)->count(tiled);
}

uint32_t mni_tiled_count_most(const struct mn_tiled *tiled)
{
    return tiled_count_max(tiled_kind(tiled), tiled->granule_count);
}

bool mni_tiled_spare(const struct mn_tiled *tiled)
{
    return tiled_kind(tiled)->spare(tiled);
}

void mni_tiled_grow(struct mn_tiled *tiled, uint32_t count)
{
    MN_ASSERT(count <= tiled_kind(tiled)->count_max);
    tiled_kind(tiled)->grow(tiled, count);
}

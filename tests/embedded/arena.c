/* SPDX-License-Identifier: MIT */
/* arena.c -- dividing an arena into records and memory, and looking at it. */
#include "arena.h"

#include "test.h"

_Alignas(ARENA_ALIGN) unsigned char arena_bytes[ARENA_SIZE];

/* Records for so much memory: blocks of 96 bytes on average, and some more. */
static size_t arena_blocks(size_t memory_size)
{
    return 8 + memory_size / 96;
}

/* As much memory at the start of the arena as leaves its records room. */
static size_t arena_memory_size(const struct mn_tiled_place *wanted,
                                size_t room)
{
    struct mn_tiled_place place = *wanted;

    place.memory_size = room & ~((size_t)ARENA_GRANULE - 1);
    for (; place.memory_size > 0; place.memory_size -= ARENA_GRANULE) {
        size_t control =
            mn_tiled_control_size(&place, arena_blocks(place.memory_size));
        if (control != 0 && control <= room - place.memory_size)
            return place.memory_size;
    }
    return 0;
}

bool arena_tiled(struct arena *arena, size_t size,
                 const struct mn_strategy *strategy, size_t step)
{
    size_t room = (size - sizeof(struct mn_tiled)) & ~(size_t)7;
    struct mn_tiled *tiled = (void *)(arena_bytes + room);
    struct mn_tiled_place place = {
        .memory = arena_bytes,
        .granule = ARENA_GRANULE,
        .strategy = strategy,
        .step = step,
    };

    EXPECT(size <= ARENA_SIZE);
    place.memory_size = arena_memory_size(&place, room);
    if (place.memory_size == 0)
        return false;
    place.control = arena_bytes + place.memory_size;
    place.control_size = room - place.memory_size;
    EXPECT(mn_tiled_init(tiled, &place) == MN_OK);
    arena->region = &tiled->region;
    arena->memory = place.memory;
    arena->size = place.memory_size;
    EXPECT(mn_region_check(arena->region));
    return true;
}

void arena_bump(struct arena *arena, size_t size)
{
    size_t room = (size - sizeof(struct mn_bump)) & ~(size_t)7;
    struct mn_bump *bump = (void *)(arena_bytes + room);

    EXPECT(size <= ARENA_SIZE);
    arena->memory = arena_bytes;
    arena->size = room;
    EXPECT(mn_bump_init(bump, arena->memory, arena->size) == MN_OK);
    arena->region = &bump->region;
    EXPECT(mn_region_check(arena->region));
}

static bool arena_counts(const struct mn_block *block, void *context)
{
    EXPECT(block->size > 0);
    ++*(size_t *)context;
    return true;
}

size_t arena_block_count(const struct arena *arena)
{
    size_t count = 0;

    EXPECT(mn_region_walk(arena->region, arena_counts, &count));
    return count;
}

static bool arena_measures(const struct mn_block *block, void *context)
{
    size_t *largest = context;

    if (block->state == MN_FREE && block->size > *largest)
        *largest = block->size;
    return true;
}

size_t arena_largest_free(const struct arena *arena)
{
    size_t largest = 0;

    EXPECT(mn_region_walk(arena->region, arena_measures, &largest));
    return largest;
}

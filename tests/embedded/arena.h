/* SPDX-License-Identifier: MIT */
/* arena.h -- a region in one piece of memory, as firmware has it: the region
 * itself, its records and its blocks all lie in there. */
#ifndef EMBEDDED_ARENA_H
#define EMBEDDED_ARENA_H

#include <mn/strategy.h>

enum {
    ARENA_GRANULE = 8,
    ARENA_ALIGN = 256,      /* of every arena, so that offsets tell alignment */
    ARENA_SMALL_SIZE = 1024 /* the least that a region is tested in */
};

struct arena {
    struct mn_region *region;
    unsigned char *memory; /* what is handed out */
    size_t size;           /* of it */
};

/* The memory of ARENA_SIZE bytes that all tests use, one at a time. */
extern unsigned char arena_bytes[];

/* A tiled region in the first `size` of them, with an entry of the index for
 * `step` granules; false if its records and a block of a granule do not fit. */
bool arena_tiled(struct arena *arena, size_t size,
                 const struct mn_strategy *strategy, size_t step);

/* A bump region there. */
void arena_bump(struct arena *arena, size_t size);

/* How many blocks the region is in, and the size of its largest free one. */
size_t arena_block_count(const struct arena *arena);
size_t arena_largest_free(const struct arena *arena);

#endif

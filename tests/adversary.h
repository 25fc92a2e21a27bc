/* SPDX-License-Identifier: MIT */
/* adversary.h -- programs that scatter the memory of a region on purpose.
 *
 * They see where their blocks are, and choose what to release by that. Sizes
 * and starts are in granules. The memory of the region is not used: it may be
 * addresses alone.
 */
#ifndef MN_ADVERSARY_H
#define MN_ADVERSARY_H

#include <mn/region.h>

#include <string.h>

enum { ADVERSARY_MAX = 1024 }; /* blocks out, so also granules */

struct adversary_block {
    size_t start;
    size_t size;
};

struct adversary {
    struct mn_region *region;
    unsigned char *memory; /* of the region */
    size_t granule;
    size_t live_max; /* at most ADVERSARY_MAX */
    size_t live;
    size_t count;
    size_t end; /* the highest end of a block that there ever was */
    struct adversary_block block[ADVERSARY_MAX]; /* out, by rising start */
};

/* The first block of the program that begins at `start` or above it. */
static inline size_t adversary_find(const struct adversary *them, size_t start)
{
    size_t low = 0;
    size_t high = them->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (them->block[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* False if the allocation failed. */
static inline bool adversary_take(struct adversary *them, size_t size)
{
    unsigned char *block =
        mn_region_alloc(them->region, size * them->granule, 1);

    if (block == NULL)
        return false;
    size_t start = (size_t)(block - them->memory) / them->granule;
    size_t i = adversary_find(them, start);
    memmove(&them->block[i + 1], &them->block[i],
            (them->count - i) * sizeof(struct adversary_block));
    them->block[i] = (struct adversary_block){start, size};
    them->count++;
    them->live += size;
    if (start + size > them->end)
        them->end = start + size;
    return true;
}

static inline void adversary_release(struct adversary *them, size_t i)
{
    struct adversary_block *block = &them->block[i];

    mn_region_free(them->region, them->memory + block->start * them->granule);
    them->live -= block->size;
    them->count--;
    memmove(block, block + 1,
            (them->count - i) * sizeof(struct adversary_block));
}

/* Take blocks of `size` while the program may have more out. */
static inline bool adversary_fill(struct adversary *them, size_t size)
{
    while (them->live + size <= them->live_max) {
        if (!adversary_take(them, size))
            return false;
    }
    return true;
}

/* ---- Robson's program (JACM 18, 1971): sizes double ---- */

/* Whether the block has an address that is `offset` modulo `step`. */
static inline bool adversary_covers(const struct adversary_block *block,
                                    size_t offset, size_t step)
{
    size_t past = (block->start + step - offset % step) % step;

    return past == 0 || past + block->size > step;
}

/* What no larger block can use, if only what covers `offset` stays out. */
static inline size_t adversary_spoiled(const struct adversary *them,
                                       size_t offset, size_t step)
{
    size_t sum = 0;

    for (size_t i = 0; i < them->count; i++) {
        if (adversary_covers(&them->block[i], offset, step))
            sum += step - them->block[i].size;
    }
    return sum;
}

/* Of two places in a period of twice the length, keep the blocks at the one
 * that spoils more, and fill up with blocks as long as the period. */
static inline bool adversary_robson(struct adversary *them, size_t smallest,
                                    size_t largest)
{
    size_t offset = 0;

    if (!adversary_fill(them, smallest))
        return false;
    for (size_t step = 2 * smallest; step <= largest; step *= 2) {
        if (adversary_spoiled(them, offset + step / 2, step)
            > adversary_spoiled(them, offset, step))
            offset += step / 2;
        for (size_t i = them->count; i > 0; i--) {
            if (!adversary_covers(&them->block[i - 1], offset, step))
                adversary_release(them, i - 1);
        }
        if (!adversary_fill(them, step))
            return false;
    }
    return true;
}

/* ---- every size in turn: what is free is always just too short ---- */

static inline size_t adversary_end_before(const struct adversary *them,
                                          size_t i)
{
    return i == 0 ? 0 : them->block[i - 1].start + them->block[i - 1].size;
}

/* Release each block that leaves less than `size` free around it. */
static inline void adversary_thin(struct adversary *them, size_t size)
{
    size_t i = 0;

    while (i < them->count) {
        const struct adversary_block *block = &them->block[i];
        size_t after = i + 1 < them->count ? block[1].start : SIZE_MAX;
        if (after - adversary_end_before(them, i) < size)
            adversary_release(them, i);
        else
            i++;
    }
}

static inline bool adversary_rising(struct adversary *them, size_t smallest,
                                    size_t largest)
{
    for (size_t size = smallest; size <= largest; size++) {
        adversary_thin(them, size);
        if (!adversary_fill(them, size))
            return false;
    }
    return true;
}

/* ---- against best fit: short blocks with long gaps between them ---- */

/* Where there is no gap of `gap` yet, place a block of it and one of `least`
 * in a hole of just that size, as often as the live memory allows, and release
 * the long ones. The hole was a block between two others. */
static inline bool adversary_pins(struct adversary *them, size_t least,
                                  size_t gap)
{
    size_t first = adversary_end_before(them, them->count);

    if (!adversary_fill(them, gap + least))
        return false;
    for (size_t i = adversary_find(them, first); i + 1 < them->count; i += 2) {
        if (them->block[i].size != gap + least)
            continue;
        adversary_release(them, i);
        if (!adversary_take(them, gap) || !adversary_take(them, least))
            return false;
    }
    for (size_t i = them->count; i > adversary_find(them, first); i--) {
        if (them->block[i - 1].size != least)
            adversary_release(them, i - 1);
    }
    return true;
}

/* Robson (Computer J. 20, 1977) scatters memory in this way. */
static inline bool adversary_scatter(struct adversary *them, size_t smallest,
                                     size_t largest)
{
    for (size_t gap = (largest + 1) / 2; gap + smallest <= largest; gap++) {
        if (!adversary_pins(them, smallest, gap))
            return false;
    }
    return adversary_fill(them, largest);
}

#endif

/* SPDX-License-Identifier: MIT */
/* cells.h -- one bit for each cell of an arena, changed by ranges. */
#ifndef MNI_CELLS_H
#define MNI_CELLS_H

#include "base/bits.h"

/* The bits of [first, end) that lie in the word that holds `first`. */
static inline uint64_t mni_cells_mask(size_t first, size_t end)
{
    uint64_t mask = UINT64_MAX << first % 64;

    if (end < first - first % 64 + 64)
        mask &= UINT64_MAX >> (64 - end % 64);
    return mask;
}

/* The first cell of the word after the one that holds `first`. */
static inline size_t mni_cells_next(size_t first)
{
    return first - first % 64 + 64;
}

static inline void mni_cells_set(uint64_t *bits, size_t first, size_t end)
{
    for (; first < end; first = mni_cells_next(first))
        bits[first / 64] |= mni_cells_mask(first, end);
}

static inline bool mni_cells_get(const uint64_t *bits, size_t cell)
{
    return bits[cell / 64] >> cell % 64 & 1;
}

#endif

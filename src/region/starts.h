/* SPDX-License-Identifier: MIT */
/* starts.h -- which granules begin a block, as a bitmap in levels.
 *
 * A word holds 32 bits. Bit b of a level is set while word b of the level
 * below is not 0, so that the last start at or before any granule is found by
 * going up at most six levels and down again. The levels lie one after the
 * other, the finest first; all of it begins as zeros.
 */
#ifndef MNI_STARTS_H
#define MNI_STARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words that `count` granules need. Requires: 0 < count < 2^31. */
size_t mni_starts_words(uint32_t count);

static inline bool mni_starts_get(const uint32_t *starts, uint32_t granule)
{
    return (starts[granule / 32] >> granule % 32 & 1) != 0;
}

void mni_starts_set(uint32_t *starts, uint32_t count, uint32_t granule);
void mni_starts_clear(uint32_t *starts, uint32_t count, uint32_t granule);

/* The last granule that begins a block, up to and including `granule`.
 * Requires: there is one. */
uint32_t mni_starts_before(const uint32_t *starts, uint32_t count,
                           uint32_t granule);

/* Whether the levels agree and `set` bits are set in the finest. */
bool mni_starts_check(const uint32_t *starts, uint32_t count, uint32_t set);

#endif

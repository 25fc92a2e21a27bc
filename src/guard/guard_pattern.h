/* SPDX-License-Identifier: MIT */
/* guard_pattern.h -- bytes that tell whether somebody wrote over them.
 *
 * A byte depends on its address, so that bytes which were copied or moved do
 * not pass. It is never 0, 255 or ASCII: the end of a string, a cleared block
 * and text that runs over are seen for certain, other bytes but for one in 64.
 */
#ifndef MNI_GUARD_PATTERN_H
#define MNI_GUARD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Where a pattern is found, so that one does not pass for the other. */
enum mni_guard_place { MNI_GUARD_ZONE, MNI_GUARD_WAITING };

static inline unsigned char mni_guard_byte(uintptr_t address,
                                           enum mni_guard_place place)
{
    uint64_t wide = address;
    uint32_t hash = (uint32_t)(wide ^ wide >> 32);

    hash =
        (hash ^ (uint32_t)place * UINT32_C(0x85ebca6b)) * UINT32_C(2654435769);
    return (unsigned char)((hash >> 24 & 0x7e) | 0x80);
}

static inline void mni_guard_fill(unsigned char *start, size_t size,
                                  enum mni_guard_place place)
{
    for (size_t i = 0; i < size; i++)
        start[i] = mni_guard_byte((uintptr_t)(start + i), place);
}

/* The first byte that is not as it was filled, or `size` if all are. */
static inline size_t mni_guard_damage(const unsigned char *start, size_t size,
                                      enum mni_guard_place place)
{
    size_t i = 0;

    while (i < size
           && start[i] == mni_guard_byte((uintptr_t)(start + i), place))
        i++;
    return i;
}

#endif

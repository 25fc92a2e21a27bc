/* SPDX-License-Identifier: MIT */
/* buddy_32.c -- tiled regions by buddies, links of 32 bits. */
#include <stdint.h>

#define MNI_BUDDY_LINK uint32_t
/* Where addresses have 32 bits, no more than what the size of the control
 * memory, 9 bytes a granule, is a size_t for. */
#define MNI_BUDDY_GRANULES_MAX                                                 \
    (SIZE_MAX / 16 < INT32_MAX ? (uint32_t)(SIZE_MAX / 16)                     \
                               : (uint32_t)INT32_MAX)
#define MNI_TILED_KIND mni_tiled_buddy_32
#include "region/buddy_kind.h"

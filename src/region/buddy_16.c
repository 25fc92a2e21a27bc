/* SPDX-License-Identifier: MIT */
/* buddy_16.c -- tiled regions by buddies, links of 16 bits. */
#include <stdint.h>

#define MNI_BUDDY_LINK uint16_t
#define MNI_BUDDY_GRANULES_MAX UINT32_C(0xfffe)
#define MNI_TILED_KIND mni_tiled_buddy_16
#include "region/buddy_kind.h"

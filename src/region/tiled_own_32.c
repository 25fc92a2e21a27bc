/* SPDX-License-Identifier: MIT */
/* tiled_own_32.c -- tiled regions by a strategy of your own, links of 32 bits.
 */
#define MNI_TILE_BITS 32
#define MNI_TILED_KIND mni_tiled_own_32
#include "region/tiles_user.h"

#include "region/tiled_kind.h"

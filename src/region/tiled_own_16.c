/* SPDX-License-Identifier: MIT */
/* tiled_own_16.c -- tiled regions by a strategy of your own, links of 16 bits.
 */
#define MNI_TILE_BITS 16
#define MNI_TILED_KIND mni_tiled_own_16
#include "region/tiles_user.h"

#include "region/tiled_kind.h"

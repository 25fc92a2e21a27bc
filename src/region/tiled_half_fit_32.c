/* SPDX-License-Identifier: MIT */
/* tiled_half_fit_32.c -- tiled regions by half fit, links of 32 bits. */
#define MNI_TILE_BITS 32
#define MNI_TILE_UNIT 7
#define MNI_TILED_KIND mni_tiled_half_fit_32
#include "region/tiles_half_fit.h"

#include "region/tiled_kind.h"

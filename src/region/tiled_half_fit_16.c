/* SPDX-License-Identifier: MIT */
/* tiled_half_fit_16.c -- tiled regions by half fit, links of 16 bits. */
#define MNI_TILE_BITS 16
#define MNI_TILE_UNIT 7
#define MNI_TILED_KIND mni_tiled_half_fit_16
#include "region/tiles_half_fit.h"

#include "region/tiled_kind.h"

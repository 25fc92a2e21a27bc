/* SPDX-License-Identifier: MIT */
/* tiled_best_fit_32.c -- tiled regions by best fit, links of 32 bits. */
#define MNI_TILE_BITS 32
#define MNI_TILED_KIND mni_tiled_best_fit_32
#include "region/tiles_best_fit.h"

#include "region/tiled_kind.h"

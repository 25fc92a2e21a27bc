/* SPDX-License-Identifier: MIT */
/* tiled_best_fit_16.c -- tiled regions by best fit, links of 16 bits. */
#define MNI_TILE_BITS 16
#define MNI_TILED_KIND mni_tiled_best_fit_16
#include "region/tiles_best_fit.h"

#include "region/tiled_kind.h"

/* SPDX-License-Identifier: MIT */
/* tiled_worst_fit_16.c -- tiled regions by worst fit, links of 16 bits. */
#define MNI_TILE_BITS 16
#define MNI_TILED_KIND mni_tiled_worst_fit_16
#include "region/tiles_worst_fit.h"

#include "region/tiled_kind.h"

/* SPDX-License-Identifier: MIT */
/* tiled_worst_fit_32.c -- tiled regions by worst fit, links of 32 bits. */
#define MNI_TILE_BITS 32
#define MNI_TILED_KIND mni_tiled_worst_fit_32
#include "region/tiles_worst_fit.h"

#include "region/tiled_kind.h"

/* SPDX-License-Identifier: MIT */
/* tiled_next_fit_32.c -- tiled regions by next fit, links of 32 bits. */
#define MNI_TILE_BITS 32
#define MNI_TILED_KIND mni_tiled_next_fit_32
#include "region/tiles_next_fit.h"

#include "region/tiled_kind.h"

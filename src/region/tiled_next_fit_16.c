/* SPDX-License-Identifier: MIT */
/* tiled_next_fit_16.c -- tiled regions by next fit, links of 16 bits. */
#define MNI_TILE_BITS 16
#define MNI_TILED_KIND mni_tiled_next_fit_16
#include "region/tiles_next_fit.h"

#include "region/tiled_kind.h"

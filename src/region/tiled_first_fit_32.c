/* SPDX-License-Identifier: MIT */
/* tiled_first_fit_32.c -- tiled regions by first fit, links of 32 bits. */
#define MNI_TILE_BITS 32
#define MNI_TILED_KIND mni_tiled_first_fit_32
#include "region/tiles_first_fit.h"

#include "region/tiled_kind.h"

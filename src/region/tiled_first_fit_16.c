/* SPDX-License-Identifier: MIT */
/* tiled_first_fit_16.c -- tiled regions by first fit, links of 16 bits. */
#define MNI_TILE_BITS 16
#define MNI_TILED_KIND mni_tiled_first_fit_16
#include "region/tiles_first_fit.h"

#include "region/tiled_kind.h"

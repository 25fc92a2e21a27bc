/* SPDX-License-Identifier: MIT */
/* tiled_tlsf_32.c -- tiled regions by tlsf, links of 32 bits. */
#define MNI_TILE_BITS 32
#define MNI_TILE_UNIT 7
#define MNI_TILED_KIND mni_tiled_tlsf_32
#include "region/tiles_tlsf.h"

#include "region/tiled_kind.h"

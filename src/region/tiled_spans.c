/* SPDX-License-Identifier: MIT */
/* tiled_spans.c -- tiled regions for the heap's spans: tlsf, wide links, and
 * cut from the low end, so that what was never used stays together, and large
 * blocks can grow. */
#define MNI_TILE_BITS 32
#define MNI_TILE_UNIT 7
#define MNI_TILES_LOW
#define MNI_TILED_KIND mni_tiled_spans
#include "region/tiles_tlsf.h"

#include "region/tiled_kind.h"

static const struct mni_tiled_kind *const spans_kinds[] = {&mni_tiled_spans,
                                                           NULL};

const struct mn_strategy mni_spans = {.name = "spans", .kinds = spans_kinds};

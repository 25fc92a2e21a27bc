/* SPDX-License-Identifier: MIT */
/* tiled.h -- a tiled region whose records are added as they are needed.
 *
 * The heap's stock of spans is one: it reserves control memory for every
 * record that there may ever be, and commits it bit by bit.
 */
#ifndef MNI_TILED_H
#define MNI_TILED_H

#include <mn/region.h>

/* As mn_tiled_init, with `first_count` records (one of them is no block).
 * Touches only the first mni_tiled_layout_bytes of the control memory.
 * Requires: that part is filled with zeros. */
enum mn_status mni_tiled_init_growing(struct mn_tiled *tiled,
                                      const struct mn_tiled_place *place,
                                      uint32_t first_count) MN_MUST_USE;

/* Bytes of control memory that `count` records of a region of `granule_count`
 * granules need. */
size_t mni_tiled_layout_bytes(uint32_t granule_count, uint32_t count);

/* The same for a region that exists. */
size_t mni_tiled_control_bytes(const struct mn_tiled *tiled, uint32_t count);

/* Records there are, used or spare, and the sink. */
uint32_t mni_tiled_count(const struct mn_tiled *tiled);

/* Whether at least two records are spare: enough for any one operation. */
bool mni_tiled_spare(const struct mn_tiled *tiled);

/* Have `count` records, or as many as there are if that is more.
 * Requires: count <= MNI_TILES_MAX, and control memory that can be written up
 * to mni_tiled_control_bytes(tiled, count). */
void mni_tiled_grow(struct mn_tiled *tiled, uint32_t count);

#endif

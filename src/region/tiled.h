/* SPDX-License-Identifier: MIT */
/* tiled.h -- the kinds of tiled regions, and regions whose records are added
 * as they are needed.
 *
 * A kind is one strategy with links of one width, compiled as a whole in a
 * file of its own (tiled_kind.h). The heap's stock of spans is a growing
 * region: it reserves control memory for every record that there may ever be,
 * and commits it bit by bit.
 */
#ifndef MNI_TILED_H
#define MNI_TILED_H

#include <mn/region.h>
#include <mn/strategy.h>

struct mni_tiled_kind {
    struct mn_region_ops ops; /* first: a region leads to its kind */
    uint32_t granules_max;
    uint32_t count_max; /* of records */
    size_t record_size;
    size_t entry_size; /* of the index */
    size_t head_size;  /* of the tiles without records */
    bool positional;   /* each granule has an entry and a record of its own */
    /* Make one free block with `count` records. Requires: the control memory
     * is laid out, its index is zeros. */
    void (*begin)(struct mn_tiled *tiled, uint32_t count,
                  const struct mn_tiled_place *place);
    uint32_t (*count)(const struct mn_tiled *tiled);
    bool (*spare)(const struct mn_tiled *tiled);
    void (*grow)(struct mn_tiled *tiled, uint32_t count);
};

extern const struct mni_tiled_kind mni_tiled_tlsf_16, mni_tiled_tlsf_32;
extern const struct mni_tiled_kind mni_tiled_half_fit_16, mni_tiled_half_fit_32;
extern const struct mni_tiled_kind mni_tiled_best_fit_16, mni_tiled_best_fit_32;
extern const struct mni_tiled_kind mni_tiled_worst_fit_16,
    mni_tiled_worst_fit_32;
extern const struct mni_tiled_kind mni_tiled_first_fit_16,
    mni_tiled_first_fit_32;
extern const struct mni_tiled_kind mni_tiled_next_fit_16, mni_tiled_next_fit_32;
extern const struct mni_tiled_kind mni_tiled_own_16, mni_tiled_own_32;

/* What the heap's spans are cut by. */
extern const struct mni_tiled_kind mni_tiled_spans;
extern const struct mn_strategy mni_spans;
extern const struct mni_tiled_kind mni_tiled_buddy_16, mni_tiled_buddy_32;

/* As mn_tiled_init by the strategy mni_spans, with `first_count`
 * records (one of them is no block). Touches only the first
 * mni_tiled_layout_bytes of the control memory.
 * Requires: that part is filled with zeros. */
enum mn_status mni_tiled_init_growing(struct mn_tiled *tiled,
                                      const struct mn_tiled_place *place,
                                      uint32_t first_count) MN_MUST_USE;

/* Bytes of control memory that `count` records of such a region of
 * `granule_count` granules need. */
size_t mni_tiled_layout_bytes(uint32_t granule_count, uint32_t count);

/* The same for a region that exists. */
size_t mni_tiled_control_bytes(const struct mn_tiled *tiled, uint32_t count);

/* Records there are, used or spare, and the sink. */
uint32_t mni_tiled_count(const struct mn_tiled *tiled);

/* Records there may be at most. */
uint32_t mni_tiled_count_most(const struct mn_tiled *tiled);

/* Whether at least two records are spare: enough for any one operation. */
bool mni_tiled_spare(const struct mn_tiled *tiled);

/* Have `count` records, or as many as there are if that is more.
 * Requires: count is at most the kind's count_max, and control memory that can
 * be written up to mni_tiled_control_bytes(tiled, count). */
void mni_tiled_grow(struct mn_tiled *tiled, uint32_t count);

#endif

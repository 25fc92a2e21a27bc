/* SPDX-License-Identifier: MIT */
/* mn/strategy.h -- how a tiled region chooses among its free blocks.
 *
 * A strategy proposes, the region disposes: it checks each proposal and does
 * all the bookkeeping itself, so that a strategy can be slow or wasteful, but
 * never unsafe. A strategy of your own is a table of three functions.
 *
 * How to choose: docs/manual/strategy.md
 */
#ifndef MN_STRATEGY_H
#define MN_STRATEGY_H

#include <mn/region.h>

MN_BEGIN

/* Sizes and starts are in granules; `block` is the region's number for a
 * block, the same from `added` to `removed`. None of the functions may use
 * the region. `state` is what mn_tiled_place names. */
struct mn_strategy {
    const char *name;
    /* The block to cut `size` granules from, one that was added and not
     * removed since; 0 for none. Any other answer fails the allocation. */
    uint32_t (*propose)(void *state, uint32_t size);
    /* A block is free. */
    void (*added)(void *state, uint32_t block, uint32_t start, uint32_t size);
    /* A block is no longer free. */
    void (*removed)(void *state, uint32_t block, uint32_t start, uint32_t size);
    /* How regions of it are built: mn_own_kinds in a table of your own. */
    const struct mni_tiled_kind *const *kinds;
};

MN_API extern const struct mni_tiled_kind *const mn_own_kinds[];

/* n is the number of free blocks. */
MN_API extern const struct mn_strategy mn_tlsf;     /* good fit, O(1) */
MN_API extern const struct mn_strategy mn_half_fit; /* by powers of two, O(1) */
MN_API extern const struct mn_strategy mn_best_fit; /* the least, O(log n) */
MN_API extern const struct mn_strategy mn_worst_fit; /* the largest, O(log n) */
MN_API extern const struct mn_strategy mn_first_fit; /* lowest, O(log n) */
MN_API extern const struct mn_strategy mn_next_fit;  /* in turn, O(log n) */
MN_API extern const struct mn_strategy mn_buddy;     /* aligned powers of two */

/* The strategy of that name ("tlsf", "half_fit", "best_fit", "worst_fit",
 * "first_fit", "next_fit", "buddy"), or NULL. Any thread. */
MN_API const struct mn_strategy *mn_strategy_named(const char *name);

/* The strategies there are, by rising `index` from 0; NULL beyond the last.
 * Any thread. */
MN_API const struct mn_strategy *mn_strategy_at(size_t index);

/* Bytes of memory that suffice for a region of that strategy, so that no
 * allocation fails while at most `live` bytes are out, in blocks of `smallest`
 * to `largest` bytes, whatever the order of releases. 0 if no bound is known
 * or it is not a size_t, and unless 0 < smallest <= largest <= live. Any
 * thread.
 *
 * Sizes are as requested, but rounded up to the granule, `live` as the sum of
 * such. Round the result up to it, too; more is never too much. What is
 * promised holds for alignments up to the granule, for blocks that are not
 * resized, and if the region has records for 2 * (live / smallest) + 1 blocks.
 *
 * With n = largest / smallest the bounds are, but for small terms:
 *     worst_fit, next_fit             live * n (Robson, Computer J. 20, 1977)
 *     best_fit                        live * (n + 1)
 *     a table of your own             the same, if `propose` finds a block
 *                                     whenever one is large enough
 *     tlsf                            live * n * 17 / 16
 *     half_fit                        live * n, rounded to a power of two
 *     first_fit                       live * (2 + log2(n)) (Robson, 1977)
 *     buddy                           2 * live * (1 + log2(n))
 * No strategy can do with less than live * (1 + log2(n) / 2) - largest in the
 * worst case (Robson, JACM 18, 1971). Proofs: src/region/required.c. */
MN_API size_t mn_region_required(size_t live, size_t largest, size_t smallest,
                                 const struct mn_strategy *strategy)
    MN_MUST_USE;

MN_END

#endif

/* SPDX-License-Identifier: MIT */
/* mn/fixed.h -- tiled regions whose strategy is fixed while compiling.
 *
 * A C source that defines one of these and then includes this gets functions
 * that are inlined into it, with the strategy in them: no table is looked at,
 * no call is made, and the compiler sees what is constant.
 *
 *     #define MN_FIXED_STRATEGY tlsf   a strategy of ours: tlsf, half_fit,
 *                                      best_fit, worst_fit, first_fit, next_fit
 *     #define MN_FIXED_OWN lifo        yours: lifo_propose, lifo_added and
 *                                      lifo_removed, defined before; they do
 *                                      what those of struct mn_strategy do
 *
 * With neither there is nothing here. A region made here is a region: all
 * mn_region_ functions work on it, in turns with those below. One thread uses
 * it at a time.
 *
 * One strategy for each source, which is C11 for GCC or Clang. Names in it that
 * begin with tile or the name of the strategy are taken. It builds Mneme's
 * records into the program: the library that is linked must be of the same
 * version as the headers.
 *
 * What it costs, counted, and an example: docs/manual/fixed.md
 */
#ifndef MN_FIXED_H
#define MN_FIXED_H

#include <mn/strategy.h>

MN_BEGIN

/* What misuse is answered with: "mneme: OPERATION of ADDRESS: WHAT" and the
 * block that the address lies in, or only WHAT if `operation` is NULL; then
 * the program is ended. Any thread. */
MN_API void mn_fixed_stop(const char *operation, const void *address,
                          const char *what, const struct mn_block *block)
    MN_ATTRIBUTE(noreturn, cold);

MN_END

#if defined MN_FIXED_STRATEGY || defined MN_FIXED_OWN
#if defined __cplusplus || (defined MN_FIXED_STRATEGY && defined MN_FIXED_OWN)
#error "mn/fixed.h is for C, and for one strategy"
#endif

/* Bits of a link between records, 16 or 32. With 16, which take half the
 * memory, a region has at most 65535 granules, and 9361 blocks (65534 where
 * the strategy keeps trees, or is yours). */
#ifndef MN_FIXED_BITS
#define MN_FIXED_BITS 32
#endif
_Static_assert(MN_FIXED_BITS == 16 || MN_FIXED_BITS == 32,
               "MN_FIXED_BITS is 16 or 32");

/* Bytes of a granule, if that is constant too; 0 if it is not. Where a size is
 * constant, so is then its class, and much less is left to do. */
#ifndef MN_FIXED_GRANULE
#define MN_FIXED_GRANULE 0
#endif

#define MNI_FIXED_JOIN(a, b) a##b
#define MNI_FIXED_NAME(a, b) MNI_FIXED_JOIN(a, b)
#define MNI_FIXED_STRING(x) #x
#define MNI_FIXED_TEXT(x) MNI_FIXED_STRING(x)
/* A path has no spaces. clang-format 14 would put some. */
/* clang-format off */
#define MNI_FIXED_FILE(name) MNI_FIXED_TEXT(region/name.h)
/* clang-format on */

/* What the tables of the library have, so that the records are the same. */
#define MNI_FIXED_UNIT_tlsf 7
#define MNI_FIXED_UNIT_half_fit 7
#define MNI_FIXED_UNIT_best_fit 1
#define MNI_FIXED_UNIT_worst_fit 1
#define MNI_FIXED_UNIT_first_fit 1
#define MNI_FIXED_UNIT_next_fit 1

#define MNI_TILE_BITS MN_FIXED_BITS
#ifdef MN_FIXED_OWN
#define MNI_FIXED_NAMED MNI_FIXED_TEXT(MN_FIXED_OWN)
#define MNI_FIXED_PROPOSE MNI_FIXED_NAME(MN_FIXED_OWN, _propose)
#include "region/fixed_own.h"
#else
#define MNI_FIXED_NAMED MNI_FIXED_TEXT(MN_FIXED_STRATEGY)
#define MNI_FIXED_PROPOSE NULL
#define MNI_TILE_UNIT MNI_FIXED_NAME(MNI_FIXED_UNIT_, MN_FIXED_STRATEGY)
#include MNI_FIXED_FILE(MNI_FIXED_NAME(tiles_, MN_FIXED_STRATEGY))
#endif

#include "base/assert.h"

/* Declared before, so that they are inlined whatever their length. */
MN_ALWAYS_INLINE void *tiled_alloc(struct mn_region *region, size_t size,
                                   size_t align);
MN_ALWAYS_INLINE bool tiled_resize(struct mn_region *region, void *address,
                                   size_t size);
MN_ALWAYS_INLINE void tiled_free(struct mn_region *region, void *address);

#define mni_stop(what) mn_fixed_stop(NULL, NULL, what, NULL)
#define mni_stop_at mn_fixed_stop
#define MNI_TILED_STATIC static
#define MNI_TILED_KIND mni_fixed_kind
#include "region/tiled_kind.h"
#undef mni_stop
#undef mni_stop_at

static const struct mni_tiled_kind *const mni_fixed_kinds[] = {&mni_fixed_kind,
                                                               NULL};

/* The same as a table, for mn_tiled_place and mn_region_required: a region made
 * with it by mn_tiled_init is one of mn_fixed_init. */
static const struct mn_strategy mn_fixed = {
    .name = MNI_FIXED_NAMED,
    .propose = MNI_FIXED_PROPOSE,
    .kinds = mni_fixed_kinds,
};

/* As mn_tiled_control_size, whatever `strategy` of the place says. */
static inline MN_MUST_USE size_t
mn_fixed_control_size(const struct mn_tiled_place *place, size_t block_count)
{
    struct mn_tiled_place here = *place;

    here.strategy = &mn_fixed;
    return mn_tiled_control_size(&here, block_count);
}

/* As mn_tiled_init, whatever `strategy` of the place says; MN_ERR_INVALID also
 * for more granules than MN_FIXED_BITS can count, or not of MN_FIXED_GRANULE.
 * This one is a call of the library, and takes time in proportion to the
 * control memory. */
static inline MN_MUST_USE enum mn_status
mn_fixed_init(struct mn_tiled *tiled, const struct mn_tiled_place *place)
{
    struct mn_tiled_place here = *place;

    if (MN_FIXED_GRANULE != 0 && place->granule != MN_FIXED_GRANULE)
        return MN_ERR_INVALID;
    here.strategy = &mn_fixed;
    return mn_tiled_init(tiled, &here);
}

/* Let the compiler know what mn_fixed_init has seen to. */
MN_ALWAYS_INLINE void mni_fixed_assume(const struct mn_tiled *tiled)
{
    if (MN_FIXED_GRANULE != 0
        && tiled->granule_shift != __builtin_ctz(MN_FIXED_GRANULE | 1u << 31))
        __builtin_unreachable();
}

/* The three below are for regions of mn_fixed_init in this source: for any
 * other, what they do is undefined. They are inlined into each caller: where
 * they are called often, call a function of your own that calls them. */

/* As mn_region_alloc, but the arguments are not checked.
 * Requires: size > 0; align is a power of two. */
MN_ALWAYS_INLINE MN_MUST_USE void *mn_fixed_alloc(struct mn_tiled *tiled,
                                                  size_t size, size_t align)
{
    mni_fixed_assume(tiled);
    return tiled_alloc(&tiled->region, size, align);
}

/* As mn_region_resize. Requires: size > 0. */
MN_ALWAYS_INLINE MN_MUST_USE bool mn_fixed_resize(struct mn_tiled *tiled,
                                                  void *block, size_t size)
{
    mni_fixed_assume(tiled);
    return tiled_resize(&tiled->region, block, size);
}

/* As mn_region_free, but NULL stops the program too: it is no block. */
MN_ALWAYS_INLINE void mn_fixed_free(struct mn_tiled *tiled, void *block)
{
    mni_fixed_assume(tiled);
    tiled_free(&tiled->region, block);
}

#endif
#endif

/* SPDX-License-Identifier: MIT */
/* mn/build.h -- an allocator described in one line, and checked as it is read.
 *
 *   #define MESSAGES mn_build(.size = 65536, .align = 64, .zero = true)
 *
 * What is not named takes its default. Where values are constants and the
 * compiler optimizes, nonsense does not compile, and says what to do; what is
 * not constant is checked by mn_build_begin. The description is handed to each
 * function, so that what it does not ask for leaves no code behind.
 *
 * How to choose: docs/manual/build.md
 */
#ifndef MN_BUILD_H
#define MN_BUILD_H

#include <mn/guard.h>
#include <mn/strategy.h>

MN_BEGIN

enum { MN_BUILD_ALIGN = 16 };

struct mn_build {
    size_t size;  /* bytes that the blocks cover; a multiple of 16 */
    size_t align; /* of every block; a power of two; 0: MN_BUILD_ALIGN */
    const struct mn_strategy *strategy; /* NULL: mn_tlsf */
    size_t limit; /* the most bytes out at once, 16 to `size`; 0: no limit */
    bool zero;    /* fill blocks with zero */
};

struct mn_built { /* fields are private */
    struct mn_tiled tiled;
    struct mn_limit limit;
};

/* ---- the description ---- */

/* In C, mn_build(.size = ...) is a description with all defaults filled in. In
 * C++ it is mn_build_checked of a struct mn_build. */
#if !defined(__cplusplus)
#define mn_build(...) mn_build_checked((struct mn_build){__VA_ARGS__})
#endif

/* What an optimizing compiler says where it sees nonsense. */
void mn_build_refuse_size(void)
    MN_REFUSES("mn_build: give .size, a multiple of 16 bytes above 0");
void mn_build_refuse_align(void)
    MN_REFUSES("mn_build: make .align a power of two, or leave it out for 16");
void mn_build_refuse_limit(void)
    MN_REFUSES("mn_build: make .limit at least 16 and at most .size, or leave"
               " it out for no limit");

/* MN_OK, or MN_ERR_SIZE, MN_ERR_ALIGN, or MN_ERR_INVALID for .limit and for a
 * struct that was filled in without mn_build_checked. */
MN_ALWAYS_INLINE enum mn_status mn_build_status(struct mn_build how)
{
    if (how.size == 0 || how.size > PTRDIFF_MAX
        || how.size % MN_BUILD_ALIGN != 0)
        return MN_ERR_SIZE;
    if (how.align == 0 || (how.align & (how.align - 1)) != 0)
        return MN_ERR_ALIGN;
    if (how.limit != 0 && (how.limit < MN_BUILD_ALIGN || how.limit > how.size))
        return MN_ERR_INVALID;
    return how.strategy != NULL ? MN_OK : MN_ERR_INVALID;
}

MN_ALWAYS_INLINE struct mn_build mn_build_checked(struct mn_build how)
{
    if (how.align == 0)
        how.align = MN_BUILD_ALIGN;
    if (how.strategy == NULL)
        how.strategy = &mn_tlsf;
#if defined(__OPTIMIZE__)
    enum mn_status status = mn_build_status(how);

    if (__builtin_constant_p(status) && status == MN_ERR_SIZE)
        mn_build_refuse_size();
    if (__builtin_constant_p(status) && status == MN_ERR_ALIGN)
        mn_build_refuse_align();
    if (__builtin_constant_p(status) && status == MN_ERR_INVALID)
        mn_build_refuse_limit();
#endif
    return how;
}

/* ---- the allocator ---- */

/* Bytes of control memory for at most `block_count` blocks, free ones too; 0 if
 * there is no such allocator. */
MN_API size_t mn_build_control_size(struct mn_build how, size_t block_count);

/* Begin the allocator that `how` describes over how.size bytes of `memory`, a
 * multiple of 16. All that is pointed to is borrowed while blocks are handed
 * out. The status of mn_build_status, or of mn_tiled_init; then *built is of
 * no use. */
MN_API enum mn_status mn_build_begin(struct mn_built *built,
                                     struct mn_build how, void *memory,
                                     void *control,
                                     size_t control_size) MN_MUST_USE;

/* The region that hands out the blocks, for all that can be done with one.
 * Here and below `how` is the description that it was begun with. */
MN_ALWAYS_INLINE struct mn_region *mn_build_region(struct mn_build how,
                                                   struct mn_built *built)
{
    return how.limit == 0 ? &built->tiled.region : &built->limit.region;
}

/* A block of at least `size` bytes at a multiple of how.align, or NULL as
 * mn_region_alloc has it, or if the limit would be passed. */
MN_MUST_USE MN_ALWAYS_INLINE void *
mn_build_alloc(struct mn_build how, struct mn_built *built, size_t size)
{
    void *block = mn_region_alloc(mn_build_region(how, built), size, how.align);

    if (how.zero && block != NULL)
        __builtin_memset(block, 0, size);
    return block;
}

/* Give `block` back, as mn_region_free. */
MN_ALWAYS_INLINE void mn_build_free(struct mn_build how, struct mn_built *built,
                                    void *block)
{
    mn_region_free(mn_build_region(how, built), block);
}

MN_END

#endif

/* SPDX-License-Identifier: MIT */
/* mn/state.h -- typestate: each state of a block is a type of its own.
 *
 *   Unallocated -allocate-> Allocated -free-> Freed -renew-> Unallocated
 *                           Allocated -condemn-> Corrupted
 *
 * A handle is a pointer to a struct that is never defined. A transition uses
 * one handle up and returns the next: the types refuse what is no transition,
 * attributes tell compilers that each handle is used up once.
 * How it reads, and what each compiler catches: docs/manual/state.md
 */
#ifndef MN_STATE_H
#define MN_STATE_H

#include <mn/region.h>

MN_BEGIN

struct mn_unallocated; /* the right to one block of a region */
struct mn_allocated;   /* a block that is out */
struct mn_freed;       /* where a block has been */
struct mn_corrupted;   /* a block that a check found damaged */

enum mn_typestate {
    MN_STATE_UNALLOCATED,
    MN_STATE_ALLOCATED,
    MN_STATE_FREED,
    MN_STATE_CORRUPTED
};

/* ---- the state machine over any region, last state first ----
 *
 * No argument may be NULL. They are not inline, for then compilers lose sight
 * of who uses up what. */

/* Leave a handle. Nothing happens; a damaged block stays out for as long as its
 * region lives. A block that is out is freed or condemned first. */
MN_API void mn_state_end_unallocated(struct mn_unallocated *block) MN_NONNULL(1)
    MN_TAKES(mn_state, 1);
MN_API void mn_state_end_freed(struct mn_freed *block) MN_NONNULL(1)
    MN_TAKES(mn_state, 1);
MN_API void mn_state_end_corrupted(struct mn_corrupted *block) MN_NONNULL(1)
    MN_TAKES(mn_state, 1);

/* The right to one more block, now that one has been freed. */
MN_API struct mn_unallocated *mn_state_renew(struct mn_region *region,
                                             struct mn_freed *block) MN_MUST_USE
    MN_NONNULL(1, 2) MN_NEVER_NULL MN_TAKES(mn_state, 2) MN_GIVES(mn_state);

/* Give the block back. What mn_region_free refuses stops the program. */
MN_API struct mn_freed *mn_state_free(struct mn_region *region,
                                      struct mn_allocated *block) MN_MUST_USE
    MN_NONNULL(1, 2) MN_NEVER_NULL MN_TAKES(mn_state, 2) MN_GIVES(mn_state)
        MN_FREED_BY(mn_state_end_freed, 1) MN_FREED_BY(mn_state_renew, 2);

/* The block can only be inspected and left from here on: for when
 * mn_state_check finds damage, or for reasons of your own. */
MN_API struct mn_corrupted *
mn_state_condemn(struct mn_allocated *block) MN_MUST_USE
    MN_NONNULL(1) MN_NEVER_NULL MN_TAKES(mn_state, 1) MN_GIVES(mn_state)
        MN_FREED_BY(mn_state_end_corrupted, 1);

/* A block of at least `size` bytes at a multiple of `align`. NULL if there is
 * no memory, and whenever mn_region_alloc says so; the right is used up all
 * the same. Free it with the region that the right was begun with. */
MN_API struct mn_allocated *mn_state_allocate(struct mn_unallocated *block,
                                              size_t size,
                                              size_t align) MN_MUST_USE
    MN_NONNULL(1) MN_TAKES(mn_state, 1) MN_GIVES(mn_state, 2) MN_SIZED_BY(2)
        MN_ALIGNED_BY(3) MN_FREED_BY(mn_state_free, 2)
            MN_FREED_BY(mn_state_condemn, 1);

/* The right to one block of `region`, which must outlive it. Costs nothing,
 * and holds nothing: it may be begun any number of times. */
MN_API struct mn_unallocated *
mn_state_begin(struct mn_region *region) MN_MUST_USE MN_NONNULL(1) MN_NEVER_NULL
    MN_GIVES(mn_state) MN_FREED_BY(mn_state_end_unallocated, 1)
        MN_FREED_BY(mn_state_allocate, 1);

/* ---- looking: these use nothing up ---- */

/* Is anything wrong with the block? MN_OK, or what mn_region_examine says. */
MN_API enum mn_status
mn_state_check(const struct mn_region *region,
               const struct mn_allocated *block) MN_MUST_USE MN_NONNULL(1, 2);

/* The same of a condemned block, and in *found what the region has there; it is
 * untouched if that address is outside the region. */
MN_API enum mn_status mn_state_inspect(const struct mn_region *region,
                                       const struct mn_corrupted *block,
                                       struct mn_block *found) MN_MUST_USE
    MN_NONNULL(1, 2, 3);

/* The first byte of the block, which is not to be freed or resized by it. */
static inline void *mn_state_memory(struct mn_allocated *block)
{
    return block;
}

/* Bytes that the region has there for the block; 0 if none is out there. */
MN_API size_t mn_state_size(const struct mn_region *region,
                            const struct mn_allocated *block) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Behind mn_state_read and mn_state_write. */
MN_API enum mn_status mn_state_copy_from(const struct mn_region *region,
                                         const struct mn_allocated *block,
                                         size_t offset, void *to,
                                         size_t size) MN_MUST_USE
    MN_NONNULL(1, 2, 4);
MN_API enum mn_status
mn_state_copy_to(const struct mn_region *region, struct mn_allocated *block,
                 size_t offset, const void *from, size_t size) MN_MUST_USE
    MN_NONNULL(1, 2, 4);
MN_API void mn_state_beyond(void)
    MN_WARNS("bytes that are not all inside the block");

/* Warn where the compiler sees that a range exceeds what was asked for. */
static inline void mn_state_range(const struct mn_allocated *block,
                                  size_t offset, size_t size)
{
#if defined(__OPTIMIZE__)
    size_t all = __builtin_object_size((const void *)block, 0);

    if (__builtin_constant_p(offset > all || size > all - offset)
        && (offset > all || size > all - offset))
        mn_state_beyond();
#else
    (void)block, (void)offset, (void)size;
#endif
}

/* Copy `size` bytes at `offset` from the block, or to it. MN_ERR_INVALID and
 * nothing copied if they are not all inside mn_state_size. O(size). */
MN_MUST_USE MN_ALWAYS_INLINE enum mn_status
mn_state_read(const struct mn_region *region, const struct mn_allocated *block,
              size_t offset, void *to, size_t size)
{
    mn_state_range(block, offset, size);
    return mn_state_copy_from(region, block, offset, to, size);
}

MN_MUST_USE MN_ALWAYS_INLINE enum mn_status
mn_state_write(const struct mn_region *region, struct mn_allocated *block,
               size_t offset, const void *from, size_t size)
{
    mn_state_range(block, offset, size);
    return mn_state_copy_to(region, block, offset, from, size);
}

MN_END

/* ---- for memory that no region knows: your own transitions ---- */

/* mn_state_as_allocated(pointer), and so on: you vouch for it. A cast. */
/* clang-format off */
#define MN_STATE_AS(state)                                                     \
    static inline struct mn_##state *mn_state_as_##state(void *block)          \
    {                                                                          \
        return (struct mn_##state *)block;                                     \
    }
MN_STATE_AS(unallocated)
MN_STATE_AS(allocated)
MN_STATE_AS(freed)
MN_STATE_AS(corrupted)
#undef MN_STATE_AS

/* ---- which state a handle is in: constants, known from its type ---- */
#if defined(__cplusplus)
#define MN_STATE_OF(state, STATE)                                              \
    constexpr mn_typestate mn_state_of(const mn_##state *)                     \
    {                                                                          \
        return MN_STATE_##STATE;                                               \
    }
MN_STATE_OF(unallocated, UNALLOCATED)
MN_STATE_OF(allocated, ALLOCATED)
MN_STATE_OF(freed, FREED)
MN_STATE_OF(corrupted, CORRUPTED)
#undef MN_STATE_OF
#else
#define mn_state_of(handle)                                                    \
    _Generic((handle),                                                         \
             struct mn_unallocated *: MN_STATE_UNALLOCATED,                    \
             const struct mn_unallocated *: MN_STATE_UNALLOCATED,              \
             struct mn_allocated *: MN_STATE_ALLOCATED,                        \
             const struct mn_allocated *: MN_STATE_ALLOCATED,                  \
             struct mn_freed *: MN_STATE_FREED,                                \
             const struct mn_freed *: MN_STATE_FREED,                          \
             struct mn_corrupted *: MN_STATE_CORRUPTED,                        \
             const struct mn_corrupted *: MN_STATE_CORRUPTED)
#endif
/* clang-format on */
#endif

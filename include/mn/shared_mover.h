/* SPDX-License-Identifier: MIT */
/* mn/shared_mover.h -- movers of many threads: readers pin while one compacts.
 *
 * A pin is an atomic operation of its block's own entry, and takes no lock.
 * Allocating, freeing and steps take the mover's lock. A thread that pins a
 * block which is being copied keeps it where it was, and the copy is given up;
 * only where a block moves onto a part of itself, a pin waits for the end of
 * the step.
 *
 * Types with pointers that follow (MN_MEMBER_MOVABLE) are refused. While it
 * copies, a step reads what others may write once they have pinned it; what it
 * read is then not used. Handlers of signals may not use a mover, and a fork
 * must find no thread in it. How to use it: docs/manual/move.md
 */
#ifndef MN_SHARED_MOVER_H
#define MN_SHARED_MOVER_H

#include <mn/move.h>

MN_BEGIN

struct mn_shared_mover { /* fields are private */
    struct mn_mover mover;
    uint32_t lock[2];  /* a struct mni_lock */
    uintptr_t leaving; /* an entry whose block is freed but pinned, or a mask */
};

struct mn_shared_pin {
    void *at;
    struct mn_mover_entry *entry; /* NULL: no pin */
};

/* As mn_mover_init, or as mn_mover_create where neither memory, control nor
 * region is named. MN_ERR_INVALID too for memory that is not to be touched. One
 * thread, before others use it. */
MN_API enum mn_status
mn_shared_mover_init(struct mn_shared_mover *shared,
                     const struct mn_mover_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* As mn_mover_finish. Requires: no other thread uses the mover any more. */
MN_API void mn_shared_mover_finish(struct mn_shared_mover *shared)
    MN_NONNULL(1);

/* As the functions of mn/move.h, for any thread. */
MN_API struct mn_handle
mn_shared_mover_alloc(struct mn_shared_mover *shared, size_t size,
                      const struct mn_type *type) MN_MUST_USE MN_NONNULL(1);
MN_API enum mn_status mn_shared_mover_resize(struct mn_shared_mover *shared,
                                             struct mn_handle handle,
                                             size_t size) MN_MUST_USE
    MN_NONNULL(1);
MN_API size_t mn_shared_mover_size(struct mn_shared_mover *shared,
                                   struct mn_handle handle) MN_MUST_USE
    MN_NONNULL(1);
MN_API bool mn_shared_mover_step(struct mn_shared_mover *shared,
                                 const struct mn_move_goal *goal, size_t size)
    MN_NONNULL(1);
MN_API void mn_shared_mover_read_stats(struct mn_shared_mover *shared,
                                       struct mn_mover_stats *stats)
    MN_NONNULL(1, 2);
MN_API bool mn_shared_mover_walk(struct mn_shared_mover *shared,
                                 mn_mover_fn visit, void *context)
    MN_NONNULL(1, 2);
MN_API bool mn_shared_mover_check(struct mn_shared_mover *shared) MN_MUST_USE
    MN_NONNULL(1);

/* Free the block of `handle`, which leads to nothing from now on. Threads that
 * have it pinned may use it until they unpin: its memory comes back with an
 * allocation or a step after that. */
MN_API void mn_shared_mover_free(struct mn_shared_mover *shared,
                                 struct mn_handle handle) MN_NONNULL(1);

/* Hold the block still until mn_shared_unpin, in any thread. A stale or forged
 * handle stops the program; try_pin answers it with an entry of NULL. What was
 * written to the block before the last unpin is seen. */
MN_API struct mn_shared_pin
mn_shared_mover_pin(struct mn_shared_mover *shared,
                    struct mn_handle handle) MN_MUST_USE MN_NONNULL(1);
MN_API struct mn_shared_pin
mn_shared_mover_try_pin(struct mn_shared_mover *shared,
                        struct mn_handle handle) MN_MUST_USE MN_NONNULL(1);
MN_API void mn_shared_unpin(struct mn_shared_pin *pin) MN_NONNULL(1);

MN_END

#ifndef __cplusplus
/* A pin that ends with its scope. */
#define MN_SHARED_PIN(name, shared, handle)                                    \
    MN_ATTRIBUTE(unused, cleanup(mn_shared_unpin))                             \
    struct mn_shared_pin name = mn_shared_mover_pin(shared, handle)
#endif
#endif

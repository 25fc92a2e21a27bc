/* SPDX-License-Identifier: MIT */
/* mn/move.h -- movers: blocks that may move, held by handles.
 *
 * A handle is one word, to be kept and copied anywhere. It leads to its block
 * until that is freed, wherever the block lies by then, and from then on to
 * nothing, with certainty. A pin holds the block still and tells where it is.
 * Steps slide the blocks that nobody has pinned to the low end.
 *
 *     struct mn_handle handle = mn_mover_alloc(&mover, 100, NULL);
 *     {
 *         MN_PIN(pin, &mover, handle);         unpinned at the closing brace
 *         memcpy(pin.at, text, 100);
 *     }
 *     while (mn_mover_step(&mover, NULL, 1 << 20))
 *         ;                                    a MiB at a time
 *
 * One thread at a time uses a mover; mn/shared_mover.h is for many. Copies
 * that a device makes: mn/plan.h. How to use them: docs/manual/move.md
 */
#ifndef MN_MOVE_H
#define MN_MOVE_H

#include <mn/region.h>
#include <mn/type.h>

MN_BEGIN

struct mn_mover;

/* All zero: a handle of nothing, in any mover. */
struct mn_handle {
    uintptr_t bits;
};

enum {
    MN_MOVER_GRANULE = 16, /* the unit of sizes, and the alignment of blocks */
    MN_MOVER_COUNT_MAX = (1 << 23) - 1 /* blocks of one mover */
};

/* Called with each block, once its content is at `to`. It must not use the
 * mover but to pin. */
typedef void (*mn_moved_fn)(struct mn_handle handle, size_t from, size_t to,
                            size_t size, void *context);

/* What a mover is made of; fields not named are 0 or NULL. */
struct mn_mover_options {
    /* What blocks are cut from, a multiple of MN_MOVER_GRANULE in size and
     * address. */
    void *memory;
    size_t memory_size;
    /* For the records: mn_mover_control_size, a multiple of 8. NULL, with a
     * region: both come from it, the memory if that is NULL too. */
    void *control;
    size_t control_size;
    struct mn_region *region;
    size_t count_max; /* most blocks at a time */
    mn_moved_fn moved;
    void *context;
    /* The processor cannot read or write the memory: blocks move by plans, and
     * their addresses are those of another device. */
    bool untouched;
};

/* Bytes of control memory for that much memory and so many blocks; 0 if there
 * cannot be such a mover. */
MN_API size_t mn_mover_control_size(size_t memory_size,
                                    size_t count_max) MN_MUST_USE;

/* Have `mover` be as `options` say, which need not outlive it. O(count_max).
 * MN_ERR_INVALID for what cannot be; MN_ERR_NOMEM if the control memory is too
 * small, or the region has none. */
MN_API enum mn_status
mn_mover_init(struct mn_mover *mover,
              const struct mn_mover_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* The same in memory of the system, which is taken as it is needed, and given
 * back behind the last block when a compaction is done. `memory_size` bytes of
 * addresses are reserved; memory, control and region are not looked at.
 * MN_ERR_NOMEM if the system refuses. Not on targets without a system. */
MN_API enum mn_status
mn_mover_create(struct mn_mover *mover,
                const struct mn_mover_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Free all blocks, and give back what came from a region or the system. Stops
 * the program if one is pinned. O(blocks). */
MN_API void mn_mover_finish(struct mn_mover *mover) MN_NONNULL(1);

/* A block of `size` bytes at a multiple of MN_MOVER_GRANULE. With a type it is
 * for size / type->size objects, which are zeros, and whose plain pointers to
 * movable blocks (MN_MEMBER_MOVABLE) follow when these move. A handle of
 * nothing if there is no room, if size is 0 or no multiple of the type's, or
 * if the type cannot be or is aligned further. O(1), but for what it clears. */
MN_API struct mn_handle mn_mover_alloc(struct mn_mover *mover, size_t size,
                                       const struct mn_type *type) MN_MUST_USE
    MN_NONNULL(1);

/* Free the block of `handle`; one of nothing is ignored. A stale or forged one,
 * or a pinned block, stops the program. O(1). */
MN_API void mn_mover_free(struct mn_mover *mover, struct mn_handle handle)
    MN_NONNULL(1);

/* Change the size, in place or by moving; the content stays up to the smaller
 * one, and objects that are new are zeros. The handle stays. MN_ERR_NOMEM
 * without room, also for a pinned block that would have to move, MN_ERR_SIZE
 * for a size that mn_mover_alloc refuses; nothing has changed then. */
MN_API enum mn_status mn_mover_resize(struct mn_mover *mover,
                                      struct mn_handle handle,
                                      size_t size) MN_MUST_USE MN_NONNULL(1);

/* Whether `handle` leads to a block, and how many bytes were asked for (0: it
 * does not). */
MN_API size_t mn_mover_size(const struct mn_mover *mover,
                            struct mn_handle handle) MN_MUST_USE MN_NONNULL(1);

/* The handle of the block in which `address` lies, or one of nothing. */
MN_API struct mn_handle mn_mover_at(const struct mn_mover *mover,
                                    const void *address) MN_MUST_USE
    MN_NONNULL(1);

/* ---- compaction ---- */

enum mn_move_policy {
    MN_MOVE_ALL,     /* slide everything, from the low end on */
    MN_MOVE_CHEAPEST /* first what makes a hole by the fewest bytes moved */
};

/* When there is nothing more to do; fields not named are 0. */
struct mn_move_goal {
    enum mn_move_policy policy;
    size_t hole;            /* bytes: stop at a hole of this size; 0: go on */
    unsigned fragmentation; /* thousandths: stop where no more of all that is
                             * free is outside the largest hole */
};

/* Move blocks, by rising address, each to lower addresses and never over what
 * has not moved: at most `size` bytes and one block. Looking at a block counts
 * as MN_MOVER_LOOK bytes. False if the goal is reached or nothing more can be
 * done: a NULL goal is all zero. Between steps everything may be used, and the
 * next step goes on with what is then there. Pinned blocks stay, and those
 * behind them move up to them. Where there are pointers to follow, a step also
 * reads all blocks that have a type. */
enum { MN_MOVER_LOOK = 32 };
MN_API bool mn_mover_step(struct mn_mover *mover,
                          const struct mn_move_goal *goal, size_t size)
    MN_NONNULL(1);

/* Steps of 64 KiB until `time_ns` nanoseconds have passed; at least one. Not on
 * targets without a system. */
MN_API bool mn_mover_step_time(struct mn_mover *mover,
                               const struct mn_move_goal *goal,
                               uint64_t time_ns) MN_NONNULL(1);

/* ---- looking ---- */

/* Bytes but for counts: size == live_size + gap_size + free_size. */
struct mn_mover_stats {
    size_t size;      /* of the memory up to the end of the last block */
    size_t live;      /* blocks */
    size_t live_size; /* as asked for */
    size_t gap_size;  /* rounding */
    size_t free_size; /* holes between blocks */
    size_t holes;
    size_t largest; /* hole that there is, with that behind the last block */
    size_t rest;    /* behind the last block */
    size_t pinned;  /* blocks */
    size_t pinned_size;
    size_t record_size; /* of all records, as far as they were taken */
    size_t moved;       /* bytes, since the mover exists */
    size_t moves;
};
/* O(blocks). */
MN_API void mn_mover_read_stats(const struct mn_mover *mover,
                                struct mn_mover_stats *stats) MN_NONNULL(1, 2);

/* A block of the walk: a hole has a handle of nothing. */
struct mn_mover_block {
    struct mn_handle handle;
    size_t start; /* bytes from the start of the memory */
    size_t size;  /* with rounding */
    uint32_t pins;
    const struct mn_type *type;
};
typedef bool (*mn_mover_fn)(const struct mn_mover_block *block, void *context);
/* Visit blocks and holes by rising address, until `visit` returns false; it
 * must not change the mover. True if it never did. */
MN_API bool mn_mover_walk(const struct mn_mover *mover, mn_mover_fn visit,
                          void *context) MN_NONNULL(1, 2);

/* True if every invariant holds. O(blocks + count_max). */
MN_API bool mn_mover_check(const struct mn_mover *mover) MN_MUST_USE
    MN_NONNULL(1);

MN_END

#include <mn/handle.h>
#include <mn/pin.h>

#endif

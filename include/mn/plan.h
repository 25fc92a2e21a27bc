/* SPDX-License-Identifier: MIT */
/* mn/plan.h -- plans: compaction of memory that another engine copies.
 *
 * For memory of a device, of another machine, or in a file: a mover keeps the
 * books, and never touches the memory (mn_mover_options.untouched). A plan is a
 * list of copies in an order that is safe for one engine that makes one after
 * the other: none writes what a later one reads.
 *
 *     struct mn_plan plan;
 *     struct mn_move_piece piece[64];
 *     while (mn_plan_begin(&plan, &mover, piece, 64, 1 << 20) > 0)
 *         for (size_t i = 0; i < plan.count; i++) {
 *             device_copy(piece[i].to, piece[i].from, piece[i].size);
 *             mn_plan_commit(&plan);
 *         }
 *
 * How to use them: docs/manual/move.md
 */
#ifndef MN_PLAN_H
#define MN_PLAN_H

#include <mn/move.h>

MN_BEGIN

/* Copy `size` bytes from `from` to `to`, in bytes from the start of the memory;
 * `to` is below. Where it overlaps, the low bytes must be copied first, or all
 * at once through a buffer. */
struct mn_move_piece {
    struct mn_handle handle;
    size_t from;
    size_t to;
    size_t size;
    bool overlaps;
};

struct mn_plan { /* fields are private but for count */
    struct mn_mover *mover;
    struct mn_move_piece *pieces;
    size_t count; /* of pieces */
    size_t next;  /* the first that is neither committed nor abandoned */
};

/* Plan what the next step would move: at most `room` pieces, and `size` bytes
 * and one block. How many there are, in `pieces`, which stays in use until the
 * last one is committed or abandoned. The blocks are pinned until then, and
 * nothing else is put where they go; everything else of the mover may be used,
 * other plans too. 0: there is nothing to move. The mover must not be shared.
 * Requires: room > 0. O(blocks up to the last piece). */
MN_API size_t mn_plan_begin(struct mn_plan *plan, struct mn_mover *mover,
                            struct mn_move_piece *pieces, size_t room,
                            size_t size) MN_MUST_USE MN_NONNULL(1, 2, 3);

/* The next piece has been copied: its block is at `to`. Beyond the last piece,
 * and if its block has another size than planned, the program stops. O(1). */
MN_API void mn_plan_commit(struct mn_plan *plan) MN_NONNULL(1);

/* The pieces that are left will not be copied: their blocks stay where they
 * are, and what was written at `to` is lost. O(pieces). */
MN_API void mn_plan_abandon(struct mn_plan *plan) MN_NONNULL(1);

MN_END

#endif

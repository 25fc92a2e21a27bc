/* SPDX-License-Identifier: MIT */
/* mn/cell.h -- cells: many readers or one writer, checked while it runs.
 *
 * A cell says who may use the data that it stands for just now. A borrow that
 * breaks the rule is a mistake of the program and stops it; the try forms
 * answer instead. Nobody waits: where threads are to wait for each other, a
 * lock is right. clang refuses what is guarded by a cell without a borrow:
 *
 *     struct account {
 *         struct mn_cell cell;
 *         long balance MN_FIELD_GUARDED_BY(cell);
 *     };
 *
 *     mn_cell_borrow_mut(&account->cell);
 *     account->balance += 10;
 *     mn_cell_release_mut(&account->cell);
 *
 * A program that defines MN_CELL_FREE as 1 before it includes this gets no
 * check and not one instruction; what clang refuses it still refuses. All files
 * that share cells must agree.
 *
 * How to use cells: docs/manual/cell.md
 */
#ifndef MN_CELL_H
#define MN_CELL_H

#include <mn/base.h>

MN_BEGIN

#ifndef MN_CELL_FREE
#define MN_CELL_FREE 0
#endif

struct MN_CAPABILITY("cell") mn_cell {
    uint32_t state; /* readers; private. Zero is a cell that nobody borrows */
};

enum {
    MN_CELL_MUT = -1,            /* what mn_cell_state tells of a writer */
    MN_CELL_READERS = 0x3fffffff /* at a time; one more stops the program */
};

/* Above all that readers can be, though each thread was to add one at once. */
#define MNI_CELL_MUT UINT32_C(0x80000000)

/* Stop the program: what was asked for is not possible in that state. */
MN_API void mn_cell_stop(const struct mn_cell *cell, const char *operation,
                         uint32_t state);

/* Borrow to read: any thread, beside other readers. False if somebody writes,
 * or there are MN_CELL_READERS. */
MN_MUST_USE MN_ALWAYS_INLINE bool mn_cell_try_borrow(struct mn_cell *cell)
    MN_LOCKING(try_acquire_shared_capability(true, *cell)) MN_NO_THREAD_SAFETY;

/* Borrow to write, if nobody reads or writes. */
MN_MUST_USE MN_ALWAYS_INLINE bool mn_cell_try_borrow_mut(struct mn_cell *cell)
    MN_TRY_ACQUIRE(true, *cell) MN_NO_THREAD_SAFETY;

/* The same, and stop the program where these would be false. */
MN_ALWAYS_INLINE void mn_cell_borrow(struct mn_cell *cell)
    MN_ACQUIRE_SHARED(*cell) MN_NO_THREAD_SAFETY;
MN_ALWAYS_INLINE void mn_cell_borrow_mut(struct mn_cell *cell)
    MN_ACQUIRE(*cell) MN_NO_THREAD_SAFETY;

/* End a borrow; without one the program is stopped. Any thread may, for the one
 * that borrowed. */
MN_ALWAYS_INLINE void mn_cell_release(struct mn_cell *cell)
    MN_RELEASE_SHARED(*cell) MN_NO_THREAD_SAFETY;
MN_ALWAYS_INLINE void mn_cell_release_mut(struct mn_cell *cell)
    MN_RELEASE(*cell) MN_NO_THREAD_SAFETY;

/* Turn a writer into a reader, with nobody in between. */
MN_ALWAYS_INLINE void mn_cell_downgrade(struct mn_cell *cell) MN_RELEASE(*cell)
    MN_ACQUIRE_SHARED(*cell) MN_NO_THREAD_SAFETY;

/* ---- what these do ---- */

static inline bool mn_cell_try_borrow(struct mn_cell *cell)
{
    if (MN_CELL_FREE)
        return true;
    uint32_t seen = __atomic_load_n(&cell->state, __ATOMIC_RELAXED);
    do {
        if (seen >= MN_CELL_READERS)
            return false;
        /* Acquire: pairs with the release of a writer. */
    } while (!__atomic_compare_exchange_n(&cell->state, &seen, seen + 1, true,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return true;
}

static inline bool mn_cell_try_borrow_mut(struct mn_cell *cell)
{
    uint32_t seen = 0;

    /* Acquire: pairs with the releases of readers and writers. */
    return MN_CELL_FREE
           || __atomic_compare_exchange_n(&cell->state, &seen, MNI_CELL_MUT,
                                          false, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED);
}

static inline void mn_cell_borrow(struct mn_cell *cell)
{
    if (__builtin_expect(!mn_cell_try_borrow(cell), 0))
        mn_cell_stop(cell, "borrow",
                     __atomic_load_n(&cell->state, __ATOMIC_RELAXED));
}

static inline void mn_cell_borrow_mut(struct mn_cell *cell)
{
    if (__builtin_expect(!mn_cell_try_borrow_mut(cell), 0))
        mn_cell_stop(cell, "borrow to write",
                     __atomic_load_n(&cell->state, __ATOMIC_RELAXED));
}

static inline void mn_cell_release(struct mn_cell *cell)
{
    if (MN_CELL_FREE)
        return;
    /* Release: pairs with the acquire of a writer. */
    uint32_t seen = __atomic_fetch_sub(&cell->state, 1, __ATOMIC_RELEASE);
    if (__builtin_expect(seen - 1 >= MN_CELL_READERS, 0))
        mn_cell_stop(cell, "release", seen);
}

/* Release: pairs with the acquire of who borrows next. */
static inline void mni_cell_end_mut(struct mn_cell *cell, uint32_t state,
                                    const char *operation)
{
    if (MN_CELL_FREE)
        return;
    uint32_t seen = __atomic_exchange_n(&cell->state, state, __ATOMIC_RELEASE);
    if (__builtin_expect(seen != MNI_CELL_MUT, 0))
        mn_cell_stop(cell, operation, seen);
}

static inline void mn_cell_release_mut(struct mn_cell *cell)
{
    mni_cell_end_mut(cell, 0, "release of a writer");
}

static inline void mn_cell_downgrade(struct mn_cell *cell)
{
    mni_cell_end_mut(cell, 1, "downgrade");
}

/* How many read just now; MN_CELL_MUT: one writes. */
static inline int32_t mn_cell_state(const struct mn_cell *cell)
{
    uint32_t seen = __atomic_load_n(&cell->state, __ATOMIC_RELAXED);

    return seen == MNI_CELL_MUT ? (int32_t)MN_CELL_MUT : (int32_t)seen;
}

MN_END

#endif

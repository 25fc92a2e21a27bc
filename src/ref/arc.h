/* SPDX-License-Identifier: MIT */
/* arc.h -- what the 8 bytes before a shared object mean, and who changes them.
 *
 * own     The owner's number, and its count of references, at least 1; or
 *         MNI_ARC_NOBODY. Changed by the thread that has the number; or, while
 *         no thread has it, under the lock of numbers. Of an object that ends,
 *         a place among its members (end.c).
 * shared  From the top: the references of the others, less those of the
 *         owner's that they dropped; 15 bits with a sign. Whether there is an
 *         owner, 1 bit; so one comparison tells that a reference fewer ends
 *         nothing. Weak references and one for as long as the object lives, 11
 *         bits. Flags.
 *
 * An object is alive until it is merged, which adds the owner's count to the
 * shared one and lets it be nobody's, and its count is 0. Counts that grow too
 * large leave a part in the side table (arc_side.c), where a flag says so.
 */
#ifndef MNI_ARC_H
#define MNI_ARC_H

#include <mn/biased.h>

#include "base/assert.h"
#include "base/atomic.h"

enum {
    MNI_ARC_QUEUED = 1 << 0, /* the owner was told, by a note */
    /* MNI_ARC_SIDE = 1 << 1: references are in the side table */
    MNI_ARC_SIDE_WEAK = 1 << 2, /* weak references are there */
    MNI_ARC_STUCK = 1 << 3,     /* nobody knows how many: it never ends */
    MNI_ARC_PREFIX = 1 << 4,    /* a struct mni_arc_prefix is before the head */

    MNI_ARC_WEAK_SHIFT = 5,
    MNI_ARC_WEAK_ONE = 1 << MNI_ARC_WEAK_SHIFT,
    MNI_ARC_WEAK_MAX = (1 << 11) - 1, /* this many stay for ever */
    MNI_ARC_WEAK_HIGH = 1536,         /* from here on, some go aside */
    MNI_ARC_WEAK_MOVED = 1024,        /* so many */
    MNI_ARC_WEAK_LOW = 256,           /* down here, some come back */

    /* MNI_ARC_OWNED = 1 << 16: not merged */

    MNI_ARC_SHIFT = 17,
    MNI_ARC_HIGH = 8192, /* the same for references, above and below 0 */
    MNI_ARC_LAST = 15360,
    MNI_ARC_MOVED = 8192,
    MNI_ARC_LOW = 2048,

    MNI_ARC_OWN_SHIFT = 20,
    MNI_ARC_OWN_MOVED = 1 << 19,
    MNI_ARC_NUMBERS = 4095 /* from 1 on, exclusively */
};
_Static_assert(MNI_ARC_ONE == 1 << MNI_ARC_SHIFT
                   && MNI_ARC_MANY == MNI_ARC_HIGH << MNI_ARC_SHIFT,
               "as mn/biased.h counts");
_Static_assert(MNI_ARC_OWN_MAX == (1 << MNI_ARC_OWN_SHIFT) - 1, "20 bits");

/* No thread has this number, and adding and subtracting leaves it so. */
#define MNI_ARC_NOBODY (UINT32_MAX - MNI_ARC_OWN_MAX / 2)

/* Of objects in a row, and of those from a source. */
struct mni_arc_prefix {
    size_t length;
    struct mn_source *source; /* or NULL */
};

static inline struct mn_arc_head *mni_arc_head(const void *object)
{
    return (struct mn_arc_head *)(uintptr_t)object - 1;
}

static inline _Atomic uint32_t *mni_arc_shared(const struct mn_arc_head *head)
{
    return (_Atomic uint32_t *)(uintptr_t)&head->shared;
}

static inline bool mni_arc_is_owned(uint32_t shared)
{
    return (shared & MNI_ARC_OWNED) != 0;
}

static inline int32_t mni_arc_count_of(uint32_t shared)
{
    return (int32_t)shared >> MNI_ARC_SHIFT;
}

static inline uint32_t mni_arc_with_count(uint32_t shared, int64_t count)
{
    return (shared & (MNI_ARC_ONE - 1))
           | (uint32_t)((uint64_t)count << MNI_ARC_SHIFT);
}

static inline uint32_t mni_arc_weak_of(uint32_t shared)
{
    return shared >> MNI_ARC_WEAK_SHIFT & MNI_ARC_WEAK_MAX;
}

static inline uint32_t mni_arc_number_of(uint32_t own)
{
    return own >> MNI_ARC_OWN_SHIFT;
}

/* So many weak references more, unless there are so many that they stay. */
static inline uint32_t mni_arc_with_weak(uint32_t shared, int change)
{
    return mni_arc_weak_of(shared) == MNI_ARC_WEAK_MAX
               ? shared
               : shared + (uint32_t)change * MNI_ARC_WEAK_ONE;
}

static inline struct mni_arc_prefix *
mni_arc_prefix(const struct mn_arc_head *head)
{
    return (struct mni_arc_prefix *)(uintptr_t)head - 1;
}

static inline bool mni_arc_has_prefix(const struct mn_arc_head *head)
{
    return (mn_atomic_load_relaxed(mni_arc_shared(head)) & MNI_ARC_PREFIX) != 0;
}

static inline size_t mni_arc_length(const void *object)
{
    const struct mn_arc_head *head = mni_arc_head(object);

    return mni_arc_has_prefix(head) ? mni_arc_prefix(head)->length : 1;
}

/* ---- arc.c ---- */

/* A block for `length` objects with one reference; what is in them is not
 * defined. */
void *mni_arc_make(const struct mn_type *type, struct mn_source *source,
                   size_t length);

/* Give the block back. */
void mni_arc_free(void *object, const struct mn_type *type);

/* Drop a reference. True if it was the last: the caller ends the object. */
bool mni_arc_release(void *object, const struct mn_type *type);

/* Add the owner's count to the shared one. True if there is no reference left,
 * and so the caller ends the object. Requires: the caller is the owner, busy,
 * or has the lock of numbers while nobody has the object's. */
bool mni_arc_merge(struct mn_arc_head *head, uint32_t count);

/* A weak reference fewer; the memory goes with the last. */
void mni_arc_weak_release(void *object, const struct mn_type *type);

/* ---- end.c ---- */

/* End an object without references: drop, its references, its memory. */
void mni_arc_end(void *object, const struct mn_type *type);

/* End what an element has, without the memory. */
void mni_arc_end_element(void *element, const struct mn_type *type);

/* ---- arc_side.c: all may be called by anybody who keeps the memory ---- */

/* Move a part of a shared count that is far from 0 to the side table. Where
 * this is not possible, the object is stuck before the count is lost. */
void mni_arc_side_out(struct mn_arc_head *head);

/* The same for the owner's count. False if it is not possible. */
bool mni_arc_side_out_owner(struct mn_arc_head *head);

/* Bring a part back to the count of a merged object. */
void mni_arc_side_in(struct mn_arc_head *head);

/* As mni_arc_merge, where a part is aside or the count is large. */
bool mni_arc_side_merge(struct mn_arc_head *head, uint32_t count);

/* The same for weak references. False if nothing came back. */
void mni_arc_side_weak_out(struct mn_arc_head *head);
bool mni_arc_side_weak_in(struct mn_arc_head *head);

/* References that are aside. */
int64_t mni_arc_side_count(const struct mn_arc_head *head);

/* Objects that have anything aside. */
size_t mni_arc_side_entries(void);

void mni_arc_side_before_fork(void);
void mni_arc_side_in_child(void);
void mni_arc_side_after_fork(void);

/* ---- arc_owner.c ---- */

struct mni_arc_note;

/* Where notes for this thread are put, or a place where there never are any. */
extern MNI_ARC_LOCAL const _Atomic(struct mni_arc_note *) *mni_arc_notes
    __attribute__((tls_model("initial-exec")));

/* Get a number if this thread has not asked for one yet; in its place, or 0 if
 * it has none, or counts just now. */
uint32_t mni_arc_number(void);

static inline uint32_t mni_arc_self(void)
{
    uint32_t self = mn_arc_self;

    return __builtin_expect(self != 0, 1) ? self : mni_arc_number();
}

/* A note for the owner of an object. */
struct mni_arc_note *mni_arc_note_new(void *object, const struct mn_type *type);
void mni_arc_note_drop(struct mni_arc_note *note);

/* Tell whoever has the number, or do in its place what it would. */
void mni_arc_tell(uint32_t number, struct mni_arc_note *note);

/* Do what the notes for this thread ask for, unless it is at it. */
void mni_arc_look(void);

/* A slow step: look whether anybody has told this thread anything. */
static inline void mni_arc_step(void)
{
    if (__builtin_expect(mn_atomic_load_relaxed(mni_arc_notes) != NULL, 0))
        mni_arc_look();
}

/* Pretend, for tests, that so many numbers exist. */
void mni_arc_limit_numbers(uint32_t count);

/* ---- around what only the owner does ---- */

/* False if this thread is not the owner, and so will not be. Requires: a
 * reference. */
static inline bool mni_arc_may_own(const struct mn_arc_head *head)
{
    return MNI_ARC_LOAD(&head->own) - mn_arc_self <= MNI_ARC_OWN_MAX;
}

/* If this thread is the object's owner, take up its count: until
 * mni_arc_owner_leave signal handlers do as other threads would. *self is what
 * to give that function. */
static inline bool mni_arc_owner_enter(const struct mn_arc_head *head,
                                       uint32_t *self, uint32_t *own)
{
    *self = mn_arc_self;
    mn_arc_self = 0;
    mn_atomic_signal_fence();
    /* Acquire: pairs with the release in end.c, so that who takes a place
     * for its number sees that the object is merged. */
    *own = mn_atomic_load_acquire((_Atomic uint32_t *)(uintptr_t)&head->own);
    return *self != 0 && *own - *self <= MNI_ARC_OWN_MAX
           && mni_arc_is_owned(mn_atomic_load_relaxed(mni_arc_shared(head)));
}

static inline void mni_arc_owner_leave(uint32_t self)
{
    mn_atomic_signal_fence();
    mn_arc_self = self;
}

#endif

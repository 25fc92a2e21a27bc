/* SPDX-License-Identifier: MIT */
/* arc.c -- counting references that threads share, biased to one of them.
 *
 * The owner alone changes its half of the count, so it needs no atomic
 * operation; the others change the shared half. Who takes the shared half
 * below 0 leaves the owner a note (arc_owner.c), which keeps the memory. What
 * the owner does between its look at its half and the end of the change is
 * done with mn_arc_self at 0: a signal handler then counts as others do.
 */
#include "ref/arc.h"

#include <string.h>

#include "base/bits.h"
#include "heap/fast.h"
#include "ref/end.h"

/* Pairs with nothing: only this thread's handlers look at it. */
MNI_ARC_LOCAL uint32_t mn_arc_self __attribute__((tls_model("initial-exec")));

enum { ARC_SMALL = 64 }; /* bytes */

/* Apart from its caller, which then has nothing to save before its atomic
 * operation; that would wait for the stores. */
#define ARC_RARE __attribute__((noinline))

/* ---- memory ---- */

/* From the start of the block to the object. */
static size_t arc_offset(size_t align, bool prefix)
{
    size_t before = sizeof(struct mn_arc_head);

    if (prefix)
        before += sizeof(struct mni_arc_prefix);
    return mni_round_up(before, align);
}

static void *arc_alloc(struct mn_source *source, size_t size, size_t align)
{
    if (source != NULL)
        return mn_source_alloc(source, size, align);
    if (align <= MNI_SLOT_UNIT)
        return mni_alloc(size);
    return mn_alloc_aligned(size, align);
}

void mni_arc_free(void *object, const struct mn_type *type)
{
    const struct mn_arc_head *head = mni_arc_head(object);
    bool prefix = mni_arc_has_prefix(head);
    struct mn_source *source = prefix ? mni_arc_prefix(head)->source : NULL;
    void *block = (unsigned char *)object - arc_offset(type->align, prefix);

    if (source != NULL)
        mn_source_free(source, block);
    else
        mni_free(block);
}

/* Bytes for the objects, and for what their end needs behind them. */
static bool arc_size(const struct mn_type *type, size_t length, size_t *size)
{
    return mni_multiply(type->size, length, size)
           && (type->member_count == 0 || !mni_end_needs_room(type, length != 1)
               || mni_add(*size, sizeof(void *), size));
}

void *mni_arc_make(const struct mn_type *type, struct mn_source *source,
                   size_t length)
{
    bool prefix = source != NULL || length != 1;
    size_t offset = arc_offset(type->align, prefix);
    size_t size;

    mni_arc_step();
    if (!arc_size(type, length, &size) || !mni_add(size, offset, &size))
        return NULL;
    unsigned char *block = arc_alloc(source, size, type->align);
    if (block == NULL)
        return NULL;
    struct mn_arc_head *head = mni_arc_head(block + offset);
    uint32_t self = mni_arc_self();
    uint32_t shared =
        MNI_ARC_WEAK_ONE + (self == 0 ? MNI_ARC_ONE : MNI_ARC_OWNED);
    if (prefix) {
        shared += MNI_ARC_PREFIX;
        mni_arc_prefix(head)->length = length;
        mni_arc_prefix(head)->source = source;
    }
    /* Relaxed: whoever hands a reference to another thread orders it. */
    MNI_ARC_STORE(&head->own, self == 0 ? MNI_ARC_NOBODY : self + 1);
    mn_atomic_store_relaxed(mni_arc_shared(head), shared);
    return block + offset;
}

/* Most objects are small, and made of words. */
static void arc_clear(void *object, size_t size)
{
    uint64_t *words = object;

    if (size > ARC_SMALL || size % sizeof *words != 0) {
        memset(object, 0, size);
        return;
    }
    for (size_t i = 0; i < size / sizeof *words; i++) {
        words[i] = 0;
        __asm__ volatile("" ::: "memory"); /* or it becomes memset again */
    }
}

void *mn_arc_new_array(const struct mn_type *type, struct mn_source *source,
                       size_t count)
{
    void *object = count == 0 ? NULL : mni_arc_make(type, source, count);

    if (object != NULL)
        arc_clear(object, type->size * count);
    return object;
}

void *mn_arc_new(const struct mn_type *type, struct mn_source *source)
{
    void *object = mni_arc_make(type, source, 1);

    if (object != NULL)
        arc_clear(object, type->size);
    return object;
}

size_t mn_arc_length(const void *object)
{
    return mni_arc_length(object);
}

/* ---- one reference more ---- */

/* Whether a reference can still be had. */
static bool arc_is_alive(uint32_t shared)
{
    return mni_arc_is_owned(shared) || mni_arc_count_of(shared) > 0
           || (shared & (MNI_ARC_SIDE | MNI_ARC_STUCK)) != 0;
}

/* If this thread is the owner, count. Requires: a reference, or a weak one. */
static bool arc_clone_owner(struct mn_arc_head *head)
{
    uint32_t self;
    uint32_t own;
    bool mine = mni_arc_owner_enter(head, &self, &own);

    if (mine && own - self == MNI_ARC_OWN_MAX) {
        /* Where that is not possible it is stuck, and the count is nobody's
         * business any more. */
        if (mni_arc_side_out_owner(head))
            own -= MNI_ARC_OWN_MOVED;
        else
            own--;
    }
    if (mine)
        MNI_ARC_STORE(&head->own, own + 1);
    mni_arc_owner_leave(self);
    return mine;
}

void mn_arc_put_aside(void *object)
{
    mni_arc_side_out(mni_arc_head(object));
}

void mn_arc_clone_any(void *object)
{
    if (!arc_clone_owner(mni_arc_head(object)))
        mni_arc_clone_shared(object);
}

void *mn_arc_upgrade(void *weak)
{
    if (weak == NULL)
        return NULL;
    struct mn_arc_head *head = mni_arc_head(weak);
    if (mni_arc_may_own(head) && arc_clone_owner(head))
        return weak;
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    do {
        if (!arc_is_alive(seen))
            return NULL;
        /* Acquire: pairs with the release of those who dropped, so that
         * mn_arc_is_unique may be asked next. */
    } while (!mn_atomic_cas_strong_acquire(shared, &seen, seen + MNI_ARC_ONE));
    if (mni_arc_count_of(seen) >= MNI_ARC_HIGH)
        mni_arc_side_out(head);
    return weak;
}

/* ---- one reference fewer ---- */

bool mni_arc_merge(struct mn_arc_head *head, uint32_t count)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);

    /* First, since what follows may let others free the object. Relaxed:
     * whoever else has the number had the lock of numbers before. */
    MNI_ARC_STORE(&head->own, MNI_ARC_NOBODY);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    uint32_t next;
    do {
        int64_t total = (int64_t)mni_arc_count_of(seen) + count;
        if ((seen & (MNI_ARC_SIDE | MNI_ARC_STUCK)) != 0
            || total > MNI_ARC_HIGH)
            return mni_arc_side_merge(head, count);
        MN_CHECK(total >= 0, "a shared object is dropped too often");
        next = mni_arc_with_count(seen, total)
               & ~(uint32_t)(MNI_ARC_QUEUED | MNI_ARC_OWNED);
        /* Acquire and release: pairs with the drops of other threads. */
    } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
    return mni_arc_count_of(next) == 0;
}

/* Try to drop a reference of an object that is another thread's. False if
 * *seen was no longer right. */
static bool arc_try_drop(void *object, const struct mn_type *type,
                         uint32_t *seen)
{
    const struct mn_arc_head *head = mni_arc_head(object);
    struct mni_arc_note *note = NULL;
    uint32_t next = *seen - MNI_ARC_ONE;
    /* Before the drop: later the object may be gone. If it is nobody's, the
     * owner is about to merge it, and needs no note. */
    uint32_t number = mni_arc_number_of(MNI_ARC_LOAD(&head->own));

    if (mni_arc_count_of(next) < 0 && (*seen & MNI_ARC_QUEUED) == 0
        && number < MNI_ARC_NUMBERS)
        note = mni_arc_note_new(object, type);
    /* Without memory for a note, the next drop tries again, and the owner
     * still ends the object if it drops the last reference that it counts. */
    if (note != NULL)
        next = mni_arc_with_weak(next | MNI_ARC_QUEUED, 1);
    /* Acquire and release: pairs with itself and with the owner's merge. */
    if (!mn_atomic_cas_acq_rel(mni_arc_shared(head), seen, next)) {
        mni_arc_note_drop(note);
        return false;
    }
    if (note != NULL)
        mni_arc_tell(number, note);
    return true;
}

/* Drop a reference of a merged object. */
static bool arc_drop_merged(struct mn_arc_head *head, uint32_t seen)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);

    if ((seen & MNI_ARC_SIDE) != 0 && mni_arc_count_of(seen) <= MNI_ARC_LOW)
        mni_arc_side_in(head);
    /* Acquire and release: pairs with itself, so that what all did with the
     * object comes before its end. */
    uint32_t next = mn_atomic_add_acq_rel(shared, 0u - MNI_ARC_ONE);
    next -= MNI_ARC_ONE;
    if ((next & (MNI_ARC_SIDE | MNI_ARC_STUCK)) != 0)
        return false;
    MN_CHECK(mni_arc_count_of(next) >= 0,
             "a shared object is dropped too often");
    return mni_arc_count_of(next) == 0;
}

static bool arc_drop_shared(void *object, const struct mn_type *type)
{
    struct mn_arc_head *head = mni_arc_head(object);
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    bool tried = false; /* in a signal handler that may not be possible */

    while (mni_arc_is_owned(seen)) {
        if (!tried && mni_arc_count_of(seen) <= -MNI_ARC_HIGH) {
            tried = true;
            mni_arc_side_out(head);
            seen = mn_atomic_load_relaxed(shared);
        } else if (arc_try_drop(object, type, &seen)) {
            return false;
        }
    }
    return arc_drop_merged(head, seen);
}

/* Whether the owner, which this thread is, has the only reference, and there is
 * no weak one. Nobody else can get at the object then, no handler either. */
static bool arc_is_sole(const struct mn_arc_head *head)
{
    /* Acquire: pairs with the drops of other threads. */
    uint32_t seen = mn_atomic_load_acquire(mni_arc_shared(head));

    return MNI_ARC_LOAD(&head->own) == mn_arc_self + 1
           && (seen & ~(uint32_t)MNI_ARC_PREFIX)
                  == MNI_ARC_OWNED + MNI_ARC_WEAK_ONE;
}

/* The only reference of a sole object is dropped: nobody can have it again, its
 * own drop function neither. */
static void arc_end_sole(struct mn_arc_head *head)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);

    MNI_ARC_STORE(&head->own, MNI_ARC_NOBODY);
    mn_atomic_store_relaxed(shared, mn_atomic_load_relaxed(shared)
                                        & ~(uint32_t)MNI_ARC_OWNED);
}

bool mni_arc_release(void *object, const struct mn_type *type)
{
    struct mn_arc_head *head = mni_arc_head(object);
    bool last = false;
    uint32_t self;
    uint32_t own;

    if (!mni_arc_may_own(head))
        return arc_drop_shared(object, type);
    if (arc_is_sole(head)) {
        arc_end_sole(head);
        return true;
    }
    bool mine = mni_arc_owner_enter(head, &self, &own);

    if (mine && own - self > 1)
        MNI_ARC_STORE(&head->own, own - 1);
    else if (mine)
        last = mni_arc_merge(head, 0);
    mni_arc_owner_leave(self);
    return mine ? last : arc_drop_shared(object, type);
}

/* Whether the object is alone, and refers to nothing. */
static bool arc_is_leaf(const void *object, const struct mn_type *type)
{
    if (type->visit != NULL || mni_arc_has_prefix(mni_arc_head(object)))
        return false;
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        const unsigned char *slots = object;
        slots += member->offset;
        for (size_t k = 0; k < member->count; k++)
            if (((void *const *)(const void *)slots)[k] != NULL)
                return false;
    }
    return true;
}

/* The last reference is dropped; the rest of mn_arc_drop_any. */
static ARC_RARE void arc_drop_sole(void *object, const struct mn_type *type)
{
    if (type->drop == NULL && arc_is_leaf(object, type)) {
        mni_arc_free(object, type);
    } else {
        arc_end_sole(mni_arc_head(object));
        mni_arc_end(object, type);
    }
    mni_arc_step();
}

static ARC_RARE void arc_drop_rare(void *object, const struct mn_type *type)
{
    if (mni_arc_release(object, type))
        mni_arc_end(object, type);
    mni_arc_step();
}

void mn_arc_drop_any(void *object, const struct mn_type *type)
{
    if (arc_is_sole(mni_arc_head(object)))
        arc_drop_sole(object, type);
    else
        arc_drop_rare(object, type);
}

/* ---- weak references ---- */

void *mn_arc_weak(void *object)
{
    if (object == NULL)
        return NULL;
    struct mn_arc_head *head = mni_arc_head(object);
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    /* Release is not needed, and costs nothing. */
    while (!mn_atomic_cas_release(shared, &seen, mni_arc_with_weak(seen, 1))) {
    }
    if (mni_arc_weak_of(seen) >= MNI_ARC_WEAK_HIGH)
        mni_arc_side_weak_out(head);
    return object;
}

/* One fewer of those that were seen, but never none while some are aside:
 * where they could not come back, in a signal handler, the memory stays. */
static uint32_t arc_weak_less(uint32_t seen)
{
    uint32_t next = mni_arc_with_weak(seen, -1);

    if (mni_arc_weak_of(next) == 0 && (seen & MNI_ARC_SIDE_WEAK) != 0)
        next = seen | (uint32_t)MNI_ARC_WEAK_MAX << MNI_ARC_WEAK_SHIFT;
    return next;
}

void mni_arc_weak_release(void *object, const struct mn_type *type)
{
    struct mn_arc_head *head = mni_arc_head(object);
    _Atomic uint32_t *shared = mni_arc_shared(head);
    /* Acquire: pairs with the release of whoever dropped the others. */
    uint32_t seen = mn_atomic_load_acquire(shared);
    uint32_t next;

    /* Alone: nobody else can look. */
    if (mni_arc_weak_of(seen) == 1 && (seen & MNI_ARC_SIDE_WEAK) == 0) {
        mni_arc_free(object, type);
        return;
    }
    do {
        while ((seen & MNI_ARC_SIDE_WEAK) != 0
               && mni_arc_weak_of(seen) <= MNI_ARC_WEAK_LOW
               && mni_arc_side_weak_in(head))
            seen = mn_atomic_load_relaxed(shared);
        next = arc_weak_less(seen);
        /* Acquire and release: pairs with itself. */
    } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
    if (mni_arc_weak_of(next) == 0)
        mni_arc_free(object, type);
}

void mn_arc_weak_drop(void *object, const struct mn_type *type)
{
    if (object != NULL)
        mni_arc_weak_release(object, type);
}

/* ---- questions ---- */

/* The owner's count if there is an owner, which may be another thread. */
static uint32_t arc_own_count(const struct mn_arc_head *head)
{
    uint32_t own = MNI_ARC_LOAD(&head->own);

    return mni_arc_number_of(own) < MNI_ARC_NUMBERS ? own & MNI_ARC_OWN_MAX : 0;
}

size_t mn_arc_count(const void *object)
{
    if (object == NULL)
        return 0;
    const struct mn_arc_head *head = mni_arc_head(object);
    uint32_t seen = mn_atomic_load_relaxed(mni_arc_shared(head));
    int64_t count = mni_arc_count_of(seen);
    if ((seen & MNI_ARC_STUCK) != 0)
        return SIZE_MAX;
    if (mni_arc_is_owned(seen))
        count += arc_own_count(head);
    if ((seen & MNI_ARC_SIDE) != 0)
        count += mni_arc_side_count(head);
    return count < 0 ? 0 : (size_t)count;
}

/* References that are counted in `shared` alone: those that a unique object of
 * this thread, or of nobody, has not. */
static bool arc_is_alone(uint32_t shared, int32_t count)
{
    return mni_arc_weak_of(shared) == 1 && mni_arc_count_of(shared) == count
           && (shared & (MNI_ARC_SIDE | MNI_ARC_SIDE_WEAK | MNI_ARC_STUCK))
                  == 0;
}

bool mn_arc_is_unique(const void *object)
{
    const struct mn_arc_head *head = mni_arc_head(object);
    uint32_t self;
    uint32_t own;
    bool mine = mni_arc_owner_enter(head, &self, &own);
    /* Acquire: pairs with the drops of other threads. */
    uint32_t seen = mn_atomic_load_acquire(mni_arc_shared(head));

    mni_arc_owner_leave(self);
    if (mine)
        return own - self == 1 && arc_is_alone(seen, 0);
    return !mni_arc_is_owned(seen) && arc_is_alone(seen, 1);
}

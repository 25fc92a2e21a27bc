/* SPDX-License-Identifier: MIT */
/* arc_side.c -- the part of a count for which an object's header has no room.
 *
 * A hash table in stripes, each with a lock; an object is in it while any of
 * its flags MNI_ARC_SIDE and MNI_ARC_SIDE_WEAK is set, which changes with the
 * lock of its stripe in hand. A part moves out before a count is lost and comes
 * back before it is 0, in steps so large that this is rare. While this thread
 * has such a lock it is nobody's owner, so a signal handler never needs it.
 */
#include <mn/heap.h>

#include "base/assert.h"
#include "os/lock.h"
#include "ref/arc.h"

enum { SIDE_STRIPES = 16, SIDE_BUCKETS = 8 };

struct side_entry {
    struct side_entry *next;
    const struct mn_arc_head *head;
    int64_t count; /* references */
    uint64_t weak;
};

struct side_stripe {
    struct mni_lock lock;
    struct side_entry **buckets; /* or NULL: `first` */
    size_t bucket_count;         /* a power of two, or 0 */
    size_t entry_count;
    struct side_entry *first[SIDE_BUCKETS];
};

/* Ranges in initializers are an extension of GCC and Clang. */
__extension__ static struct side_stripe side_stripes[SIDE_STRIPES] = {
    [0 ... SIDE_STRIPES - 1] = {.lock = {.order = MNI_LOCK_SIDE}},
};

/* What a thread has while it changes one object's part. */
struct side {
    struct side_stripe *stripe;
    struct side_entry **place; /* of its entry, or where one would go */
    const struct mn_arc_head *head;
    uint32_t self;
    bool locked;
};

static uint64_t side_hash(const struct mn_arc_head *head)
{
    return ((uint64_t)(uintptr_t)head >> 3) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct side_entry **side_bucket(struct side_stripe *stripe,
                                       const struct mn_arc_head *head)
{
    uint64_t hash = side_hash(head) >> 16;

    if (stripe->buckets == NULL)
        return &stripe->first[hash % SIDE_BUCKETS];
    return &stripe->buckets[hash % stripe->bucket_count];
}

/* False in a signal handler that must not wait for the lock. */
static bool side_enter(struct side *side, const struct mn_arc_head *head)
{
    side->head = head;
    side->stripe = &side_stripes[side_hash(head) >> 60];
    side->self = mn_arc_self;
    mn_arc_self = 0;
    mn_atomic_signal_fence();
    side->locked = mni_lock_enter(&side->stripe->lock);
    if (!side->locked)
        return false;
    side->place = side_bucket(side->stripe, head);
    while (*side->place != NULL && (*side->place)->head != head)
        side->place = &(*side->place)->next;
    return true;
}

static void side_leave(struct side *side)
{
    if (side->locked)
        mni_lock_leave(&side->stripe->lock);
    mn_atomic_signal_fence();
    mn_arc_self = side->self;
}

/* Twice the buckets, if there is memory for them; chains are short. */
static void side_grow(struct side_stripe *stripe)
{
    size_t old = stripe->buckets == NULL ? SIDE_BUCKETS : stripe->bucket_count;
    struct side_entry **from =
        stripe->buckets == NULL ? stripe->first : stripe->buckets;
    struct side_entry **to = mn_alloc_zero(2 * old * sizeof *to);

    if (to == NULL)
        return;
    struct side_entry **owned = stripe->buckets;
    stripe->buckets = to;
    stripe->bucket_count = 2 * old;
    for (size_t i = 0; i < old; i++)
        while (from[i] != NULL) {
            struct side_entry *entry = from[i];
            from[i] = entry->next;
            struct side_entry **place = side_bucket(stripe, entry->head);
            entry->next = *place;
            *place = entry;
        }
    mn_free(owned);
}

/* The object's entry, made if there is none; NULL if there is no memory. */
static struct side_entry *side_make(struct side *side)
{
    if (*side->place != NULL)
        return *side->place;
    struct side_entry *entry = mn_alloc_zero(sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->head = side->head;
    *side->place = entry;
    struct side_stripe *stripe = side->stripe;
    if (++stripe->entry_count > SIDE_BUCKETS
        && stripe->entry_count > stripe->bucket_count) {
        side_grow(stripe);
        side->place = side_bucket(stripe, side->head);
        while (*side->place != entry)
            side->place = &(*side->place)->next;
    }
    return entry;
}

/* Forget the entry if nothing is in it. */
static void side_settle(struct side *side)
{
    struct side_entry *entry = *side->place;

    if (entry == NULL || entry->count != 0 || entry->weak != 0)
        return;
    *side->place = entry->next;
    side->stripe->entry_count--;
    mn_free(entry);
}

static void side_stick(const struct mn_arc_head *head)
{
    /* Any order: it is never taken back. */
    (void)mn_atomic_or_acq_rel(mni_arc_shared(head), MNI_ARC_STUCK);
}

/* ---- references ---- */

/* A part to be moved, of the count that was seen. */
static int64_t side_surplus(uint32_t seen)
{
    int32_t count = mni_arc_count_of(seen);

    if (count >= MNI_ARC_HIGH)
        return MNI_ARC_MOVED;
    return count <= -MNI_ARC_HIGH ? -MNI_ARC_MOVED : 0;
}

void mni_arc_side_out(struct mn_arc_head *head)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    struct side side;

    bool entered = side_enter(&side, head);
    struct side_entry *entry = entered ? side_make(&side) : NULL;
    if (entry == NULL) {
        int32_t count = mni_arc_count_of(seen);
        /* A handler leaves it to those who come after it, while there is
         * room. */
        if (entered || count >= MNI_ARC_LAST || count <= -MNI_ARC_LAST)
            side_stick(head);
        side_leave(&side);
        return;
    }
    int64_t part;
    uint32_t next;
    do {
        part = side_surplus(seen);
        next = seen;
        if (part != 0)
            next = mni_arc_with_count(seen, mni_arc_count_of(seen) - part)
                   | MNI_ARC_SIDE;
        /* Release: pairs with the acquire of who merges or drops last. */
    } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
    entry->count += part;
    side_settle(&side);
    side_leave(&side);
}

bool mni_arc_side_out_owner(struct mn_arc_head *head)
{
    struct side side;
    bool entered = side_enter(&side, head);
    struct side_entry *entry = entered ? side_make(&side) : NULL;

    if (entry != NULL) {
        entry->count += MNI_ARC_OWN_MOVED;
        (void)mn_atomic_or_acq_rel(mni_arc_shared(head), MNI_ARC_SIDE);
    } else {
        side_stick(head);
    }
    side_leave(&side);
    return entry != NULL;
}

/* Make `total` the sum of both parts, with at most MNI_ARC_HIGH in `shared`. */
static uint32_t side_split(uint32_t seen, int64_t total, int64_t *aside)
{
    int64_t near = total < MNI_ARC_HIGH ? total : MNI_ARC_HIGH - 1;

    *aside = total - near;
    seen = mni_arc_with_count(seen, near) & ~(uint32_t)MNI_ARC_SIDE;
    return *aside == 0 ? seen : seen | MNI_ARC_SIDE;
}

void mni_arc_side_in(struct mn_arc_head *head)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);
    struct side side;

    if (!side_enter(&side, head) || *side.place == NULL) {
        side_leave(&side);
        return;
    }
    struct side_entry *entry = *side.place;
    int64_t aside;
    uint32_t next;
    uint32_t seen = mn_atomic_load_relaxed(shared);
    do {
        next = side_split(seen, mni_arc_count_of(seen) + entry->count, &aside);
    } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
    entry->count = aside;
    side_settle(&side);
    side_leave(&side);
}

bool mni_arc_side_merge(struct mn_arc_head *head, uint32_t count)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    uint32_t next;
    int64_t total;
    int64_t aside;
    struct side side;
    bool entered = side_enter(&side, head);
    struct side_entry *entry = entered ? side_make(&side) : NULL;

    if (entry == NULL)
        side_stick(head);
    do {
        total = (int64_t)mni_arc_count_of(seen) + count
                + (entry == NULL ? 0 : entry->count);
        next = side_split(seen, total, &aside)
               & ~(uint32_t)(MNI_ARC_QUEUED | MNI_ARC_OWNED);
        /* Acquire and release: pairs with the drops of other threads. */
    } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
    bool last = total == 0 && (next & MNI_ARC_STUCK) == 0;
    if (entry != NULL) {
        entry->count = aside;
        side_settle(&side);
    }
    side_leave(&side);
    return last;
}

int64_t mni_arc_side_count(const struct mn_arc_head *head)
{
    struct side side;
    int64_t count = 0;

    if (side_enter(&side, head) && *side.place != NULL)
        count = (*side.place)->count;
    side_leave(&side);
    return count;
}

/* ---- weak references ---- */

void mni_arc_side_weak_out(struct mn_arc_head *head)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    struct side side;
    bool entered = side_enter(&side, head);
    struct side_entry *entry = entered ? side_make(&side) : NULL;

    /* Otherwise they become more, until there are so many that they stay. */
    if (entry != NULL) {
        uint32_t weak;
        uint32_t next;
        do {
            weak = mni_arc_weak_of(seen);
            weak = weak >= MNI_ARC_WEAK_HIGH && weak < MNI_ARC_WEAK_MAX
                       ? MNI_ARC_WEAK_MOVED
                       : 0;
            next = seen - weak * MNI_ARC_WEAK_ONE;
            next |= weak == 0 ? 0 : MNI_ARC_SIDE_WEAK;
        } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
        entry->weak += weak;
        side_settle(&side);
    }
    side_leave(&side);
}

bool mni_arc_side_weak_in(struct mn_arc_head *head)
{
    _Atomic uint32_t *shared = mni_arc_shared(head);
    struct side side;
    bool entered = side_enter(&side, head);
    struct side_entry *entry = entered ? *side.place : NULL;
    uint32_t seen = mn_atomic_load_relaxed(shared);

    if (entry == NULL || entry->weak == 0) {
        side_leave(&side);
        /* Another thread was here first: then there is something to see. */
        return entered && (seen & MNI_ARC_SIDE_WEAK) == 0;
    }
    uint32_t weak = entry->weak < MNI_ARC_WEAK_MOVED ? (uint32_t)entry->weak
                                                     : MNI_ARC_WEAK_MOVED;
    uint32_t next;
    bool fits;
    do {
        fits = mni_arc_weak_of(seen) + weak < MNI_ARC_WEAK_MAX;
        next = seen;
        if (fits)
            next += weak * MNI_ARC_WEAK_ONE;
        if (fits && weak == entry->weak)
            next &= ~(uint32_t)MNI_ARC_SIDE_WEAK;
    } while (!mn_atomic_cas_acq_rel(shared, &seen, next));
    entry->weak -= fits ? weak : 0;
    side_settle(&side);
    side_leave(&side);
    return fits;
}

/* ---- for tests, and around a fork ---- */

size_t mni_arc_side_entries(void)
{
    size_t count = 0;

    for (size_t i = 0; i < SIDE_STRIPES; i++)
        if (mni_lock_enter(&side_stripes[i].lock)) {
            count += side_stripes[i].entry_count;
            mni_lock_leave(&side_stripes[i].lock);
        }
    return count;
}

void mni_arc_side_before_fork(void)
{
    uint32_t orders = mni_lock_orders();

    for (size_t i = 0; i < SIDE_STRIPES; i++)
        (void)mni_lock_enter_to_fork(&side_stripes[i].lock, orders);
}

void mni_arc_side_in_child(void)
{
    for (size_t i = 0; i < SIDE_STRIPES; i++)
        (void)mni_lock_after_fork(&side_stripes[i].lock);
}

void mni_arc_side_after_fork(void)
{
    for (size_t i = SIDE_STRIPES; i-- > 0;)
        mni_lock_leave_after_fork(&side_stripes[i].lock);
}

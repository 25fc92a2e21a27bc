/* SPDX-License-Identifier: MIT */
/* threads_pin.c -- pins and moves of one block, by many threads.
 *
 * An entry's word is its handle; its place and its pins are one word of 64 bits
 * that is changed at once. Who moves claims a block that nobody has pinned,
 * copies it, and settles it at the new place if the claim still stands. A pin
 * adds one, and takes such a claim away: the block is where it was. So neither
 * waits for the other, but where a block is copied onto itself.
 *
 * A pin looks at the word before it adds one, and again after: who frees
 * changes the word and then looks at the pins. One of the two sees the other,
 * and a pin of a block that is gone is taken off again. So an entry may have a
 * pin for a moment that is nobody's, and whoever finds it goes another way.
 */
#include "move/threads.h"
#include "os/lock.h"

/* ---- for who has the lock ---- */

static bool threads_claim(struct mn_mover_entry *entry, bool overlaps)
{
    mni_threads_state *state = mni_threads_state_of(entry);
    uint32_t pins = MNI_THREADS_MOVING | (overlaps ? MNI_THREADS_SOLID : 0u);

    /* Relaxed: the exchange tells whether it is so still. */
    uint64_t seen = mn_atomic_load_relaxed(state);
    struct mni_threads_place both = mni_threads_unpack(seen);
    if (both.pins != 0)
        return false;
    /* Acquire: what was written before the release of the last unpin. */
    return mn_atomic_cas_acq_rel(state, &seen,
                                 mni_threads_pack(both.place, pins));
}

static bool threads_settle(struct mn_mover_entry *entry, uint32_t place)
{
    mni_threads_state *state = mni_threads_state_of(entry);
    uint64_t seen = mn_atomic_load_relaxed(state);

    /* Release: a pin that acquires it sees the copy. A weak exchange may fail
     * without a reason, and then the block is claimed still. */
    while ((mni_threads_unpack(seen).pins & MNI_THREADS_MOVING) != 0)
        if (mn_atomic_cas_acq_rel(state, &seen, mni_threads_pack(place, 0)))
            return true;
    return false;
}

/* Relaxed: a pin of a stale handle may be there for a moment, and stays. */
static void threads_place(struct mn_mover_entry *entry, uint32_t place)
{
    mni_threads_state *state = mni_threads_state_of(entry);
    uint64_t seen = mn_atomic_load_relaxed(state);

    while (!mn_atomic_cas_acq_rel(
        state, &seen, mni_threads_pack(place, mni_threads_unpack(seen).pins)))
        ;
}

/* Release: who sees the word sees the place, and what the block holds. The
 * fence pairs with the exchange of a pin: see above. */
static void threads_word(struct mn_mover_entry *entry, uintptr_t word)
{
    mn_atomic_store_release(mni_threads_word_of(entry), word);
    mn_atomic_fence();
}

static uint32_t threads_pins(const struct mn_mover_entry *entry)
{
    /* Acquire: pairs with the release of the last unpin. */
    return mni_threads_unpack(
               mn_atomic_load_acquire(mni_threads_state_of(entry)))
        .pins;
}

static uint32_t threads_where(const struct mn_mover_entry *entry)
{
    /* Relaxed: places change only under the lock. */
    return mni_threads_unpack(
               mn_atomic_load_relaxed(mni_threads_state_of(entry)))
        .place;
}

const struct mni_mover_threads mni_threads = {
    .claim = threads_claim,
    .settle = threads_settle,
    .place = threads_place,
    .word = threads_word,
    .pins = threads_pins,
    .where = threads_where,
};

/* ---- pins ---- */

static void threads_take_off(struct mn_mover_entry *entry)
{
    /* Release: who claims the block sees what was written to it. */
    uint64_t before = mn_atomic_add_release(mni_threads_state_of(entry),
                                            0 - mni_threads_pack(0, 1));
    uint32_t pins = mni_threads_unpack(before).pins;

    if (pins == 0 || (pins & MNI_THREADS_MOVING) != 0)
        mn_pin_stop(UINT32_MAX);
}

/* Wait for the end of a step that copies a block onto itself. */
static void threads_wait(struct mn_shared_mover *shared)
{
    struct mni_lock *lock = (void *)shared->lock;

    MN_CHECK(mni_lock_enter(lock), "a handler pins in the middle of a step");
    mni_lock_leave(lock);
}

/* Add a pin; where the block then is. */
static uint32_t threads_add(struct mn_shared_mover *shared,
                            struct mn_mover_entry *entry)
{
    mni_threads_state *state = mni_threads_state_of(entry);
    uint64_t seen = mn_atomic_load_relaxed(state);

    for (;;) {
        struct mni_threads_place both = mni_threads_unpack(seen);
        if ((both.pins & MNI_THREADS_SOLID) != 0) {
            threads_wait(shared);
            seen = mn_atomic_load_relaxed(state);
            continue;
        }
        uint32_t pins = (both.pins & MNI_THREADS_PINS) + 1;
        if (pins > MNI_THREADS_PINS)
            mn_pin_stop(pins);
        /* In one order with the fence of who frees, and it acquires what
         * settle and alloc release. */
        if (mn_atomic_cas_seq_cst(state, &seen,
                                  mni_threads_pack(both.place, pins)))
            return both.place;
    }
}

struct mn_shared_pin mn_shared_mover_try_pin(struct mn_shared_mover *shared,
                                             struct mn_handle handle)
{
    struct mn_mover *mover = &shared->mover;
    struct mn_mover_entry *entry = mn_mover_entry(mover, handle);
    struct mn_shared_pin pin = {NULL, NULL};

    /* Acquire: pairs with the release of alloc. */
    if (mn_atomic_load_acquire(mni_threads_word_of(entry)) != handle.bits)
        return pin;
    uint32_t place = threads_add(shared, entry);
    /* After the exchange, in the one order. */
    if (mn_atomic_load_seq_cst(mni_threads_word_of(entry)) != handle.bits) {
        threads_take_off(entry);
        return pin;
    }
    pin.at = mover->base + mni_mover_bytes(place);
    pin.entry = entry;
    return pin;
}

struct mn_shared_pin mn_shared_mover_pin(struct mn_shared_mover *shared,
                                         struct mn_handle handle)
{
    struct mn_shared_pin pin = mn_shared_mover_try_pin(shared, handle);

    if (pin.entry == NULL)
        mn_mover_stop(&shared->mover, handle);
    return pin;
}

void mn_shared_unpin(struct mn_shared_pin *pin)
{
    if (pin->entry != NULL)
        threads_take_off(pin->entry);
    pin->entry = NULL;
    pin->at = NULL;
}

/* SPDX-License-Identifier: MIT */
/* arc_owner.c -- the numbers of threads, and what is left for who has one.
 *
 * A thread gets a number when it first makes a shared object, and gives it
 * back when it ends. Objects belong to the number: the next thread that gets
 * it owns them, too. While no thread has it, whoever leaves a note also does
 * what the note asks for, under the lock of numbers, which a thread needs to
 * get the number. Without a number, objects are merged from the beginning.
 */
#include "base/assert.h"
#include "heap/heap.h"
#include "os/os.h"
#include "ref/arc.h"

struct mni_arc_note {
    struct mni_arc_note *next;
    void *object; /* with a weak reference */
    const struct mn_type *type;
    bool last; /* the object has no reference left */
};

struct owner {
    _Atomic(struct mni_arc_note *) notes; /* newest first */
    _Atomic uint32_t living;              /* a thread has the number */
    uint32_t idle; /* the next one in the list of numbers nobody has */
};

enum owner_state { OWNER_NEW, OWNER_HAS, OWNER_OVER };

static struct owner owners[MNI_ARC_NUMBERS];
static struct mni_lock owner_lock = {.order = MNI_LOCK_NUMBERS};
static uint32_t owner_idle;              /* under the lock: the first, or 0 */
static _Atomic uint32_t owner_count = 1; /* numbers in use lie below */
static uint32_t owner_limit = MNI_ARC_NUMBERS;
static _Atomic uint32_t owner_missed; /* a handler could not take the lock */

static const _Atomic(struct mni_arc_note *) owner_no_notes;
MNI_ARC_LOCAL const _Atomic(struct mni_arc_note *) *mni_arc_notes
    __attribute__((tls_model("initial-exec"))) = &owner_no_notes;
static MNI_ARC_LOCAL uint32_t owner_number
    __attribute__((tls_model("initial-exec")));
static MNI_ARC_LOCAL unsigned char owner_state
    __attribute__((tls_model("initial-exec")));
static MNI_ARC_LOCAL bool owner_looks
    __attribute__((tls_model("initial-exec")));

/* ---- notes ---- */

struct mni_arc_note *mni_arc_note_new(void *object, const struct mn_type *type)
{
    struct mni_arc_note *note = mn_alloc(sizeof *note);

    if (note != NULL)
        *note = (struct mni_arc_note){NULL, object, type, false};
    return note;
}

void mni_arc_note_drop(struct mni_arc_note *note)
{
    mn_free(note);
}

/* All notes that are there, oldest first. */
static struct mni_arc_note *owner_take(uint32_t number)
{
    /* Acquire: pairs with the release in mni_arc_tell. */
    struct mni_arc_note *note =
        mn_atomic_exchange_acquire(&owners[number].notes, NULL);
    struct mni_arc_note *oldest = NULL;

    while (note != NULL) {
        struct mni_arc_note *next = note->next;
        note->next = oldest;
        oldest = note;
        note = next;
    }
    return oldest;
}

/* Merge the object if it still has an owner. Requires: the caller has the
 * number, and is busy, or has the lock while nobody has it. */
static void owner_merge(uint32_t number, struct mni_arc_note *note)
{
    struct mn_arc_head *head = mni_arc_head(note->object);
    uint32_t own = MNI_ARC_LOAD(&head->own);
    /* Acquire: pairs with the release of who merged it. */
    uint32_t shared = mn_atomic_load_acquire(mni_arc_shared(head));

    if (mni_arc_is_owned(shared) && mni_arc_number_of(own) == number)
        note->last = mni_arc_merge(head, own & MNI_ARC_OWN_MAX);
}

/* Everything of notes that may call functions of the program. */
static void owner_finish(struct mni_arc_note *note)
{
    while (note != NULL) {
        struct mni_arc_note *next = note->next;
        if (note->last)
            mni_arc_end(note->object, note->type);
        mni_arc_weak_release(note->object, note->type);
        mni_arc_note_drop(note);
        note = next;
    }
}

/* Requires: the thread has the number, and is not busy. */
static void owner_look(void)
{
    uint32_t self = mn_arc_self;

    mn_arc_self = 0;
    mn_atomic_signal_fence();
    struct mni_arc_note *notes = owner_take(owner_number);
    for (struct mni_arc_note *note = notes; note != NULL; note = note->next)
        owner_merge(owner_number, note);
    mn_atomic_signal_fence();
    mn_arc_self = self;
    owner_finish(notes);
}

/* Do what the notes for a number ask for, if nobody has it. False if a handler
 * cannot have the lock. */
static bool owner_stand_in(uint32_t number)
{
    struct mni_arc_note *notes = NULL;

    if (!mni_lock_enter(&owner_lock))
        return false;
    if (mn_atomic_load_relaxed(&owners[number].living) == 0)
        notes = owner_take(number);
    for (struct mni_arc_note *note = notes; note != NULL; note = note->next)
        owner_merge(number, note);
    mni_lock_leave(&owner_lock);
    owner_finish(notes);
    return true;
}

/* After the lock was left: what a handler could not do meanwhile. */
static void owner_catch_up(void)
{
    /* Pairs with the fence of a handler that tries the lock again. */
    mn_atomic_fence();
    while (mn_atomic_exchange_relaxed(&owner_missed, 0) != 0) {
        uint32_t count = mn_atomic_load_relaxed(&owner_count);
        for (uint32_t number = 1; number < count; number++)
            if (mn_atomic_load_relaxed(&owners[number].notes) != NULL)
                (void)owner_stand_in(number);
    }
}

void mni_arc_tell(uint32_t number, struct mni_arc_note *note)
{
    struct owner *owner = &owners[number];
    struct mni_arc_note *first = mn_atomic_load_relaxed(&owner->notes);

    do {
        note->next = first;
        /* Release: pairs with the acquire in owner_take. */
    } while (!mn_atomic_cas_release(&owner->notes, &first, note));
    /* Pairs with the fence in owner_ended: either the thread that ends sees
     * the note, or this one sees that nobody has the number. */
    mn_atomic_fence();
    if (mn_atomic_load_relaxed(&owner->living) != 0)
        return;
    if (!owner_stand_in(number)) {
        mn_atomic_store_relaxed(&owner_missed, 1);
        /* Either the holder sees that, or it has left the lock by now. */
        mn_atomic_fence();
        if (!owner_stand_in(number))
            return;
    }
    owner_catch_up();
}

/* ---- numbers ---- */

/* Requires: the lock. 0 if there is none. */
static uint32_t owner_take_number(void)
{
    uint32_t number = owner_idle;
    uint32_t count = mn_atomic_load_relaxed(&owner_count);

    if (number != 0) {
        owner_idle = owners[number].idle;
    } else if (count < owner_limit) {
        number = count;
        mn_atomic_store_relaxed(&owner_count, count + 1);
    }
    if (number != 0)
        mn_atomic_store_relaxed(&owners[number].living, 1);
    return number;
}

/* Requires: the lock. */
static void owner_give_number(uint32_t number)
{
    mn_atomic_store_relaxed(&owners[number].living, 0);
    owners[number].idle = owner_idle;
    owner_idle = number;
}

static void owner_ended(void *unused)
{
    uint32_t number = owner_number;

    (void)unused;

    if (owner_state == OWNER_HAS)
        owner_look();
    unsigned char before = owner_state;
    owner_state = OWNER_OVER;
    owner_number = 0;
    mni_arc_notes = &owner_no_notes;
    mn_arc_self = 0;
    if (before != OWNER_HAS || !mni_lock_enter(&owner_lock))
        return; /* the thread ends inside a handler: the number is lost */
    owner_give_number(number);
    mni_lock_leave(&owner_lock);
    /* Pairs with the fence in mni_arc_tell. */
    mn_atomic_fence();
    if (mn_atomic_load_relaxed(&owners[number].notes) != NULL)
        (void)owner_stand_in(number);
    owner_catch_up();
}

static void owner_take_up(void)
{
    uint32_t number = owner_take_number();

    owner_number = number;
    mn_atomic_signal_fence();
    owner_state = number != 0 ? OWNER_HAS : OWNER_OVER;
    if (number != 0)
        mni_arc_notes = &owners[number].notes;
    mn_arc_self = number << MNI_ARC_OWN_SHIFT;
}

/* This thread's first shared object. Its heap asks first to be told of the end
 * of the thread, and so is told last: what ends here is freed there. Where the
 * system refuses there is no number, since nobody would give it back. */
static void owner_begin(void)
{
    /* Meanwhile a signal handler makes objects that are nobody's. */
    owner_state = OWNER_OVER;
    mn_atomic_signal_fence();
    bool ready = mni_thread_heap() != &mni_heap_none
                 && mni_os_at_thread_end(owner_ended, NULL)
                 && mni_lock_enter(&owner_lock);
    if (!ready) {
        owner_state = OWNER_NEW;
        return;
    }
    owner_take_up();
    mni_lock_leave(&owner_lock);
    owner_catch_up();
}

uint32_t mni_arc_number(void)
{
    if (owner_state == OWNER_NEW)
        owner_begin();
    return mn_arc_self;
}

void mni_arc_look(void)
{
    if (mn_arc_self == 0 || owner_looks)
        return;
    owner_looks = true;
    owner_look();
    owner_looks = false;
}

void mn_arc_poll(void)
{
    mni_arc_step();
}

void mni_arc_limit_numbers(uint32_t count)
{
    owner_limit = count + 1;
}

/* ---- fork ---- */

static void owner_before_fork(void)
{
    (void)mni_lock_enter_to_fork(&owner_lock, mni_lock_orders());
    mni_arc_side_before_fork();
}

static void owner_after_fork(void)
{
    mni_arc_side_after_fork();
    mni_lock_leave_after_fork(&owner_lock);
    owner_catch_up();
}

/* Other threads are gone, and what they had in hand; their numbers are idle. */
static void owner_in_child(void)
{
    uint32_t count = mn_atomic_load_relaxed(&owner_count);

    for (uint32_t number = 1; number < count; number++)
        if (number != owner_number
            && mn_atomic_load_relaxed(&owners[number].living) != 0)
            owner_give_number(number);
    (void)mni_lock_after_fork(&owner_lock);
    mni_arc_side_in_child();
    mn_atomic_store_relaxed(&owner_missed, 1);
    owner_after_fork();
}

/* After the heap's, so that in a child the heap is usable already. */
static __attribute__((constructor(102))) void owner_prepare(void)
{
    /* Where the system refuses, only children that use shared objects before
     * exec are at risk, as they are by POSIX. */
    (void)mni_os_at_fork(owner_before_fork, owner_after_fork, owner_in_child);
}

/* SPDX-License-Identifier: MIT */
/* cycle.c -- garbage cycles, found by trial deletion from candidates.
 *
 * As in Bacon and Rajan, "Concurrent Cycle Collection in Reference Counted
 * Systems", ECOOP 2001, the synchronous form, with a list in place of
 * recursion: gray    all objects that candidates lead to get the references
 * taken off that come from each other; what is left is held from outside black
 * what is held, and what that leads to, gets them back white   the others are
 * garbage. They get them back, too, and their drop functions run while all of
 * them is whole. If one made any object live on, all do, and are candidates
 * again; otherwise their members are dropped, and their memory goes. While
 * objects are gray no code of the program runs, but for visit. If a list cannot
 * grow, the counts are put back, and the candidates stay.
 */
#include <mn/ref.h>

#include "ref/ref.h"

/* An object with more references stays out, for the sake of MNI_REF_BIAS. */
enum { CYCLE_COUNT_MAX = 1 << 29 };

struct cycle {
    struct mni_founds found; /* all that was visited; later what is garbage */
    struct mni_founds black; /* held, and their members not yet looked at */
    size_t looked; /* so many of `found` had their members looked at */
    bool failed;   /* a list could not grow */
};

/* The object in the slot if it takes part: it can be in a cycle, and lives. */
static struct mn_counted *cycle_inside(void *slot,
                                       const struct mn_member *member)
{
    void *object = *(void **)slot;

    if (object == NULL || !mni_ref_is_strong(member))
        return NULL;
    struct mn_counted *head = mni_counted(object);
    if (!(head->weak & MNI_REF_CYCLIC))
        return NULL;
    unsigned state = mni_ref_state(head);
    return state == MNI_REF_GRAY
                   || (state == MNI_REF_PLAIN && head->strong < CYCLE_COUNT_MAX)
               ? head
               : NULL;
}

static void cycle_visit(const struct mni_found *found, mn_member_fn fn,
                        struct cycle *cycle)
{
    mni_ref_visit(found->object, found->type, fn, cycle);
}

/* ---- gray ---- */

/* False if the object could not be added. */
static bool cycle_add(struct cycle *cycle, void *object,
                      const struct mn_type *type)
{
    if (cycle->failed || !mni_founds_add(&cycle->found, object, type)) {
        cycle->failed = true;
        return false;
    }
    mni_ref_set_state(mni_counted(object), MNI_REF_GRAY);
    mni_counted(object)->strong++; /* it is the number from now on */
    return true;
}

static void cycle_ungray(struct mn_counted *head)
{
    mni_ref_set_state(head, MNI_REF_PLAIN);
    head->strong--;
}

static void cycle_take_off(void *slot, const struct mn_member *member,
                           void *context)
{
    struct mn_counted *head = cycle_inside(slot, member);

    if (head == NULL)
        return;
    if (mni_ref_state(head) == MNI_REF_PLAIN
        && !cycle_add(context, *(void **)slot, member->type))
        return;
    head->strong--;
}

static void cycle_put_back_gray(void *slot, const struct mn_member *member,
                                void *context)
{
    struct mn_counted *head = cycle_inside(slot, member);

    (void)context;
    if (head != NULL && mni_ref_state(head) == MNI_REF_GRAY)
        head->strong++;
}

/* False if there was no memory: then all is as it was. */
static bool cycle_mark(struct cycle *cycle)
{
    for (size_t i = 0; i < mni_notes.list.count; i++) {
        struct mni_found note = mni_notes.list.at[i];
        struct mn_counted *head = mni_counted(note.object);
        if (head->strong < CYCLE_COUNT_MAX
            && mni_ref_state(head) == MNI_REF_PLAIN)
            (void)cycle_add(cycle, note.object, note.type);
    }
    for (; cycle->looked < cycle->found.count && !cycle->failed;
         cycle->looked++)
        cycle_visit(&cycle->found.at[cycle->looked], cycle_take_off, cycle);
    if (!cycle->failed)
        return true;
    /* An object that could not be added is not gray, and lost nothing. */
    for (size_t i = 0; i < cycle->looked; i++)
        cycle_visit(&cycle->found.at[i], cycle_put_back_gray, cycle);
    for (size_t i = 0; i < cycle->found.count; i++)
        cycle_ungray(mni_counted(cycle->found.at[i].object));
    return false;
}

/* ---- black ---- */

static void cycle_put_back(void *slot, const struct mn_member *member,
                           void *context)
{
    struct mn_counted *head = cycle_inside(slot, member);

    (void)context;
    if (head != NULL)
        head->strong++;
}

static void cycle_blacken(void *slot, const struct mn_member *member,
                          void *context)
{
    struct mn_counted *head = cycle_inside(slot, member);
    struct cycle *cycle = context;

    if (head == NULL)
        return;
    head->strong++;
    if (mni_ref_state(head) != MNI_REF_GRAY)
        return;
    if (!mni_founds_add(&cycle->black, *(void **)slot, member->type))
        cycle->failed = true;
    else
        cycle_ungray(head);
}

/* False if there was no memory: then all is as it was. */
static bool cycle_scan(struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->found.count && !cycle->failed; i++) {
        struct mni_found found = cycle->found.at[i];
        struct mn_counted *head = mni_counted(found.object);
        if (mni_ref_state(head) != MNI_REF_GRAY || head->strong == 0)
            continue;
        cycle_ungray(head);
        cycle_visit(&found, cycle_blacken, cycle);
        while (cycle->black.count != 0 && !cycle->failed) {
            found = cycle->black.at[--cycle->black.count];
            cycle_visit(&found, cycle_blacken, cycle);
        }
    }
    if (!cycle->failed)
        return true;
    for (size_t i = 0; i < cycle->black.count; i++)
        cycle_visit(&cycle->black.at[i], cycle_put_back, cycle);
    for (size_t i = 0; i < cycle->found.count; i++)
        if (mni_ref_state(mni_counted(cycle->found.at[i].object))
            == MNI_REF_GRAY)
            cycle_visit(&cycle->found.at[i], cycle_put_back, cycle);
    for (size_t i = 0; i < cycle->found.count; i++)
        if (mni_ref_state(mni_counted(cycle->found.at[i].object))
            == MNI_REF_GRAY)
            cycle_ungray(mni_counted(cycle->found.at[i].object));
    return false;
}

/* ---- white ---- */

/* Leave in `found` what is garbage, with true counts, as objects that end. */
static void cycle_whiten(struct cycle *cycle)
{
    size_t kept = 0;

    for (size_t i = 0; i < cycle->found.count; i++)
        if (mni_ref_state(mni_counted(cycle->found.at[i].object))
            == MNI_REF_GRAY)
            cycle->found.at[kept++] = cycle->found.at[i];
    cycle->found.count = kept;
    for (size_t i = 0; i < kept; i++)
        cycle_visit(&cycle->found.at[i], cycle_put_back, cycle);
    for (size_t i = 0; i < kept; i++) {
        struct mn_counted *head = mni_counted(cycle->found.at[i].object);
        mni_ref_set_state(head, MNI_REF_WHITE);
        head->strong += MNI_REF_BIAS;
    }
}

static struct mn_counted *cycle_white(void *slot,
                                      const struct mn_member *member)
{
    void *object = *(void **)slot;

    if (object == NULL || !mni_ref_is_strong(member))
        return NULL;
    struct mn_counted *head = mni_counted(object);
    return mni_ref_state(head) == MNI_REF_WHITE ? head : NULL;
}

static void cycle_white_off(void *slot, const struct mn_member *member,
                            void *context)
{
    struct mn_counted *head = cycle_white(slot, member);

    (void)context;
    if (head != NULL)
        head->strong--;
}

static void cycle_white_back(void *slot, const struct mn_member *member,
                             void *context)
{
    struct mn_counted *head = cycle_white(slot, member);

    (void)context;
    if (head != NULL)
        head->strong++;
}

/* Run the drop functions. True if one has made any of the objects live on. */
static bool cycle_call_drops(struct cycle *cycle)
{
    const struct mni_founds *found = &cycle->found;
    bool called = false;
    bool held = false;

    for (size_t i = 0; i < found->count; i++) {
        called = called || found->at[i].type->drop != NULL;
        mni_ref_call_drop(found->at[i].object, found->at[i].type);
    }
    if (!called)
        return false;
    for (size_t i = 0; i < found->count; i++)
        cycle_visit(&found->at[i], cycle_white_off, cycle);
    for (size_t i = 0; i < found->count; i++)
        held = held || mni_counted(found->at[i].object)->strong != MNI_REF_BIAS;
    for (size_t i = 0; i < found->count; i++)
        cycle_visit(&found->at[i], cycle_white_back, cycle);
    return held;
}

/* Let all live on. Each is held until its turn, since the drop functions may
 * have dropped the last reference to some. */
static void cycle_revive(struct cycle *cycle)
{
    const struct mni_founds *found = &cycle->found;

    for (size_t i = 0; i < found->count; i++) {
        struct mn_counted *head = mni_counted(found->at[i].object);
        mni_ref_set_state(head, MNI_REF_PLAIN);
        head->strong -= MNI_REF_BIAS; /* one more than there are */
    }
    for (size_t i = 0; i < found->count; i++)
        if (mni_ref_release(found->at[i].object, found->at[i].type))
            mni_ref_end(found->at[i].object, found->at[i].type);
    cycle->found.count = 0;
}

static void cycle_clear(void *slot, const struct mn_member *member,
                        void *context)
{
    if (cycle_white(slot, member) != NULL)
        *(void **)slot = NULL;
    else
        mni_ref_drop_slot(slot, member, context);
}

static void cycle_take_apart(struct cycle *cycle)
{
    const struct mni_founds *found = &cycle->found;

    for (size_t i = 0; i < found->count; i++)
        mni_counted(found->at[i].object)->strong = MNI_REF_PLACE;
    for (size_t i = 0; i < found->count; i++)
        cycle_visit(&found->at[i], cycle_clear, cycle);
    for (size_t i = 0; i < found->count; i++)
        mni_ref_free(found->at[i].object, found->at[i].type);
}

/* Objects of garbage cycles that have ended. */
static size_t cycle_run(struct cycle *cycle)
{
    mni_notes_sweep(true);
    if (!cycle_mark(cycle) || !cycle_scan(cycle))
        return 0;
    cycle_whiten(cycle);
    mni_notes_sweep(false);
    if (cycle_call_drops(cycle))
        cycle_revive(cycle);
    else
        cycle_take_apart(cycle);
    return cycle->found.count;
}

size_t mn_ref_collect(void)
{
    struct cycle cycle = {.failed = false};

    if (mni_notes.collecting || mni_notes.list.count == 0)
        return 0;
    mni_notes.collecting = true;
    size_t count = cycle_run(&cycle);
    mni_founds_free(&cycle.found);
    mni_founds_free(&cycle.black);
    if (mni_notes.list.count == 0)
        mni_founds_free(&mni_notes.list);
    mni_notes.collecting = false;
    return count;
}

/* SPDX-License-Identifier: MIT */
/* cycle_note.c -- candidates: objects that one reference fewer leads to.
 *
 * Garbage cycles are cut off from the program by the drop of a reference to one
 * of their objects which is not the last. So each such object is noted, once
 * however often this happens. A note is a weak reference: if the object ends,
 * its memory stays until the notes are swept, which is done when this memory
 * is more than the notes themselves take. Notes are of one thread.
 */
#include "ref/ref.h"

#include <mn/heap.h>
#include <mn/ref.h>

enum { NOTE_FIRST = 64, NOTE_ENDED_MIN = 65536 };

_Thread_local struct mni_notes mni_notes
    __attribute__((tls_model("initial-exec")));

bool mni_founds_reserve(struct mni_founds *list, size_t count)
{
    size_t capacity = list->capacity == 0 ? NOTE_FIRST : list->capacity;

    while (capacity < count)
        capacity *= 2;
    if (capacity == list->capacity)
        return true;
    struct mni_found *at = mn_realloc(list->at, capacity * sizeof(*at));
    if (at == NULL)
        return false;
    list->at = at;
    list->capacity = capacity;
    return true;
}

void mni_founds_free(struct mni_founds *list)
{
    mn_free(list->at);
    *list = (struct mni_founds){NULL, 0, 0};
}

void mni_notes_sweep(bool keep)
{
    struct mni_founds *list = &mni_notes.list;
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct mni_found found = list->at[i];
        struct mn_counted *head = mni_counted(found.object);
        if (keep && !mni_ref_is_gone(head)) {
            list->at[kept++] = found;
        } else {
            head->weak &= ~MNI_REF_NOTED;
            mni_ref_weak_release(found.object, found.type);
        }
    }
    list->count = kept;
    mni_notes.ended_size = 0;
}

void mni_note_ended(size_t size)
{
    struct mni_notes *notes = &mni_notes;
    size_t allowed = notes->list.count * sizeof(struct mni_found);

    notes->ended_size += size;
    if (allowed < NOTE_ENDED_MIN)
        allowed = NOTE_ENDED_MIN;
    if (notes->ended_size > allowed && !notes->collecting)
        mni_notes_sweep(true);
}

/* Collect, so that there is room for a note of `object`, which may end
 * thereby. False if there is none, or no need. */
static bool note_make_room(void *object, const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);

    if (mni_notes.collecting)
        return false;
    (void)mn_ref_weak(object);
    (void)mn_ref_collect();
    bool needed =
        (int32_t)head->strong >= 0 && (head->weak & MNI_REF_NOTED) == 0;
    mni_ref_weak_release(object, type);
    return needed && mni_founds_add(&mni_notes.list, object, type);
}

void mn_ref_note(void *object, const struct mn_type *type)
{
    struct mni_notes *notes = &mni_notes;
    struct mn_counted *head = mni_counted(object);

    if (!mni_founds_add(&notes->list, object, type)
        && !note_make_room(object, type))
        return;
    (void)mn_ref_weak(object);
    head->weak |= MNI_REF_NOTED;
    if (notes->threshold != 0 && notes->list.count >= notes->threshold)
        (void)mn_ref_collect();
}

void mn_ref_collect_at(size_t count)
{
    mni_notes.threshold = count;
}

size_t mn_ref_candidates(void)
{
    return mni_notes.list.count;
}

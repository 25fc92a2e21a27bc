/* SPDX-License-Identifier: MIT */
/* ref_weak.c -- references that keep the memory of an object, not the object.
 *
 * A note of cycle_note.c is one of them, too.
 */
#include "ref/ref.h"

void *mn_ref_weak(void *object)
{
    if (object != NULL) {
        struct mn_counted *head = mni_counted(object);
        if (head->weak < MNI_REF_WEAK_MAX)
            head->weak += MNI_REF_WEAK_ONE;
    }
    return object;
}

void mni_ref_weak_release(void *object, const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);

    if (head->weak >= MNI_REF_WEAK_MAX)
        return;
    head->weak -= MNI_REF_WEAK_ONE;
    if (mni_ref_is_gone(head))
        mni_ref_free(object, type);
}

void mn_ref_weak_drop(void *object, const struct mn_type *type)
{
    if (object == NULL)
        return;
    if (mni_counted(object)->weak < MNI_REF_WEAK_ONE)
        mni_ref_stop("drop", object, "it has no weak reference");
    mni_ref_weak_release(object, type);
}

void *mn_ref_upgrade_rare(void *object)
{
    struct mn_counted *head = mni_counted(object);

    if (mni_ref_state(head) >= MNI_REF_WHITE
        || !mni_ref_is_saturated(head->strong + 1))
        return NULL;
    head->strong = MNI_REF_SATURATED;
    return object;
}

size_t mn_ref_weak_count(const void *object)
{
    if (object == NULL)
        return 0;
    uint32_t weak = mni_counted(object)->weak;
    if (weak >= MNI_REF_WEAK_MAX)
        return SIZE_MAX;
    return weak / MNI_REF_WEAK_ONE - (weak & MNI_REF_NOTED);
}

/* SPDX-License-Identifier: MIT */
/* arc_copy.c -- the content of shared objects: taken out, and copied. */
#include <string.h>

#include "ref/arc.h"

/* If this thread is the owner and seems to have the only reference, merge. */
static void copy_merge_last(struct mn_arc_head *head)
{
    uint32_t self;
    uint32_t own;

    if (mni_arc_owner_enter(head, &self, &own) && own - self == 1) {
        uint32_t seen = mn_atomic_load_relaxed(mni_arc_shared(head));
        if (mni_arc_count_of(seen) == 0)
            (void)mni_arc_merge(head, 1);
    }
    mni_arc_owner_leave(self);
}

bool mn_arc_try_unwrap(void *object, const struct mn_type *type, void *out)
{
    struct mn_arc_head *head = mni_arc_head(object);
    _Atomic uint32_t *shared = mni_arc_shared(head);

    if (mni_arc_length(object) != 1)
        return false;
    copy_merge_last(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    do {
        if (mni_arc_is_owned(seen) || mni_arc_count_of(seen) != 1
            || (seen & (MNI_ARC_SIDE | MNI_ARC_STUCK)) != 0)
            return false;
        /* Acquire: pairs with the drops of other threads. */
    } while (!mn_atomic_cas_acq_rel(shared, &seen, seen - MNI_ARC_ONE));
    memcpy(out, object, type->size);
    mni_arc_weak_release(object, type);
    return true;
}

static void copy_clone_member(void *slot, const struct mn_member *member,
                              void *context)
{
    void *target = *(void **)slot;

    (void)context;
    if (member->kind == MN_MEMBER_ARC)
        (void)mn_arc_clone(target);
    else if (member->kind == MN_MEMBER_ARC_WEAK)
        (void)mn_arc_weak(target);
    else
        MN_CHECK(target == NULL, "copy of a reference that is not shared");
}

/* Give back objects that were made by mni_arc_make and are not known to others.
 */
static void copy_unmake(void *object, const struct mn_type *type)
{
    MN_ASSERT(mn_arc_is_unique(object));
    mni_arc_free(object, type);
}

/* Copies of all elements; false leaves nothing to be ended. */
static bool copy_elements(unsigned char *to, const unsigned char *from,
                          const struct mn_type *type, mn_arc_copy_fn copy)
{
    size_t length = mni_arc_length(to);

    for (size_t i = 0; i < length; i++) {
        size_t at = i * type->size;
        if (copy == NULL) {
            memcpy(to + at, from + at, type->size);
            mn_type_visit(type, to + at, copy_clone_member, NULL);
            continue;
        }
        memset(to + at, 0, type->size);
        if (!copy(to + at, from + at)) {
            while (i-- > 0)
                mni_arc_end_element(to + i * type->size, type);
            return false;
        }
    }
    return true;
}

void *mn_arc_make_mut(void *object, const struct mn_type *type,
                      mn_arc_copy_fn copy)
{
    const struct mn_arc_head *head = mni_arc_head(object);
    bool prefix = mni_arc_has_prefix(head);

    MN_CHECK(copy != NULL || (type->drop == NULL && type->visit == NULL),
             "copy of an object that only its type can copy");
    if (mn_arc_is_unique(object))
        return object;
    unsigned char *other =
        mni_arc_make(type, prefix ? mni_arc_prefix(head)->source : NULL,
                     mn_arc_length(object));
    if (other == NULL)
        return NULL;
    if (!copy_elements(other, object, type, copy)) {
        copy_unmake(other, type);
        return NULL;
    }
    mn_arc_drop(object, type);
    return other;
}

/* SPDX-License-Identifier: MIT */
/* ref_copy.c -- content: taken out of an object, or copied before a change. */
#include "ref/ref.h"

#include <mn/biased.h>

#include <string.h>

void mni_ref_visit(void *object, const struct mn_type *type, mn_member_fn fn,
                   void *context)
{
    for (size_t i = mni_ref_length(object); i > 0; i--)
        mn_type_visit(type, (char *)object + (i - 1) * type->size, fn, context);
}

bool mn_ref_try_unwrap(void *object, const struct mn_type *type, void *out)
{
    struct mn_counted *head = mni_counted(object);

    if (head->strong != 0 || head->weak & MNI_REF_ARRAY)
        return false;
    memcpy(out, object, type->size);
    mni_ref_free(object, type);
    return true;
}

static void copy_clone_slot(void *slot, const struct mn_member *member,
                            void *context)
{
    void *object = *(void **)slot;

    (void)context;
    if (mni_ref_is_pointer(member))
        return;
    switch (member->kind) {
    case MN_MEMBER_WEAK:
        (void)mn_ref_weak(object);
        return;
    case MN_MEMBER_ARC:
        (void)mn_arc_clone(object);
        return;
    case MN_MEMBER_ARC_WEAK:
        (void)mn_arc_weak(object);
        return;
    default:
        MN_CHECK(member->kind == MN_MEMBER_REF,
                 "make_mut: a type with a member of this kind needs a function "
                 "that copies");
        (void)mn_ref_clone(object);
    }
}

/* A new object like `object`, of zeroes. */
static void *copy_new(const void *object, const struct mn_type *type)
{
    uint32_t flags = mni_counted(object)->weak;
    struct mn_source *source = NULL;

    if (flags & MNI_REF_SOURCE)
        source = *mni_ref_source_word(object, flags);
    void *copy = flags & MNI_REF_ARRAY
                     ? mn_ref_new_array(type, source, mni_ref_length(object))
                     : mn_ref_new(type, source);
    if (copy != NULL)
        mni_counted(copy)->weak |= flags & MNI_REF_CYCLIC;
    return copy;
}

/* False: there is no copy any more. */
static bool copy_each(void *to, const void *from, const struct mn_type *type,
                      mn_copy_fn copy)
{
    size_t length = mni_ref_length(from);
    size_t done = 0;

    for (size_t at = 0; done < length; done++, at += type->size)
        if (!copy((char *)to + at, (const char *)from + at))
            break;
    if (done == length)
        return true;
    if (done == 0) {
        mni_ref_free(to, type);
        return false;
    }
    *mni_ref_length_word(to) = done;
    mn_ref_drop(to, type);
    return false;
}

void *mn_ref_make_mut(void *object, const struct mn_type *type, mn_copy_fn copy)
{
    if (mni_counted(object)->strong == 0)
        return object;
    if (copy == NULL)
        MN_CHECK(type->drop == NULL && type->visit == NULL,
                 "make_mut: a type with drop or visit needs a function that "
                 "copies");
    void *made = copy_new(object, type);
    if (made == NULL)
        return NULL;
    if (copy == NULL) {
        memcpy(made, object, mni_ref_length(object) * type->size);
        mni_ref_visit(made, type, copy_clone_slot, NULL);
    } else if (!copy_each(made, object, type, copy)) {
        return NULL;
    }
    if (mni_ref_release(object, type)) /* `copy` may have dropped others */
        mni_ref_end(object, type);
    return made;
}

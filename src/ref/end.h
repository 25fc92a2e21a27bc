/* SPDX-License-Identifier: MIT */
/* end.h -- what the end of objects needs of their types. */
#ifndef MNI_END_H
#define MNI_END_H

#include <mn/type.h>

/* Whether a member keeps what it leads to alive. */
static inline bool mni_end_is_strong(const struct mn_member *member)
{
    return member->kind == MN_MEMBER_UNIQUE || member->kind == MN_MEMBER_REF
           || member->kind == MN_MEMBER_ARC;
}

/* Whether an object, or a row of them, that ends needs a word behind it. */
bool mni_end_needs_room(const struct mn_type *type, bool array);

#endif

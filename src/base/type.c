/* SPDX-License-Identifier: MIT */
/* type.c -- descriptions of types: what they say, and whether it can be. */
#include <mn/type.h>

#include "base/bits.h"

void mn_type_visit(const struct mn_type *type, void *object, mn_member_fn fn,
                   void *context)
{
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        char *slot = (char *)object + member->offset;
        for (uint32_t k = 0; k < member->count; k++)
            fn(slot + k * sizeof(void *), member, context);
    }
    if (type->visit != NULL)
        type->visit(object, fn, context);
}

static bool type_is_member(const struct mn_type *type,
                           const struct mn_member *member, size_t from)
{
    return member->name != NULL && member->type != NULL && member->count > 0
           && member->kind >= MN_MEMBER_UNIQUE
           && member->kind <= MN_MEMBER_MOVABLE && member->offset >= from
           && member->offset % sizeof(void *) == 0
           && member->offset <= type->size
           && member->count <= (type->size - member->offset) / sizeof(void *);
}

bool mn_type_check(const struct mn_type *type)
{
    size_t from = 0;

    if (type->name == NULL || type->size == 0 || type->align == 0
        || !mni_is_power_of_two(type->align) || type->size % type->align != 0)
        return false;
    if (type->member_count > 0
        && (type->members == NULL || type->align % sizeof(void *) != 0))
        return false;
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        if (!type_is_member(type, member, from))
            return false;
        from = member->offset + member->count * sizeof(void *);
    }
    return true;
}

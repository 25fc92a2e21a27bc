/* SPDX-License-Identifier: MIT */
/* arc_end.c -- the end of shared objects, and of all that ends with them.
 *
 * What has ended and is still to be done waits on lists, one for each type,
 * linked through the headers, where counts are of no use any more; only the
 * number of weak references is kept. So a chain of any length needs no memory
 * and no stack. A new level of lists, on the stack, is needed only where more
 * than END_TYPES types wait at once; types are many in the program, not in the
 * data, so there are few levels.
 */
#include "base/assert.h"
#include "ref/arc.h"

enum { END_TYPES = 8, END_LINK_SHIFT = 3 };

struct end_list {
    const struct mn_type *type;
    void *first;
    size_t count; /* the last one has no link */
};

struct end_level {
    struct end_list lists[END_TYPES];
    unsigned used;
    struct end_level *outer;
};

static const uint32_t end_flags = MNI_ARC_MERGED | MNI_ARC_QUEUED;

static void end_set_link(const struct mn_arc_head *head, const void *next)
{
    uint64_t link = (uint64_t)(uintptr_t)next >> END_LINK_SHIFT;
    _Atomic uint32_t *shared = mni_arc_shared(head);
    uint32_t seen = mn_atomic_load_relaxed(shared);
    uint32_t with;

    MN_ASSERT(link >> (64 - MNI_ARC_SHIFT) == 0);
    /* Release: pairs with the acquire in mni_arc_owner_enter. */
    mn_atomic_store_release((_Atomic uint32_t *)(uintptr_t)&head->own,
                            (uint32_t)link);
    do {
        with = mni_arc_with_count(seen, (int64_t)(link >> 32)) | end_flags;
    } while (!mn_atomic_cas_release(shared, &seen, with));
}

static void *end_link(const struct mn_arc_head *head)
{
    uint64_t high =
        mn_atomic_load_relaxed(mni_arc_shared(head)) >> MNI_ARC_SHIFT;
    uint64_t link = high << 32 | MNI_ARC_LOAD(&head->own);

    return (void *)(uintptr_t)(link << END_LINK_SHIFT);
}

/* The list of the type, in this level or one around it; or an unused one of
 * this level; or NULL. */
static struct end_list *end_list_of(struct end_level *level,
                                    const struct mn_type *type)
{
    struct end_list *unused = NULL;

    for (const struct end_level *at = level; at != NULL; at = at->outer)
        for (unsigned i = 0; i < at->used; i++)
            if (at->lists[i].type == type)
                return (struct end_list *)(uintptr_t)&at->lists[i];
    for (unsigned i = 0; i < level->used; i++)
        if (level->lists[i].count == 0)
            unused = &level->lists[i];
    if (unused == NULL && level->used < END_TYPES)
        unused = &level->lists[level->used++];
    if (unused != NULL)
        *unused = (struct end_list){type, NULL, 0};
    return unused;
}

static void end_run(void *object, const struct mn_type *type,
                    struct end_level *outer);

static void end_member(void *slot, const struct mn_member *member,
                       void *context)
{
    struct end_level *level = context;
    void *target = *(void **)slot;

    if (target == NULL)
        return;
    if (member->kind == MN_MEMBER_ARC_WEAK) {
        mni_arc_weak_release(target, member->type);
        return;
    }
    MN_CHECK(member->kind == MN_MEMBER_ARC,
             "a shared object with a reference that only one thread may use");
    if (!mni_arc_release(target, member->type))
        return;
    struct end_list *list = end_list_of(level, member->type);
    if (list == NULL) {
        end_run(target, member->type, level);
        return;
    }
    if (list->count++ != 0)
        end_set_link(mni_arc_head(target), list->first);
    list->first = target;
}

/* Drop what `count` elements have, the last one first. */
static void end_elements(void *object, const struct mn_type *type, size_t count,
                         struct end_level *level)
{
    while (count-- > 0) {
        unsigned char *element = (unsigned char *)object + count * type->size;
        if (type->drop != NULL)
            type->drop(element);
        if (type->member_count != 0 || type->visit != NULL)
            mn_type_visit(type, element, end_member, level);
    }
}

/* The next one of those that wait in this level, or NULL. */
static void *end_next(struct end_level *level, const struct mn_type **type)
{
    for (unsigned i = level->used; i-- > 0;) {
        struct end_list *list = &level->lists[i];
        if (list->count == 0)
            continue;
        void *object = list->first;
        if (--list->count != 0)
            list->first = end_link(mni_arc_head(object));
        *type = list->type;
        return object;
    }
    return NULL;
}

/* End all that waits in this level. */
static void end_waiting(struct end_level *level)
{
    const struct mn_type *type;
    void *object;

    while ((object = end_next(level, &type)) != NULL) {
        end_elements(object, type, mn_arc_length(object), level);
        mni_arc_weak_release(object, type);
    }
}

static void end_run(void *object, const struct mn_type *type,
                    struct end_level *outer)
{
    struct end_level level;

    level.used = 0;
    level.outer = outer;
    end_elements(object, type, mn_arc_length(object), &level);
    mni_arc_weak_release(object, type);
    end_waiting(&level);
}

void mni_arc_end(void *object, const struct mn_type *type)
{
    end_run(object, type, NULL);
}

void mni_arc_end_elements(void *object, const struct mn_type *type,
                          size_t count)
{
    struct end_level level;

    level.used = 0;
    level.outer = NULL;
    end_elements(object, type, count, &level);
    end_waiting(&level);
}

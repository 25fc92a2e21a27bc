/* SPDX-License-Identifier: MIT */
/* ref_end.c -- the end of objects: drop, members, memory; no recursion.
 *
 * First the drop function runs; then what visit shows is dropped, and the
 * members in their order; what ends thereby ends wholly before the next: depth
 * first. The way back is kept in the objects themselves. When a member's object
 * ends while more members wait, the slot it was in gets the object above, a
 * word that is no such member the type of the one above, and the count the
 * place among the members. An object none of whose members waits goes before
 * its last one ends, so that a list is freed as it is walked. A drop inside a
 * drop function is the program's recursion, and so is what only visit shows.
 */
#include "ref/ref.h"

#include <mn/biased.h>
#include <mn/heap.h>

enum { END_INDEX_BITS = 16, END_MEMBERS_MAX = (1 << 14) - 1 };

/* An object that ends, and the place among its members. */
struct end_walk {
    void *object;
    const struct mn_type *type;
    char *element; /* of the row */
    size_t member;
    size_t index;
};

/* An object whose members wait. */
struct end_above {
    void *object; /* NULL: there is none */
    const struct mn_type *type;
};

/* ---- memory ---- */

/* Where there are weak references, or more than the header in front. */
static void end_free_rare(void *object, const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);
    uint32_t flags = head->weak;
    char *block = (char *)object - mni_ref_prefix(type, flags);

    if (flags >= MNI_REF_WEAK_ONE) {
        mni_ref_set_state(head, MNI_REF_PLAIN);
        if (flags & MNI_REF_NOTED)
            mni_note_ended(flags & MNI_REF_SOURCE ? type->size
                                                  : mn_usable_size(block));
    } else if (flags & MNI_REF_SOURCE) {
        mn_source_free(*mni_ref_source_word(object, flags), block);
    } else {
        mn_free(block);
    }
}

void mni_ref_free(void *object, const struct mn_type *type)
{
    const uint32_t rare = ~(MNI_REF_CYCLIC | MNI_REF_ENDED | MNI_REF_STATE);
    struct mn_counted *head = mni_counted(object);

    head->strong = MNI_REF_GONE;
    /* A branch, so that the address does not wait for what is loaded. */
    if (__builtin_expect(
            (head->weak & rare) == 0 && type->align <= MNI_REF_PREFIX, 1))
        mn_free(head);
    else
        end_free_rare(object, type);
}

/* ---- drop functions, and what needs no walk ---- */

void mni_ref_call_drop(void *object, const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);

    if (type->drop == NULL || head->weak & MNI_REF_ENDED)
        return;
    head->weak |= MNI_REF_ENDED;
    for (size_t i = mni_ref_length(object); i > 0; i--)
        type->drop((char *)object + (i - 1) * type->size);
}

/* False if the drop function has made the object live on. */
static bool end_call_drop(void *object, const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);

    mni_ref_set_state(head, MNI_REF_ENDING);
    head->strong = MNI_REF_BIAS;
    mni_ref_call_drop(object, type);
    if (head->strong == MNI_REF_BIAS)
        return true;
    head->strong -= MNI_REF_BIAS + 1;
    mni_ref_set_state(head, MNI_REF_PLAIN);
    if ((head->weak & (MNI_REF_CYCLIC | MNI_REF_NOTED)) == MNI_REF_CYCLIC)
        mn_ref_note(object, type);
    return false;
}

void mni_ref_drop_slot(void *slot, const struct mn_member *member, void *unused)
{
    void *object = *(void **)slot;

    (void)unused;
    *(void **)slot = NULL;
    if (object == NULL || mni_ref_is_pointer(member))
        return;
    switch (member->kind) {
    case MN_MEMBER_WEAK:
        mn_ref_weak_drop(object, member->type);
        return;
    case MN_MEMBER_ARC:
        mn_arc_drop(object, member->type);
        return;
    case MN_MEMBER_ARC_WEAK:
        mn_arc_weak_drop(object, member->type);
        return;
    default:
        MN_CHECK(mni_ref_is_strong(member), "a member of an unknown kind");
        if (mni_ref_release(object, member->type))
            mni_ref_end(object, member->type);
    }
}

/* Drop what only visit knows, while the object is whole but for its drop, and
 * the members that keep nothing alive: nobody sees when. */
static void end_drop_others(char *element, const struct mn_type *type)
{
    if (type->visit != NULL)
        type->visit(element, mni_ref_drop_slot, NULL);
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        if (mni_ref_is_strong(member))
            continue;
        char *slot = element + member->offset;
        for (size_t k = 0; k < member->count; k++)
            mni_ref_drop_slot(slot + k * sizeof(void *), member, NULL);
    }
}

/* ---- the walk: inline, so that it is kept in registers ---- */

#define END_INLINE static inline __attribute__((always_inline))

END_INLINE void **end_slot(const struct end_walk *walk)
{
    char *first = walk->element + walk->type->members[walk->member].offset;

    return (void **)(void *)(first + walk->index * sizeof(void *));
}

/* A word of the element that is none of its strong members; if all are, the
 * one behind it, which is of an element that has been walked, or of none. */
END_INLINE const struct mn_type **end_room(const struct end_walk *walk)
{
    size_t at = 0;

    for (size_t i = 0; i < walk->type->member_count; i++) {
        const struct mn_member *member = &walk->type->members[i];
        if (!mni_ref_is_strong(member))
            continue;
        if (member->offset > at)
            break;
        at += member->count * sizeof(void *);
    }
    return (const struct mn_type **)(void *)(walk->element + at);
}

END_INLINE size_t end_waiting(const struct end_walk *walk)
{
    return mni_ref_length(walk->object) - 1;
}

/* Go to the element before this one in the row, if there is one. */
END_INLINE bool end_next_element(struct end_walk *walk)
{
    size_t waiting = end_waiting(walk);

    if (waiting == 0)
        return false;
    *mni_ref_length_word(walk->object) = waiting;
    walk->element -= walk->type->size;
    walk->member = walk->index = 0;
    end_drop_others(walk->element, walk->type);
    return true;
}

/* Go forward to a strong member of this element, unless this is one. */
END_INLINE bool end_settle(struct end_walk *walk)
{
    for (; walk->member < walk->type->member_count; walk->member++) {
        const struct mn_member *member = &walk->type->members[walk->member];
        if (mni_ref_is_strong(member) && walk->index < member->count)
            return true;
        walk->index = 0;
    }
    return false;
}

/* Drop members from here on, up to one whose object ends thereby: it is the
 * result, and its type is in *type. NULL: all have been dropped. */
END_INLINE void *end_next(struct end_walk *walk, const struct mn_type **type)
{
    do {
        for (; end_settle(walk); walk->index++) {
            void **slot = end_slot(walk);
            void *object = *slot;
            *slot = NULL;
            *type = walk->type->members[walk->member].type;
            if (object != NULL && mni_ref_release(object, *type))
                return object;
        }
    } while (end_next_element(walk));
    return NULL;
}

/* Whether nothing waits behind this member. */
END_INLINE bool end_is_last(const struct end_walk *walk)
{
    struct end_walk ahead = *walk;

    if (end_waiting(walk) != 0)
        return false;
    for (ahead.index++; end_settle(&ahead); ahead.index++)
        if (*end_slot(&ahead) != NULL)
            return false;
    return true;
}

/* False if there is nothing to walk: the object is gone, or lives on. */
END_INLINE bool end_begin(struct end_walk *walk, void *object,
                          const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);

    if (type->drop != NULL && !end_call_drop(object, type))
        return false;
    if (type->member_count == 0 && type->visit == NULL) {
        mni_ref_free(object, type);
        return false;
    }
    mni_ref_set_state(head, MNI_REF_ENDING);
    head->strong = MNI_REF_PLACE;
    *walk = (struct end_walk){object, type, object, 0, 0};
    walk->element += end_waiting(walk) * type->size;
    end_drop_others(walk->element, walk->type);
    return true;
}

/* Leave the object, to come back to it from the one in its present slot. */
END_INLINE void end_push(const struct end_walk *walk, struct end_above *above)
{
    MN_CHECK(walk->member < END_MEMBERS_MAX, "a type has too many members");
    mni_counted(walk->object)->strong =
        MNI_REF_PLACE
        - (uint32_t)(walk->member << END_INDEX_BITS | walk->index);
    *end_slot(walk) = above->object;
    *end_room(walk) = above->type;
    *above = (struct end_above){walk->object, walk->type};
}

END_INLINE void end_pop(struct end_walk *walk, struct end_above *above)
{
    size_t place = MNI_REF_PLACE - mni_counted(above->object)->strong;

    *walk = (struct end_walk){above->object, above->type, above->object,
                              place >> END_INDEX_BITS,
                              place % (1 << END_INDEX_BITS)};
    walk->element += end_waiting(walk) * walk->type->size;
    above->object = *end_slot(walk);
    above->type = *end_room(walk);
    *end_slot(walk) = NULL;
}

void mni_ref_end(void *object, const struct mn_type *type)
{
    struct end_above above = {NULL, NULL};
    struct end_walk walk = {NULL, NULL, NULL, 0, 0};

    if (type->drop == NULL && type->member_count == 0 && type->visit == NULL) {
        mni_ref_free(object, type);
        return;
    }
    bool inside = false;
    for (;;) {
        if (object != NULL)
            inside = end_begin(&walk, object, type);
        object = inside ? end_next(&walk, &type) : NULL;
        if (object != NULL && !end_is_last(&walk)) {
            end_push(&walk, &above);
            continue;
        }
        if (inside)
            mni_ref_free(walk.object, walk.type);
        if (object != NULL)
            continue;
        if (above.object == NULL)
            return;
        end_pop(&walk, &above);
        inside = true;
    }
}

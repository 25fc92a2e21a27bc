/* SPDX-License-Identifier: MIT */
/* arc_end.c -- the end of shared objects; no recursion, and no memory.
 *
 * The same order as for other references: the drop function, then the members
 * in their order, and what ends thereby ends wholly before the next member. The
 * way back is kept in the objects. Where a member's object ends while others
 * wait, the member's slot gets the object above; a word without a member, the
 * room, gets that one's type; and the header's `own`, which nobody needs any
 * more, the place among the members. An object none of whose members waits goes
 * before its last one ends, so that a list is freed as it is walked. References
 * that only visit knows are dropped as a program would.
 */
#include "base/bits.h"
#include "ref/arc.h"

/* An object that ends, and the next of its members. */
struct end_walk {
    void *object; /* NULL: there is none */
    const struct mn_type *type;
    unsigned char *element; /* of the row; they go from the last to the first */
    size_t member;
    size_t index; /* in the member */
};

/* ---- where things are ---- */

static size_t end_slots(const struct mn_type *type)
{
    size_t count = 0;

    for (size_t i = 0; i < type->member_count; i++)
        if (type->members[i].kind == MN_MEMBER_ARC)
            count += type->members[i].count;
    return count;
}

/* Where an element has a word without such a member; its size if nowhere. */
static size_t end_room_offset(const struct mn_type *type)
{
    size_t at = 0;

    if (type->visit != NULL) /* which may need the word */
        return type->size;
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        if (member->kind == MN_MEMBER_ARC && member->offset == at)
            at += member->count * sizeof(void *);
    }
    return at + sizeof(void *) <= type->size ? at : type->size;
}

bool mni_arc_room(const struct mn_type *type, size_t length, size_t *size)
{
    size_t slots;

    if (!mni_multiply(end_slots(type), length, &slots) || slots > UINT32_MAX)
        return false;
    if (slots < 2 && type->visit == NULL)
        return true;
    return end_room_offset(type) != type->size
           || mni_add(*size, sizeof(void *), size);
}

static const struct mn_type **end_room(const struct end_walk *walk)
{
    size_t offset = end_room_offset(walk->type);

    if (offset == walk->type->size)
        offset *= mni_arc_length(walk->object);
    return (const struct mn_type **)(void *)((unsigned char *)walk->object
                                             + offset);
}

static void **end_slot(const struct end_walk *walk)
{
    const struct mn_member *member = &walk->type->members[walk->member];

    return (void **)(void *)(walk->element + member->offset) + walk->index;
}

/* ---- what needs no walk ---- */

/* Drop a reference that is not one of those whose objects wait for each
 * other. */
static void end_other(void *slot, const struct mn_member *member, void *context)
{
    void *target = *(void **)slot;

    (void)context;
    *(void **)slot = NULL;
    if (member->kind == MN_MEMBER_ARC)
        mn_arc_drop(target, member->type);
    else if (member->kind == MN_MEMBER_ARC_WEAK)
        mn_arc_weak_drop(target, member->type);
    else
        MN_CHECK(target == NULL, "a shared object refers to one that is not");
}

static void end_other_members(unsigned char *element,
                              const struct mn_type *type)
{
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        if (member->kind == MN_MEMBER_ARC)
            continue; /* in its turn */
        for (size_t k = 0; k < member->count; k++)
            end_other(element + member->offset + k * sizeof(void *), member,
                      NULL);
    }
}

/* ---- the walk ---- */

/* Whether one of the slots of the present member, from the present one on,
 * leads anywhere: it is the present one then. */
static bool end_settle_member(struct end_walk *walk)
{
    const struct mn_member *member = &walk->type->members[walk->member];

    if (member->kind == MN_MEMBER_ARC)
        for (; walk->index < member->count; walk->index++)
            if (*end_slot(walk) != NULL)
                return true;
    return false;
}

/* The same for the element. */
static bool end_settle(struct end_walk *walk)
{
    for (; walk->member < walk->type->member_count; walk->member++) {
        if (end_settle_member(walk))
            return true;
        walk->index = 0;
    }
    return false;
}

static bool end_next_element(struct end_walk *walk)
{
    if (walk->element == walk->object)
        return false;
    walk->element -= walk->type->size;
    walk->member = walk->index = 0;
    return true;
}

/* Drop members from here on, up to one whose object ends thereby: it is the
 * result, and its type is in *type. NULL: all have been dropped. */
static void *end_next(struct end_walk *walk, const struct mn_type **type)
{
    do {
        for (; end_settle(walk); walk->index++) {
            void **slot = end_slot(walk);
            void *object = *slot;
            *slot = NULL;
            *type = walk->type->members[walk->member].type;
            if (mni_arc_release(object, *type))
                return object;
        }
        if (walk->type->visit != NULL)
            walk->type->visit(walk->element, end_other, NULL);
    } while (end_next_element(walk));
    return NULL;
}

static bool end_is_last(const struct end_walk *walk)
{
    struct end_walk ahead = *walk;

    if (walk->type->visit != NULL)
        return false;
    ahead.index++;
    do {
        if (end_settle(&ahead))
            return false;
    } while (end_next_element(&ahead));
    return true;
}

/* The members behind the present one, in its element and those before. */
static uint32_t end_place(const struct end_walk *walk)
{
    size_t before = walk->index;
    size_t element = (size_t)(walk->element - (unsigned char *)walk->object)
                     / walk->type->size;

    for (size_t i = 0; i < walk->member; i++)
        if (walk->type->members[i].kind == MN_MEMBER_ARC)
            before += walk->type->members[i].count;
    return (uint32_t)(element * end_slots(walk->type) + before);
}

static void end_go_to(struct end_walk *walk, uint32_t place)
{
    size_t slots = end_slots(walk->type);

    walk->element =
        (unsigned char *)walk->object + place / slots * walk->type->size;
    walk->member = 0;
    walk->index = place % slots;
    for (;; walk->member++) {
        const struct mn_member *member = &walk->type->members[walk->member];
        if (member->kind != MN_MEMBER_ARC)
            continue;
        if (walk->index < member->count)
            return;
        walk->index -= member->count;
    }
}

/* Leave the object, to come back to it from the one in its present slot. */
static void end_push(const struct end_walk *walk, struct end_walk *above)
{
    const struct mn_arc_head *head = mni_arc_head(walk->object);

    /* Release: pairs with the acquire in mni_arc_owner_enter. */
    mn_atomic_store_release((_Atomic uint32_t *)(uintptr_t)&head->own,
                            end_place(walk));
    *end_slot(walk) = above->object;
    *end_room(walk) = above->type;
    *above = *walk;
}

static void end_pop(struct end_walk *walk, struct end_walk *above)
{
    *walk = *above;
    end_go_to(walk, MNI_ARC_LOAD(&mni_arc_head(walk->object)->own));
    above->object = *end_slot(walk);
    above->type = *end_room(walk);
    *end_slot(walk) = NULL;
}

static void end_drop(void *object, const struct mn_type *type)
{
    if (type->drop == NULL)
        return;
    for (size_t i = mni_arc_length(object); i-- > 0;)
        type->drop((unsigned char *)object + i * type->size);
    /* Relaxed: nobody else has a reference. */
    uint32_t seen =
        mn_atomic_load_relaxed(mni_arc_shared(mni_arc_head(object)));
    MN_CHECK(mni_arc_count_of(seen) == 0,
             "a drop function keeps a reference to its own object");
}

static void end_enter(struct end_walk *walk, void *object,
                      const struct mn_type *type)
{
    size_t last = mni_arc_length(object) - 1;
    unsigned char *element = (unsigned char *)object + last * type->size;

    *walk = (struct end_walk){object, type, element, 0, 0};
    if (type->member_count != 0)
        for (size_t i = last + 1; i-- > 0;)
            end_other_members((unsigned char *)object + i * type->size, type);
}

void mni_arc_end(void *object, const struct mn_type *type)
{
    end_drop(object, type);
    mni_arc_end_members(object, type);
}

void mni_arc_end_members(void *object, const struct mn_type *type)
{
    struct end_walk above = {NULL, NULL, NULL, 0, 0};
    struct end_walk walk;

    end_enter(&walk, object, type);
    for (;;) {
        object = end_next(&walk, &type);
        if (object == NULL) {
            mni_arc_weak_release(walk.object, walk.type);
            if (above.object == NULL)
                return;
            end_pop(&walk, &above);
            continue;
        }
        if (end_is_last(&walk))
            mni_arc_weak_release(walk.object, walk.type);
        else
            end_push(&walk, &above);
        end_drop(object, type);
        end_enter(&walk, object, type);
    }
}

void mni_arc_end_element(void *element, const struct mn_type *type)
{
    if (type->drop != NULL)
        type->drop(element);
    mn_type_visit(type, element, end_other, NULL);
}

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

/* An object that ends. */
struct end_walk {
    void *object; /* NULL: there is none */
    const struct mn_type *type;
    size_t place; /* among its members; elements of a row count from the last */
    size_t slots; /* in an element */
};

/* ---- slots ---- */

static size_t end_slots(const struct mn_type *type)
{
    size_t count = 0;

    for (size_t i = 0; i < type->member_count; i++)
        if (type->members[i].kind == MN_MEMBER_ARC)
            count += type->members[i].count;
    return count;
}

/* The slot at the place; its type is in *type. */
static void **end_slot(const struct end_walk *walk, const struct mn_type **type)
{
    size_t element =
        mn_arc_length(walk->object) - 1 - walk->place / walk->slots;
    size_t rest = walk->place % walk->slots;
    const struct mn_member *member = walk->type->members;

    while (member->kind != MN_MEMBER_ARC || rest >= member->count) {
        rest -= member->kind == MN_MEMBER_ARC ? member->count : 0;
        member++;
    }
    *type = member->type;
    return (void **)(void *)((unsigned char *)walk->object
                             + element * walk->type->size + member->offset)
           + rest;
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

    if (type->member_count == 0)
        return true;
    if (!mni_multiply(end_slots(type), length, &slots) || slots > UINT32_MAX)
        return false;
    return end_room_offset(type) != type->size
           || (type->visit == NULL && slots < 2)
           || mni_add(*size, sizeof(void *), size);
}

static const struct mn_type **end_room(const struct end_walk *walk)
{
    size_t offset = end_room_offset(walk->type);

    if (offset == walk->type->size)
        offset *= mn_arc_length(walk->object);
    return (const struct mn_type **)(void *)((unsigned char *)walk->object
                                             + offset);
}

/* ---- the place, in the header ---- */

static void end_keep_place(const struct mn_arc_head *head, size_t place)
{
    /* Release: pairs with the acquire in mni_arc_owner_enter. */
    mn_atomic_store_release((_Atomic uint32_t *)(uintptr_t)&head->own,
                            (uint32_t)place);
}

/* ---- what needs no walk ---- */

static void end_other_member(void *slot, const struct mn_member *member,
                             void *context)
{
    void *target = *(void **)slot;

    (void)context;
    if (member->kind == MN_MEMBER_ARC)
        return; /* in its turn */
    *(void **)slot = NULL;
    if (member->kind == MN_MEMBER_ARC_WEAK)
        mn_arc_weak_drop(target, member->type);
    else
        MN_CHECK(target == NULL, "a shared object refers to one that is not");
}

static void end_visited(void *slot, const struct mn_member *member,
                        void *context)
{
    void *target = *(void **)slot;

    *(void **)slot = NULL;
    if (member->kind == MN_MEMBER_ARC)
        mn_arc_drop(target, member->type);
    else if (target != NULL)
        end_other_member(&target, member, context);
}

/* Call the drop function, and drop the members that keep nothing alive: nobody
 * sees when. */
static void end_begin(const struct end_walk *walk, size_t length)
{
    const struct mn_type *type = walk->type;
    struct mn_type members = *type;

    members.visit = NULL;
    for (size_t i = length; type->drop != NULL && i-- > 0;)
        type->drop((unsigned char *)walk->object + i * type->size);
    for (size_t i = length; type->member_count != 0 && i-- > 0;)
        mn_type_visit(&members, (unsigned char *)walk->object + i * type->size,
                      end_other_member, NULL);
}

static void end_visit(const struct end_walk *walk, size_t length)
{
    while (length-- > 0)
        walk->type->visit((unsigned char *)walk->object
                              + length * walk->type->size,
                          end_visited, NULL);
}

/* ---- the walk ---- */

/* Go to the first member from here on that leads anywhere. False if none
 * does. */
static bool end_settle(struct end_walk *walk, size_t slots)
{
    const struct mn_type *type;

    while (walk->place < slots && *end_slot(walk, &type) == NULL)
        walk->place++;
    return walk->place < slots;
}

/* Drop members from here on, up to one whose object ends thereby: it is the
 * result, and its type is in *type. NULL: all have been dropped. */
static void *end_next(struct end_walk *walk, size_t length,
                      const struct mn_type **type)
{
    size_t slots = walk->slots * length;

    for (; end_settle(walk, slots); walk->place++) {
        void **slot = end_slot(walk, type);
        void *object = *slot;
        *slot = NULL;
        if (mni_arc_release(object, *type))
            return object;
    }
    if (walk->type->visit != NULL)
        end_visit(walk, length);
    return NULL;
}

static bool end_is_last(const struct end_walk *walk)
{
    struct end_walk ahead = *walk;

    ahead.place++;
    return walk->type->visit == NULL
           && !end_settle(&ahead, walk->slots * mn_arc_length(walk->object));
}

/* Leave the object, to come back to it from the one in its present slot. */
static void end_push(const struct end_walk *walk, struct end_walk *above)
{
    const struct mn_type *type;

    end_keep_place(mni_arc_head(walk->object), walk->place);
    *end_slot(walk, &type) = above->object;
    *end_room(walk) = above->type;
    *above = *walk;
}

static void end_pop(struct end_walk *walk, struct end_walk *above)
{
    const struct mn_type *type;

    *walk = *above;
    walk->place = MNI_ARC_LOAD(&mni_arc_head(walk->object)->own);
    walk->slots = end_slots(walk->type);
    void **slot = end_slot(walk, &type);
    above->object = *slot;
    above->type = *end_room(walk);
    *slot = NULL;
}

static void end_enter(struct end_walk *walk, void *object,
                      const struct mn_type *type)
{
    *walk = (struct end_walk){object, type, 0, end_slots(type)};
    end_begin(walk, mn_arc_length(object));
}

void mni_arc_end(void *object, const struct mn_type *type)
{
    struct end_walk above = {NULL, NULL, 0, 0};
    struct end_walk walk;

    end_enter(&walk, object, type);
    for (;;) {
        object = end_next(&walk, mn_arc_length(walk.object), &type);
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
        end_enter(&walk, object, type);
    }
}

void mni_arc_end_element(void *element, const struct mn_type *type)
{
    if (type->drop != NULL)
        type->drop(element);
    mn_type_visit(type, element, end_visited, NULL);
}

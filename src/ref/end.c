/* SPDX-License-Identifier: MIT */
/* end.c -- the end of objects: drop, members, memory; no recursion.
 *
 * One walk for objects of one thread and shared ones, since each may lead to
 * the other; where their headers differ, it asks which an object is.
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
#include "ref/end.h"

#include <mn/heap.h>

#include "ref/arc.h"
#include "ref/ref.h"

enum { END_INDEX_BITS = 16, END_MEMBERS_MAX = (1 << 14) - 1 };

/* What an object is, in the low bits of a word with its type. */
enum {
    END_SHARED = 1, /* its header is that of mn/arc.h */
    END_MOVED = 2,  /* it may end in any thread: a shared one leads to it */
    END_KIND = END_SHARED | END_MOVED
};
_Static_assert(_Alignof(struct mn_type) > END_KIND, "bits are free");

/* An object that ends, and the place among its members. */
struct end_walk {
    void *object;
    const struct mn_type *type;
    unsigned kind;
    char *element; /* of the row */
    size_t member;
    size_t index;
};

/* An object whose members wait. */
struct end_above {
    void *object;   /* NULL: there is none */
    uintptr_t type; /* and its kind */
};

/* ---- memory ---- */

/* Whether an object that ends needs a word behind it: because all
 * its words are members that keep something, and not just one. */
bool mni_end_needs_room(const struct mn_type *type, bool array)
{
    size_t words = 0;

    for (size_t i = 0; i < type->member_count; i++) {
        if (!mni_end_is_strong(&type->members[i]))
            return false;
        words += type->members[i].count;
    }
    return words * sizeof(void *) == type->size && (words > 1 || array);
}

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

/* A shared object cannot live on. */
static void end_drop_shared(void *object, const struct mn_type *type)
{
    for (size_t i = mni_arc_length(object); i-- > 0;)
        type->drop((char *)object + i * type->size);
    /* Relaxed: nobody else has a reference. */
    uint32_t seen =
        mn_atomic_load_relaxed(mni_arc_shared(mni_arc_head(object)));
    MN_CHECK(mni_arc_count_of(seen) == 0,
             "a drop function keeps a reference to its own object");
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

/* Whether a reference may be dropped in any thread. */
static bool end_may_move(const struct mn_member *member)
{
    return member->kind == MN_MEMBER_UNIQUE || member->kind == MN_MEMBER_ARC
           || member->kind == MN_MEMBER_ARC_WEAK;
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

/* The same in an object that may end in any thread. */
static void end_drop_moved_slot(void *slot, const struct mn_member *member,
                                void *unused)
{
    MN_CHECK(*(void **)slot == NULL || end_may_move(member),
             "a shared object refers to one that is not");
    mni_ref_drop_slot(slot, member, unused);
}

/* Drop what only visit knows, while the object is whole but for its drop, and
 * the members that keep nothing alive: nobody sees when. */
static void end_drop_others(char *element, const struct mn_type *type,
                            unsigned kind)
{
    mn_member_fn drop =
        kind & END_MOVED ? end_drop_moved_slot : mni_ref_drop_slot;

    if (type->visit != NULL)
        type->visit(element, drop, NULL);
    for (size_t i = 0; i < type->member_count; i++) {
        const struct mn_member *member = &type->members[i];
        if (mni_end_is_strong(member))
            continue;
        char *slot = element + member->offset;
        for (size_t k = 0; k < member->count; k++)
            drop(slot + k * sizeof(void *), member, NULL);
    }
}

void mni_arc_end_element(void *element, const struct mn_type *type)
{
    if (type->drop != NULL)
        type->drop(element);
    mn_type_visit(type, element, end_drop_moved_slot, NULL);
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
END_INLINE uintptr_t *end_room(const struct end_walk *walk)
{
    size_t at = 0;

    for (size_t i = 0; i < walk->type->member_count; i++) {
        const struct mn_member *member = &walk->type->members[i];
        if (!mni_end_is_strong(member))
            continue;
        if (member->offset > at)
            break;
        at += member->count * sizeof(void *);
    }
    return (uintptr_t *)(void *)(walk->element + at);
}

/* Where the number of objects in the row is that have not been walked, or NULL
 * if it is one. */
END_INLINE size_t *end_length(const struct end_walk *walk)
{
    if (walk->kind & END_SHARED) {
        struct mn_arc_head *head = mni_arc_head(walk->object);
        return mni_arc_has_prefix(head) ? &mni_arc_prefix(head)->length : NULL;
    }
    return mni_counted(walk->object)->weak & MNI_REF_ARRAY
               ? mni_ref_length_word(walk->object)
               : NULL;
}

END_INLINE size_t end_waiting(const struct end_walk *walk)
{
    const size_t *length = end_length(walk);

    return length != NULL ? *length - 1 : 0;
}

/* Go to the element before this one in the row, if there is one. */
END_INLINE bool end_next_element(struct end_walk *walk)
{
    size_t *length = end_length(walk);

    if (length == NULL || *length == 1)
        return false;
    --*length;
    walk->element -= walk->type->size;
    walk->member = walk->index = 0;
    end_drop_others(walk->element, walk->type, walk->kind);
    return true;
}

/* Go forward to a strong member of this element, unless this is one. */
END_INLINE bool end_settle(struct end_walk *walk)
{
    for (; walk->member < walk->type->member_count; walk->member++) {
        const struct mn_member *member = &walk->type->members[walk->member];
        if (mni_end_is_strong(member) && walk->index < member->count)
            return true;
        walk->index = 0;
    }
    return false;
}

END_INLINE bool end_release(const struct mn_member *member, void *object,
                            unsigned kind)
{
    if (member->kind == MN_MEMBER_ARC)
        return mni_arc_release(object, member->type);
    MN_CHECK(!(kind & END_MOVED) || end_may_move(member),
             "a shared object refers to one that is not");
    return mni_ref_release(object, member->type);
}

/* What the object of a member is. */
END_INLINE unsigned end_kind_of(const struct end_walk *walk)
{
    return walk->type->members[walk->member].kind == MN_MEMBER_ARC
               ? END_KIND
               : walk->kind & END_MOVED;
}

/* Drop members from here on, up to one whose object ends thereby: it is the
 * result, and its type is in *type. NULL: all have been dropped. */
END_INLINE void *end_next(struct end_walk *walk, const struct mn_type **type)
{
    do {
        for (; end_settle(walk); walk->index++) {
            const struct mn_member *member = &walk->type->members[walk->member];
            void **slot = end_slot(walk);
            void *object = *slot;
            *slot = NULL;
            *type = member->type;
            if (object != NULL && end_release(member, object, walk->kind))
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

/* Give the memory back, as far as no weak reference keeps it. */
END_INLINE void end_free(void *object, const struct mn_type *type,
                         unsigned kind)
{
    if (kind & END_SHARED)
        mni_arc_weak_release(object, type);
    else
        mni_ref_free(object, type);
}

/* False if the object lives on. */
END_INLINE bool end_call(void *object, const struct mn_type *type,
                         unsigned kind)
{
    if (type->drop == NULL)
        return true;
    if (!(kind & END_SHARED))
        return end_call_drop(object, type);
    end_drop_shared(object, type);
    return true;
}

/* False if there is nothing to walk: the object is gone, or lives on. */
END_INLINE bool end_begin(struct end_walk *walk, void *object,
                          const struct mn_type *type, unsigned kind)
{
    if (!end_call(object, type, kind))
        return false;
    if (type->member_count == 0 && type->visit == NULL) {
        end_free(object, type, kind);
        return false;
    }
    if (!(kind & END_SHARED)) {
        mni_ref_set_state(mni_counted(object), MNI_REF_ENDING);
        mni_counted(object)->strong = MNI_REF_PLACE;
    }
    *walk = (struct end_walk){object, type, kind, object, 0, 0};
    walk->element += end_waiting(walk) * type->size;
    end_drop_others(walk->element, walk->type, kind);
    return true;
}

END_INLINE void end_set_place(const struct end_walk *walk, uint32_t place)
{
    if (walk->kind & END_SHARED) {
        struct mn_arc_head *head = mni_arc_head(walk->object);
        /* Release: pairs with the acquire in mni_arc_owner_enter. */
        mn_atomic_store_release((_Atomic uint32_t *)(uintptr_t)&head->own,
                                place);
    } else {
        mni_counted(walk->object)->strong = MNI_REF_PLACE - place;
    }
}

END_INLINE uint32_t end_place(const struct end_walk *walk)
{
    return walk->kind & END_SHARED
               ? MNI_ARC_LOAD(&mni_arc_head(walk->object)->own)
               : MNI_REF_PLACE - mni_counted(walk->object)->strong;
}

/* Leave the object, to come back to it from the one in its present slot. */
END_INLINE void end_push(const struct end_walk *walk, struct end_above *above)
{
    MN_CHECK(walk->member < END_MEMBERS_MAX, "a type has too many members");
    end_set_place(walk,
                  (uint32_t)(walk->member << END_INDEX_BITS | walk->index));
    *end_slot(walk) = above->object;
    *end_room(walk) = above->type;
    *above =
        (struct end_above){walk->object, (uintptr_t)walk->type | walk->kind};
}

/* `plain`: it is counted by one thread. */
END_INLINE void end_pop(struct end_walk *walk, struct end_above *above,
                        bool plain)
{
    unsigned kind = plain ? 0 : (unsigned)(above->type & END_KIND);

    *walk = (struct end_walk){above->object,
                              (const struct mn_type *)(above->type - kind),
                              kind,
                              above->object,
                              0,
                              0};
    uint32_t place = end_place(walk);
    walk->member = place >> END_INDEX_BITS;
    walk->index = place % (1 << END_INDEX_BITS);
    walk->element += end_waiting(walk) * walk->type->size;
    above->object = *end_slot(walk);
    above->type = *end_room(walk);
    *end_slot(walk) = NULL;
}

/* While `plain` is true, all objects are of one thread; the first that is not
 * is left to the caller. */
struct end_rest {
    void *object; /* NULL: everything has ended */
    const struct mn_type *type;
    struct end_above above;
};

END_INLINE struct end_rest end_go_on(struct end_rest rest, bool plain)
{
    struct end_walk walk = {NULL, NULL, 0, NULL, 0, 0};
    unsigned kind = plain ? 0 : END_KIND;
    bool inside = false;

    for (;;) {
        if (rest.object != NULL)
            inside = end_begin(&walk, rest.object, rest.type, kind);
        rest.object = inside ? end_next(&walk, &rest.type) : NULL;
        if (rest.object != NULL)
            kind = end_kind_of(&walk);
        if (rest.object != NULL && !end_is_last(&walk))
            end_push(&walk, &rest.above);
        else if (inside)
            end_free(walk.object, walk.type, walk.kind);
        if (rest.object != NULL) {
            if (plain && kind != 0)
                return rest;
            kind = plain ? 0 : kind;
            continue;
        }
        if (rest.above.object == NULL)
            return rest;
        end_pop(&walk, &rest.above, plain);
        inside = true;
    }
}

/* Where any of them may be shared; the first one is. */
static void end_all(struct end_rest rest)
{
    (void)end_go_on(rest, false);
}

/* Most programs have no shared object in others, so there is a walk that need
 * not ask. */
static void end_plain(void *object, const struct mn_type *type)
{
    struct end_rest rest =
        end_go_on((struct end_rest){object, type, {NULL, 0}}, true);

    if (rest.object != NULL)
        end_all(rest);
}

void mni_ref_end(void *object, const struct mn_type *type)
{
    if (type->drop == NULL && type->member_count == 0 && type->visit == NULL)
        mni_ref_free(object, type);
    else
        end_plain(object, type);
}

void mni_arc_end(void *object, const struct mn_type *type)
{
    end_all((struct end_rest){object, type, {NULL, 0}});
}

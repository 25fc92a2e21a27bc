/* SPDX-License-Identifier: MIT */
/* mn/type.h -- what an object is: how large, how it ends, what it refers to.
 *
 * A program describes each of its types once, as a constant. Pools, counted
 * references, the search for cycles and collectors read the same description;
 * none of them changes it. A reference is a member of one word: NULL, or the
 * address of an object whose type is known. Which structs these are, mn/ref.h
 * and mn/arc.h say; in objects of a collector, mn/gc.h, they are plain
 * pointers. The macros below refuse any other member while compiling.
 *
 *     MN_TYPE_DECLARE(file);
 *     struct file { int descriptor; };
 *     MN_DROP(file, file_close)
 *     MN_TYPE(file, .drop = file_drop);
 *
 *     MN_TYPE_DECLARE(node);
 *     struct node { struct node_ref next; struct node_weak parent; };
 *     MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node),
 *                                 MN_MEMBER_IS(WEAK, node, parent, node)));
 *
 * How to write descriptions: docs/manual/type.md
 */
#ifndef MN_TYPE_H
#define MN_TYPE_H

#include <mn/base.h>

MN_BEGIN

/* What a member of one word is, and so what happens to it when the object that
 * holds it ends. */
enum mn_member_kind {
    MN_MEMBER_UNIQUE = 1, /* the only reference: what it leads to ends, too */
    MN_MEMBER_REF,        /* one of several, counted by one thread */
    MN_MEMBER_WEAK,       /* keeps nothing alive, of the same */
    MN_MEMBER_ARC,        /* one of several, counted by any thread */
    MN_MEMBER_ARC_WEAK,   /* keeps nothing alive, of the same */
    MN_MEMBER_GC,         /* a pointer that a collector follows */
    MN_MEMBER_GC_WEAK,    /* one that it sets to NULL when the target dies */
    MN_MEMBER_MOVABLE     /* a pointer into a movable block of the same mover */
};

struct mn_type;

/* One member, or an array of `count` of them without a gap. */
struct mn_member {
    const char *name;
    const struct mn_type *type; /* of what is referred to */
    uint32_t offset;            /* in bytes, from the start of the object */
    uint16_t count;
    uint16_t kind; /* enum mn_member_kind */
};

/* Called with each reference of an object, which lies at `slot`. */
typedef void (*mn_member_fn)(void *slot, const struct mn_member *member,
                             void *context);

struct mn_type {
    const char *name;
    size_t size; /* bytes, a multiple of align */
    size_t align;
    /* What else must be done when an object ends, before its references are
     * dropped; it may still follow them. NULL: nothing. */
    void (*drop)(void *object);
    const struct mn_member *members;
    size_t member_count;
    /* For references that lie elsewhere, as in an array that grows: calls `fn`
     * with each, in the same order each time. NULL: there are none. */
    void (*visit)(void *object, mn_member_fn fn, void *context);
};

/* Call `fn` with each reference of `object`: its members in the order of the
 * description, then what `visit` adds. It may change the reference. O(their
 * number). */
MN_API void mn_type_visit(const struct mn_type *type, void *object,
                          mn_member_fn fn, void *context) MN_NONNULL(1, 2, 3);

/* True if the description can be true: a name, a size, an alignment that is a
 * power of two and divides it, and members that are inside, aligned, apart from
 * each other, in ascending order, and of a kind and a type. O(members). */
MN_API bool mn_type_check(const struct mn_type *type) MN_MUST_USE MN_NONNULL(1);

MN_END

#ifndef __cplusplus
/* clang-format off */

/* `tag`_type is the description of struct `tag`, for files that do not define
 * it, and for members that lead to it. */
#define MN_TYPE_DECLARE(tag)                                                   \
    struct tag;                                                                \
    extern const struct mn_type tag##_type

/* Define `tag`_type: any of .drop, .visit, .name and MN_REFERENCES(...). A type
 * without any of these is MN_TYPE(tag, .drop = NULL). Requires: it has been
 * declared by MN_TYPE_DECLARE, and struct `tag` is complete. */
#define MN_TYPE(tag, ...)                                                      \
    const struct mn_type tag##_type = {.size = sizeof(struct tag),             \
                                       .align = _Alignof(struct tag),          \
                                       MNI_TYPE_NAME(tag) __VA_ARGS__}
#define MNI_TYPE_NAME(tag) .name = #tag,

/* A variable that is dropped when its scope is left: MN_AUTO(node_ref) a = ...;
 * and is then to be initialized. To return it: return node_ref_take(&a); */
#define MN_AUTO(kind) MN_ATTRIBUTE(cleanup(kind##_drop)) struct kind

/* Define the function `tag`_drop for .drop from `end`, which takes a pointer to
 * struct `tag`. */
#define MN_DROP(tag, end)                                                      \
    static void tag##_drop(void *object)                                       \
    {                                                                          \
        void (*const typed)(struct tag *) = end;                               \
                                                                               \
        typed(object);                                                         \
    }

/* For MN_TYPE: one MN_MEMBER_IS for each member that is a reference, or an
 * array of them, in their order. */
#define MN_REFERENCES(...)                                                     \
    .members = (const struct mn_member[]){__VA_ARGS__},                        \
    .member_count = sizeof((const struct mn_member[]){__VA_ARGS__})            \
                    / sizeof(struct mn_member)

/* `member` of struct `tag` is a reference of `kind` (UNIQUE, REF, WEAK, ARC,
 * ARC_WEAK) to struct `target`: a struct `target`_unique, _ref, _weak, _arc or
 * _arc_weak; of the kinds GC, GC_WEAK and MOVABLE, a struct `target` *. Another
 * type is refused. */
#define MN_MEMBER_IS(kind_, tag, member, target)                               \
    {                                                                          \
        .name = #member, .type = &target##_type,                               \
        .offset = (uint32_t)offsetof(struct tag, member),                      \
        .count = MNI_MEMBER_COUNT(tag, member),                                \
        .kind = _Generic(&((struct tag *)0)->member,                           \
            MNI_MEMBER_##kind_(target) *: MN_MEMBER_##kind_,                   \
            MNI_MEMBER_##kind_(target)(*)[MNI_MEMBER_COUNT(tag,                \
                member)]: MN_MEMBER_##kind_)                                   \
    }
#define MNI_MEMBER_COUNT(tag, member)                                          \
    (sizeof(((struct tag *)0)->member) / sizeof(void *))
#define MNI_MEMBER_UNIQUE(target) struct target##_unique
#define MNI_MEMBER_REF(target) struct target##_ref
#define MNI_MEMBER_WEAK(target) struct target##_weak
#define MNI_MEMBER_ARC(target) struct target##_arc
#define MNI_MEMBER_ARC_WEAK(target) struct target##_arc_weak
#define MNI_MEMBER_GC(target) struct target *
#define MNI_MEMBER_GC_WEAK(target) struct target *
#define MNI_MEMBER_MOVABLE(target) struct target *
/* clang-format on */
#endif
#endif

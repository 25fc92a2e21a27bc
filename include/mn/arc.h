/* SPDX-License-Identifier: MIT */
/* mn/arc.h -- references that threads share: typed, one word, 8 bytes an
 * object.
 *
 * Any thread clones and drops; the object ends with the last reference. The
 * thread that made it counts without atomic operations (mn/biased.h).
 *
 *     MN_ARCS(node)
 *     struct node { int value; struct node_arc next; };
 *     MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(ARC, node, next, node)));
 *
 *     struct node_arc a = node_arc_new();
 *     struct node_arc b = node_arc_clone(a);
 *     node_arc_drop(&a);
 *     node_arc_drop(&b);
 *
 * A reference may be none: its `at` is NULL. That is what a failure returns,
 * and what is left in a variable whose reference was dropped. Two threads must
 * not use one variable at a time; a reference of one's own is what makes the
 * object safe, and what is in it needs a lock or a cell (mn/cell.h) if anybody
 * changes it.
 *
 * How to use them: docs/manual/arc.md
 */
#ifndef MN_ARC_H
#define MN_ARC_H

#include <mn/biased.h>

#ifndef __cplusplus
/* clang-format off */

/* Declare struct `tag`_arc and `tag`_arc_weak, `tag`_type, and what follows:
 *
 *   tag_arc_new()             an object of zeroes; none: no memory
 *   tag_arc_new_from(source)  from a source
 *   tag_arc_new_array(count)  so many in a row
 *   tag_arc_length(arc)       how many there are
 *   tag_arc_clone(arc)        one reference more
 *   tag_arc_drop(&arc)        one fewer; the variable is none then
 *   tag_arc_get(arc)          the object; also arc.at
 *   tag_arc_count(arc)        references, as far as one look can tell
 *   tag_arc_is_unique(arc)    nobody else can get at it
 *   tag_arc_try_unwrap(&arc, &out)  move the content out if it is the only one
 *   tag_arc_make_mut(&arc)    the object, or a copy that is unique; or NULL
 *   tag_arc_make_mut_by(&arc, copy)  the same by the program's function
 *   tag_arc_weak_new(arc)     a weak reference
 *   tag_arc_weak_clone(weak)
 *   tag_arc_weak_drop(&weak)
 *   tag_arc_weak_upgrade(weak)  a reference; none: it has ended
 *
 * Requires nothing of struct `tag`, which may be defined later, with such
 * references in it. */
#define MN_ARCS(tag)                                                           \
    MN_TYPE_DECLARE(tag);                                                      \
    struct tag##_arc { struct tag *at; };                                      \
    struct tag##_arc_weak { struct tag *at; };                                 \
    MNI_ARC_NEW(tag)                                                           \
    MNI_ARC_STRONG(tag)                                                        \
    MNI_ARC_CONTENT(tag)                                                       \
    MNI_ARC_WEAK(tag)                                                          \
    struct tag

/* In front of a variable: it is dropped where its scope ends. */
#define MN_ARC_SCOPE(tag) MN_ATTRIBUTE(cleanup(tag##_arc_drop)) struct tag##_arc

/* Not each program uses all. */
#define MNI_ARC_FUNCTION MN_ATTRIBUTE(unused) static inline

#define MNI_ARC_NEW(tag)                                                       \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc tag##_arc_new_from(          \
        struct mn_source *source)                                              \
    {                                                                          \
        return (struct tag##_arc){mn_arc_new(&tag##_type, source)};            \
    }                                                                          \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc tag##_arc_new(void)          \
    {                                                                          \
        return tag##_arc_new_from(NULL);                                       \
    }                                                                          \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc tag##_arc_new_array(         \
        size_t count)                                                          \
    {                                                                          \
        return (struct tag##_arc){                                             \
            mn_arc_new_array(&tag##_type, NULL, count)};                       \
    }                                                                          \
    MNI_ARC_FUNCTION size_t tag##_arc_length(struct tag##_arc arc)             \
    {                                                                          \
        return arc.at == NULL ? 0 : mn_arc_length(arc.at);                     \
    }

#define MNI_ARC_STRONG(tag)                                                    \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc tag##_arc_clone(             \
        struct tag##_arc arc)                                                  \
    {                                                                          \
        return (struct tag##_arc){mn_arc_clone(arc.at)};                       \
    }                                                                          \
    MNI_ARC_FUNCTION void tag##_arc_drop(struct tag##_arc *arc)                \
    {                                                                          \
        struct tag *object = arc->at;                                          \
                                                                               \
        arc->at = NULL;                                                        \
        mn_arc_drop(object, &tag##_type);                                      \
    }                                                                          \
    MNI_ARC_FUNCTION struct tag *tag##_arc_get(struct tag##_arc arc)           \
    {                                                                          \
        return arc.at;                                                         \
    }                                                                          \
    MNI_ARC_FUNCTION size_t tag##_arc_count(struct tag##_arc arc)              \
    {                                                                          \
        return mn_arc_count(arc.at);                                           \
    }                                                                          \
    MNI_ARC_FUNCTION bool tag##_arc_is_unique(struct tag##_arc arc)            \
    {                                                                          \
        return arc.at != NULL && mn_arc_is_unique(arc.at);                     \
    }

#define MNI_ARC_CONTENT(tag)                                                   \
    MN_MUST_USE MNI_ARC_FUNCTION bool tag##_arc_try_unwrap(                    \
        struct tag##_arc *arc, struct tag *out)                                \
    {                                                                          \
        if (arc->at == NULL || !mn_arc_try_unwrap(arc->at, &tag##_type, out))  \
            return false;                                                      \
        arc->at = NULL;                                                        \
        return true;                                                           \
    }                                                                          \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag *tag##_arc_make_mut_by(            \
        struct tag##_arc *arc, mn_arc_copy_fn copy)                            \
    {                                                                          \
        void *own = mn_arc_make_mut(arc->at, &tag##_type, copy);               \
                                                                               \
        if (own != NULL)                                                       \
            arc->at = own;                                                     \
        return own;                                                            \
    }                                                                          \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag *tag##_arc_make_mut(               \
        struct tag##_arc *arc)                                                 \
    {                                                                          \
        return tag##_arc_make_mut_by(arc, NULL);                               \
    }

#define MNI_ARC_WEAK(tag)                                                      \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc_weak tag##_arc_weak_new(     \
        struct tag##_arc arc)                                                  \
    {                                                                          \
        return (struct tag##_arc_weak){mn_arc_weak(arc.at)};                   \
    }                                                                          \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc_weak tag##_arc_weak_clone(   \
        struct tag##_arc_weak weak)                                            \
    {                                                                          \
        return (struct tag##_arc_weak){mn_arc_weak(weak.at)};                  \
    }                                                                          \
    MNI_ARC_FUNCTION void tag##_arc_weak_drop(struct tag##_arc_weak *weak)     \
    {                                                                          \
        struct tag *object = weak->at;                                         \
                                                                               \
        weak->at = NULL;                                                       \
        mn_arc_weak_drop(object, &tag##_type);                                 \
    }                                                                          \
    MN_MUST_USE MNI_ARC_FUNCTION struct tag##_arc tag##_arc_weak_upgrade(      \
        struct tag##_arc_weak weak)                                            \
    {                                                                          \
        return (struct tag##_arc){mn_arc_upgrade(weak.at)};                    \
    }
/* clang-format on */
#endif
#endif

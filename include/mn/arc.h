/* SPDX-License-Identifier: MIT */
/* mn/arc.h -- references that threads share: typed, one word, 8 bytes an
 * object.
 *
 * A reference is a struct of one word with the pointer `at`, NULL for none. Any
 * thread clones and drops; the object ends with the last reference. The thread
 * that made it counts without atomic operations (mn/biased.h).
 *
 *     MN_TYPE_DECLARE(node);
 *     MN_ARCS(node);
 *     struct node { int value; struct node_arc next; };
 *     MN_ARC_FUNCTIONS(node)
 *     MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(ARC, node, next, node)));
 *
 *     MN_AUTO(node_arc) a = node_arc_new();
 *     if (a.at != NULL)
 *         start_thread(node_arc_clone(a));
 *
 * Two threads must not use one variable at a time. A reference of one's own
 * makes the object safe; what is in it needs a lock or a cell (mn/cell.h) if
 * anybody changes it. What each function promises: docs/manual/arc.md
 */
#ifndef MN_ARC_H
#define MN_ARC_H

#include <mn/biased.h>

#ifndef __cplusplus
/* clang-format off */

/* The references to struct `tag`, which need not be complete. */
#define MN_ARCS(tag)                                                           \
    struct tag;                                                                \
    struct tag##_arc { struct tag *at; };                                      \
    struct tag##_arc_weak { struct tag *at; }

/* Their functions; `tag` has been declared by MN_TYPE_DECLARE. */
#define MN_ARC_FUNCTIONS(tag)                                                  \
    MNI_ARC_OWN(tag, arc, mn_arc_drop)                                         \
    MNI_ARC_OWN(tag, arc_weak, mn_arc_weak_drop)                               \
    MNI_ARC_NEW(tag)                                                           \
    MNI_ARC_SHARE(tag)                                                         \
    MNI_ARC_CONTENT(tag)

#define MNI_ARC_CALL MN_ATTRIBUTE(unused) static inline
#define MNI_ARC_GIVE MN_MUST_USE MNI_ARC_CALL

#define MNI_ARC_OWN(tag, kind, drop)                                           \
    MNI_ARC_GIVE struct tag##_##kind                                           \
    tag##_##kind##_take(struct tag##_##kind *arc)                              \
    {                                                                          \
        struct tag##_##kind taken = *arc;                                      \
                                                                               \
        arc->at = NULL;                                                        \
        return taken;                                                          \
    }                                                                          \
    MNI_ARC_CALL void tag##_##kind##_drop(struct tag##_##kind *arc)            \
    { drop(tag##_##kind##_take(arc).at, &tag##_type); }                        \
    MNI_ARC_CALL void                                                          \
    tag##_##kind##_set(struct tag##_##kind *arc, struct tag##_##kind value)    \
    {                                                                          \
        struct tag##_##kind old = *arc;                                        \
                                                                               \
        *arc = value;                                                          \
        tag##_##kind##_drop(&old);                                             \
    }

#define MNI_ARC_NEW(tag)                                                       \
    MNI_ARC_GIVE struct tag##_arc                                              \
    tag##_arc_new_from(struct mn_source *source)                               \
    { return (struct tag##_arc){mn_arc_new(&tag##_type, source)}; }            \
    MNI_ARC_GIVE struct tag##_arc tag##_arc_new(void)                          \
    { return tag##_arc_new_from(NULL); }                                       \
    MNI_ARC_GIVE struct tag##_arc                                              \
    tag##_arc_new_array_from(struct mn_source *source, size_t count)           \
    {                                                                          \
        return (struct tag##_arc){                                             \
            mn_arc_new_array(&tag##_type, source, count)};                     \
    }                                                                          \
    MNI_ARC_GIVE struct tag##_arc tag##_arc_new_array(size_t count)            \
    { return tag##_arc_new_array_from(NULL, count); }                          \
    MNI_ARC_CALL size_t tag##_arc_length(struct tag##_arc arc)                 \
    { return arc.at == NULL ? 0 : mn_arc_length(arc.at); }                     \
    MNI_ARC_CALL struct tag *tag##_arc_get(struct tag##_arc arc)               \
    { return arc.at; }

#define MNI_ARC_SHARE(tag)                                                     \
    MNI_ARC_GIVE struct tag##_arc tag##_arc_of(struct tag *object)             \
    { return (struct tag##_arc){mn_arc_clone(object)}; }                       \
    MNI_ARC_GIVE struct tag##_arc tag##_arc_clone(struct tag##_arc arc)        \
    { return tag##_arc_of(arc.at); }                                           \
    MNI_ARC_CALL size_t tag##_arc_count(struct tag##_arc arc)                  \
    { return mn_arc_count(arc.at); }                                           \
    MNI_ARC_GIVE struct tag##_arc_weak                                         \
    tag##_arc_weak_of(struct tag *object)                                      \
    { return (struct tag##_arc_weak){mn_arc_weak(object)}; }                   \
    MNI_ARC_GIVE struct tag##_arc_weak tag##_arc_weak(struct tag##_arc arc)    \
    { return tag##_arc_weak_of(arc.at); }                                      \
    MNI_ARC_GIVE struct tag##_arc_weak                                         \
    tag##_arc_weak_clone(struct tag##_arc_weak weak)                           \
    { return tag##_arc_weak_of(weak.at); }                                     \
    MNI_ARC_GIVE struct tag##_arc                                              \
    tag##_arc_weak_upgrade(struct tag##_arc_weak weak)                         \
    { return (struct tag##_arc){mn_arc_upgrade(weak.at)}; }

#define MNI_ARC_CONTENT(tag)                                                   \
    MNI_ARC_CALL bool tag##_arc_is_unique(struct tag##_arc arc)                \
    { return arc.at != NULL && mn_arc_is_unique(arc.at); }                     \
    MNI_ARC_GIVE bool                                                          \
    tag##_arc_try_unwrap(struct tag##_arc *arc, struct tag *out)               \
    {                                                                          \
        if (arc->at == NULL || !mn_arc_try_unwrap(arc->at, &tag##_type, out))  \
            return false;                                                      \
        arc->at = NULL;                                                        \
        return true;                                                           \
    }                                                                          \
    MNI_ARC_GIVE struct tag *                                                  \
    tag##_arc_make_mut_by(struct tag##_arc *arc, mn_arc_copy_fn copy)          \
    {                                                                          \
        struct tag *object = mn_arc_make_mut(arc->at, &tag##_type, copy);      \
                                                                               \
        if (object != NULL)                                                    \
            arc->at = object;                                                  \
        return object;                                                         \
    }                                                                          \
    MNI_ARC_GIVE struct tag *tag##_arc_make_mut(struct tag##_arc *arc)         \
    { return tag##_arc_make_mut_by(arc, NULL); }
/* clang-format on */
#endif
#endif

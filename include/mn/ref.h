/* SPDX-License-Identifier: MIT */
/* mn/ref.h -- references of one thread: unique, counted and weak.
 *
 * A reference is a struct of one word with the pointer `at`, NULL for none.
 * Copying the struct is not one reference more: clone is, and take moves one.
 * An object ends when the last counted reference to it is dropped: its drop
 * function is called, its members are dropped, its memory goes back.
 *
 *     MN_TYPE_DECLARE(node);
 *     MN_REFS(node);
 *     struct node { int value; struct node_ref next; struct node_weak up; };
 *     MN_REF_FUNCTIONS(node)
 *     MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node),
 *                                 MN_MEMBER_IS(WEAK, node, up, node)));
 *
 *     MN_AUTO(node_ref) a = node_ref_new();
 *     if (a.at != NULL)
 *         a.at->next = node_ref_clone(b);
 *
 * What each promises: docs/manual/ref.md. Without types: mn/counted.h
 */
#ifndef MN_REF_H
#define MN_REF_H

#include <mn/counted.h>

MN_BEGIN

/* ---- cycles: objects made by MN_REF_CYCLE_FUNCTIONS that lead to each other.
 * All of this is of the calling thread. ---- */

/* End the objects that only cycles keep, and return their number. Their drop
 * functions run first, while their references are whole; if one makes any of
 * them live on, all do, and 0 is returned. 0 also without memory to look, and
 * in a drop function that this called; candidates then stay. O(what can be
 * reached from candidates). */
MN_API size_t mn_ref_collect(void);

/* Collect whenever there are `count` candidates, at the drop of a reference to
 * the last of them; 0, as it is at first: never. */
MN_API void mn_ref_collect_at(size_t count);

/* Objects a reference to which was dropped since, and not the last: each takes
 * 16 bytes until the next collection. A thread collects before it ends. */
MN_API size_t mn_ref_candidates(void);

MN_END

#ifndef __cplusplus
/* clang-format off */

/* The references to struct `tag`, which need not be complete. */
#define MN_REFS(tag)                                                           \
    struct tag;                                                                \
    struct tag##_ref { struct tag *at; };                                      \
    struct tag##_weak { struct tag *at; };                                     \
    struct tag##_unique { struct tag *at; }

/* Their functions; struct `tag` is complete, and declared by MN_TYPE_DECLARE.
 * With the second, garbage cycles of these objects can be collected; a drop
 * that is not the last takes two instructions more. */
#define MN_REF_FUNCTIONS(tag) MNI_REF_FUNCTIONS(tag, 0u)
#define MN_REF_CYCLE_FUNCTIONS(tag) MNI_REF_FUNCTIONS(tag, MNI_REF_CYCLIC)

/* Define the function `tag`_copy for `tag`_ref_make_mut_by from `fn`, a
 * bool (struct tag *to, const struct tag *from). */
#define MN_COPY(tag, fn)                                                       \
    static bool tag##_copy(void *to, const void *from)                         \
    {                                                                          \
        bool (*const typed)(struct tag *, const struct tag *) = fn;            \
                                                                               \
        return typed(to, from);                                                \
    }

/* struct `whole`_`part`: a pointer to a struct `part` inside a struct `whole`,
 * and a reference that keeps the whole. */
#define MN_REF_PART(whole, part)                                               \
    struct whole##_##part { struct part *at; struct whole##_ref of; };         \
    MNI_REF_CALL void whole##_##part##_drop(struct whole##_##part *ref)        \
    { ref->at = NULL; whole##_ref_drop(&ref->of); }                            \
    MNI_REF_GIVE struct whole##_##part                                         \
    whole##_##part##_of(struct whole##_ref of, struct part *at)                \
    {                                                                          \
        (void)mn_ref_inside(of.at, &whole##_type, at);                         \
        return (struct whole##_##part){at, whole##_ref_clone(of)};             \
    }                                                                          \
    MNI_REF_GIVE struct whole##_##part                                         \
    whole##_##part##_clone(struct whole##_##part ref)                          \
    { return (struct whole##_##part){ref.at, whole##_ref_clone(ref.of)}; }

#define MNI_REF_CALL MN_ATTRIBUTE(unused) static inline
#define MNI_REF_GIVE MN_MUST_USE MNI_REF_CALL
#define MNI_REF_TAKE(tag, kind)                                                \
    MNI_REF_GIVE struct tag##_##kind                                           \
    tag##_##kind##_take(struct tag##_##kind *ref)                              \
    {                                                                          \
        struct tag##_##kind taken = *ref;                                      \
                                                                               \
        ref->at = NULL;                                                        \
        return taken;                                                          \
    }

#define MNI_REF_FUNCTIONS(tag, flags)                                          \
    MNI_REF_OWN(tag, flags, ref)                                               \
    MNI_REF_OWN(tag, flags, unique)                                            \
    MNI_REF_COUNT(tag, flags)                                                  \
    MNI_REF_CONTENT(tag)                                                       \
    MNI_REF_WEAK(tag)

#define MNI_REF_OWN(tag, flags, kind)                                          \
    MNI_REF_TAKE(tag, kind)                                                    \
    MNI_REF_CALL void tag##_##kind##_drop(struct tag##_##kind *ref)            \
    { mni_ref_drop_as(tag##_##kind##_take(ref).at, &tag##_type, flags); }      \
    MNI_REF_CALL void                                                          \
    tag##_##kind##_set(struct tag##_##kind *ref, struct tag##_##kind value)    \
    {                                                                          \
        struct tag##_##kind old = *ref;                                        \
                                                                               \
        *ref = value;                                                          \
        tag##_##kind##_drop(&old);                                             \
    }                                                                          \
    MNI_REF_GIVE struct tag##_##kind                                           \
    tag##_##kind##_new_from(struct mn_source *source)                          \
    {                                                                          \
        return (struct tag##_##kind){                                          \
            mni_ref_flag(mn_ref_new(&tag##_type, source), flags)};             \
    }                                                                          \
    MNI_REF_GIVE struct tag##_##kind tag##_##kind##_new(void)                  \
    { return tag##_##kind##_new_from(NULL); }                                  \
    MNI_REF_CALL struct tag *tag##_##kind##_get(struct tag##_##kind ref)       \
    {                                                                          \
        if (!MNI_REF_INLINE)                                                   \
            mn_ref_verify(ref.at, &tag##_type);                                \
        return ref.at;                                                         \
    }

#define MNI_REF_COUNT(tag, flags)                                              \
    MNI_REF_GIVE struct tag##_ref                                              \
    tag##_ref_new_array_from(struct mn_source *source, size_t count)           \
    {                                                                          \
        return (struct tag##_ref){mni_ref_flag(                                \
            mn_ref_new_array(&tag##_type, source, count), flags)};             \
    }                                                                          \
    MNI_REF_GIVE struct tag##_ref tag##_ref_new_array(size_t count)            \
    { return tag##_ref_new_array_from(NULL, count); }                          \
    MNI_REF_CALL size_t tag##_ref_length(struct tag##_ref ref)                 \
    { return ref.at == NULL ? 0 : mn_ref_length(ref.at); }                     \
    MNI_REF_GIVE struct tag##_ref tag##_ref_of(struct tag *object)             \
    { return (struct tag##_ref){mni_ref_clone_as(object, &tag##_type)}; }      \
    MNI_REF_GIVE struct tag##_ref tag##_ref_clone(struct tag##_ref ref)        \
    { return tag##_ref_of(ref.at); }                                           \
    MNI_REF_CALL size_t tag##_ref_count(struct tag##_ref ref)                  \
    { return mn_ref_count(ref.at); }                                           \
    MNI_REF_GIVE struct tag##_ref tag##_unique_share(struct tag##_unique *ref) \
    { return (struct tag##_ref){tag##_unique_take(ref).at}; }

#define MNI_REF_CONTENT(tag)                                                   \
    MN_MUST_USE MNI_REF_CALL bool                                              \
    tag##_ref_try_unwrap(struct tag##_ref *ref, struct tag *out)               \
    {                                                                          \
        if (!mn_ref_try_unwrap(ref->at, &tag##_type, out))                     \
            return false;                                                      \
        ref->at = NULL;                                                        \
        return true;                                                           \
    }                                                                          \
    MN_MUST_USE MNI_REF_CALL struct tag *                                      \
    tag##_ref_make_mut_by(struct tag##_ref *ref, mn_copy_fn copy)              \
    {                                                                          \
        struct tag *object = mn_ref_make_mut(ref->at, &tag##_type, copy);      \
                                                                               \
        if (object != NULL)                                                    \
            ref->at = object;                                                  \
        return object;                                                         \
    }                                                                          \
    MN_MUST_USE MNI_REF_CALL struct tag *                                      \
    tag##_ref_make_mut(struct tag##_ref *ref)                                  \
    { return tag##_ref_make_mut_by(ref, NULL); }

#define MNI_REF_WEAK(tag)                                                      \
    MNI_REF_TAKE(tag, weak)                                                    \
    MNI_REF_GIVE struct tag##_weak tag##_weak_of(struct tag *object)           \
    { return (struct tag##_weak){mn_ref_weak(object)}; }                       \
    MNI_REF_GIVE struct tag##_weak tag##_ref_weak(struct tag##_ref ref)        \
    { return tag##_weak_of(ref.at); }                                          \
    MNI_REF_GIVE struct tag##_weak tag##_weak_clone(struct tag##_weak ref)     \
    { return tag##_weak_of(ref.at); }                                          \
    MNI_REF_CALL void tag##_weak_drop(struct tag##_weak *ref)                  \
    { mn_ref_weak_drop(tag##_weak_take(ref).at, &tag##_type); }                \
    MNI_REF_GIVE struct tag##_ref tag##_weak_upgrade(struct tag##_weak ref)    \
    { return (struct tag##_ref){mni_ref_upgrade_as(ref.at, &tag##_type)}; }
/* clang-format on */
#endif
#endif

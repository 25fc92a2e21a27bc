/* SPDX-License-Identifier: MIT */
/* mn/counted.h -- counted objects without their types: what mn/ref.h is over.
 *
 * An object has 8 bytes of counts before it. Programs use the typed functions
 * of mn/ref.h; libraries that only have a struct mn_type, these. One thread at
 * a time uses an object and all that it refers to.
 *
 * Compiled without optimization, for an analyzer, or with MN_CHECKED defined,
 * each use of a reference is a call that looks the object up first, and what
 * has ended or is no object stops the program.
 */
#ifndef MN_COUNTED_H
#define MN_COUNTED_H

#include <mn/source.h>
#include <mn/type.h>

#if defined(__OPTIMIZE__) && !defined(__clang_analyzer__)                      \
    && !defined(MN_CHECKED)
#define MNI_REF_INLINE 1
#else
#define MNI_REF_INLINE 0
#endif

MN_BEGIN

/* Right before each object; private. */
struct mn_counted {
    uint32_t strong; /* references - 1; above INT32_MAX: see src/ref/ref.h */
    uint32_t weak;   /* flags, and from MNI_REF_WEAK_ONE on weak references */
};

#define MNI_REF_NOTED 1u  /* a candidate of mn_ref_collect, which holds it */
#define MNI_REF_CYCLIC 2u /* becomes one when a reference to it is dropped */
#define MNI_REF_WEAK_ONE 128u
#define MNI_REF_WEAK_MAX (UINT32_MAX - UINT32_MAX % MNI_REF_WEAK_ONE)

/* What is not the plain case of the functions below. */
MN_API void mn_ref_clone_rare(void *object) MN_NONNULL(1);
MN_API void mn_ref_drop_rare(void *object, const struct mn_type *type)
    MN_NONNULL(1, 2);
MN_API void mn_ref_note(void *object, const struct mn_type *type)
    MN_NONNULL(1, 2);
MN_API void *mn_ref_upgrade_rare(void *object) MN_NONNULL(1);

/* As mn_ref_clone and its kin, with the object looked up first. */
MN_API void mn_ref_drop_checked(void *object, const struct mn_type *type)
    MN_NONNULL(2) MN_TAKES(mn_ref, 1);
MN_API void *mn_ref_clone_checked(void *object,
                                  const struct mn_type *type) MN_MUST_USE
    MN_NONNULL(2) MN_GIVES(mn_ref) MN_FREED_BY(mn_ref_drop_checked, 1);
MN_API void *mn_ref_upgrade_checked(void *weak,
                                    const struct mn_type *type) MN_MUST_USE
    MN_NONNULL(2) MN_GIVES(mn_ref) MN_FREED_BY(mn_ref_drop_checked, 1);
MN_API void mn_ref_weak_drop(void *object, const struct mn_type *type)
    MN_NONNULL(2) MN_TAKES(mn_ref_weak, 1);

/* Stop the program unless `object` is NULL or a counted object of the type that
 * has not ended: certain while its memory is not used again. O(1). */
MN_API void mn_ref_verify(const void *object, const struct mn_type *type)
    MN_NONNULL(2);

/* ---- making objects ---- */

/* A new object of zeroes with one reference, or NULL. `source` is NULL for
 * mn_alloc. O(size). */
MN_API void *mn_ref_new(const struct mn_type *type,
                        struct mn_source *source) MN_MUST_USE MN_NONNULL(1)
    MN_GIVES(mn_ref) MN_FREED_BY(mn_ref_drop_checked, 1);

/* The same for `count` objects in a row, counted as one; the last ends first.
 * NULL also for a count of 0. */
MN_API void *mn_ref_new_array(const struct mn_type *type,
                              struct mn_source *source,
                              size_t count) MN_MUST_USE MN_NONNULL(1)
    MN_GIVES(mn_ref) MN_FREED_BY(mn_ref_drop_checked, 1);

/* Have a new object take part in cycles, see mn/ref.h. */
MN_API void mn_ref_make_cyclic(void *object) MN_NONNULL(1);

/* How many objects there are in a row; 1 if it is no array. */
MN_API size_t mn_ref_length(const void *object) MN_NONNULL(1);

/* ---- counting: NULL is no reference, and stays NULL ---- */

static inline struct mn_counted *mni_counted(const void *object)
{
    return (struct mn_counted *)(uintptr_t)object - 1;
}

/* One reference more; `object` itself. */
MN_ALWAYS_INLINE void *mn_ref_clone(void *object)
{
    if (object != NULL
        && __builtin_expect((int32_t)++mni_counted(object)->strong < 0, 0))
        mn_ref_clone_rare(object);
    return object;
}

/* One reference fewer. With the last one the object ends. */
MN_ALWAYS_INLINE void mn_ref_drop(void *object, const struct mn_type *type)
{
    if (object != NULL
        && __builtin_expect((int32_t)--mni_counted(object)->strong < 0, 0))
        mn_ref_drop_rare(object, type);
}

/* The same for objects of types that can be in cycles. */
MN_ALWAYS_INLINE void mn_ref_drop_cyclic(void *object,
                                         const struct mn_type *type)
{
    if (object == NULL)
        return;
    if (__builtin_expect((int32_t)--mni_counted(object)->strong < 0, 0))
        mn_ref_drop_rare(object, type);
    else if (__builtin_expect((mni_counted(object)->weak & MNI_REF_NOTED) == 0,
                              0))
        mn_ref_note(object, type);
}

/* A reference to what a weak one leads to, or NULL if it has ended. */
MN_MUST_USE MN_ALWAYS_INLINE void *mn_ref_upgrade(void *weak)
{
    if (weak == NULL)
        return NULL;
    uint32_t strong = mni_counted(weak)->strong + 1;
    if (__builtin_expect((int32_t)strong < 0, 0))
        return mn_ref_upgrade_rare(weak);
    mni_counted(weak)->strong = strong;
    return weak;
}

/* The same with a look first where wanted; `flags`: MNI_REF_CYCLIC or 0. */
MN_ALWAYS_INLINE void *mni_ref_clone_as(void *object,
                                        const struct mn_type *type)
{
    return MNI_REF_INLINE ? mn_ref_clone(object)
                          : mn_ref_clone_checked(object, type);
}

MN_ALWAYS_INLINE void *mni_ref_upgrade_as(void *weak,
                                          const struct mn_type *type)
{
    return MNI_REF_INLINE ? mn_ref_upgrade(weak)
                          : mn_ref_upgrade_checked(weak, type);
}

MN_ALWAYS_INLINE void mni_ref_drop_as(void *object, const struct mn_type *type,
                                      uint32_t flags)
{
    if (!MNI_REF_INLINE)
        mn_ref_drop_checked(object, type);
    else if (flags != 0)
        mn_ref_drop_cyclic(object, type);
    else
        mn_ref_drop(object, type);
}

MN_ALWAYS_INLINE void *mni_ref_flag(void *object, uint32_t flags)
{
    if (flags != 0 && object != NULL)
        mn_ref_make_cyclic(object);
    return object;
}

/* A weak reference more. The object may have ended. */
MN_API void *mn_ref_weak(void *object);

/* References, and weak ones; SIZE_MAX once there were too many to count: then
 * the object, or its memory, stays for ever. 0 for NULL. */
MN_API size_t mn_ref_count(const void *object);
MN_API size_t mn_ref_weak_count(const void *object);

/* ---- content ---- */

/* If this is the only reference, move the content to `out`, references and all,
 * and end the object without calling its type's drop. False, and nothing
 * changed: there are more, or it is an array. */
MN_API bool mn_ref_try_unwrap(void *object, const struct mn_type *type,
                              void *out) MN_MUST_USE MN_NONNULL(1, 2, 3);

/* Have `to`, which is zeroed, be a copy of `from`; false if that fails: then
 * there is nothing in `to` that has to be ended. */
typedef bool (*mn_copy_fn)(void *to, const void *from);

/* `object` itself if this is the only reference, whatever weak ones there are.
 * Otherwise a copy, for which the reference to `object` is dropped: made by
 * `copy`, or if that is NULL of the bytes and clones of the members. NULL if
 * there is no memory or `copy` fails: then nothing has changed. Without `copy`
 * a type with a drop, a visit or a unique member stops the program. */
MN_API void *mn_ref_make_mut(void *object, const struct mn_type *type,
                             mn_copy_fn copy) MN_MUST_USE MN_NONNULL(1, 2);

/* `at`, if it is inside `object`; another address stops the program. */
MN_API void *mn_ref_inside(void *object, const struct mn_type *type, void *at)
    MN_NONNULL(1, 2);

MN_END

#endif

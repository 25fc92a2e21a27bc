/* SPDX-License-Identifier: MIT */
/* mn/biased.h -- shared objects without their types: what mn/arc.h is over.
 *
 * An object has 8 bytes of counts before it, and is biased to the thread that
 * made it: that one counts its own references by plain loads and stores, all
 * others by atomic operations. The object ends when both together are none. If
 * others have dropped more than they cloned, the owner finds out at its next
 * slow step: when it makes an object or drops the last reference that it knows
 * of, at mn_arc_poll, or when it ends. From then on all count atomically. No
 * thread registers, and signal handlers may do what threads do.
 *
 * Programs use the typed functions of mn/arc.h; libraries that only have a
 * struct mn_type, these. Any thread; O(1) but for what ends.
 */
#ifndef MN_BIASED_H
#define MN_BIASED_H

#include <mn/arc_inline.h>
#include <mn/source.h>
#include <mn/type.h>

MN_BEGIN

/* ---- making objects ---- */

/* A new object of zeroes with one reference, or NULL. `source` is NULL for
 * mn_alloc; otherwise any thread may come to call it. */
MN_API void *mn_arc_new(const struct mn_type *type,
                        struct mn_source *source) MN_MUST_USE MN_NONNULL(1);

/* The same for `count` objects in a row, counted as one; they end together, the
 * last one first. NULL also for a count of 0. */
MN_API void *mn_arc_new_array(const struct mn_type *type,
                              struct mn_source *source,
                              size_t count) MN_MUST_USE MN_NONNULL(1);

/* How many objects there are in a row; 1 if it is no array. */
MN_API size_t mn_arc_length(const void *object) MN_NONNULL(1);

/* ---- counting: NULL is no reference, and stays NULL ---- */

/* One reference more; `object` itself. */
MN_ALWAYS_INLINE void *mn_arc_clone(void *object)
{
    uint32_t left;

    if (object == NULL || __builtin_expect(mni_arc_count(object, 1, &left), 1))
        return object;
    if (left == MNI_ARC_OWN_MAX)
        mn_arc_clone_any(object);
    else
        mni_arc_clone_shared(object);
    return object;
}

/* One reference fewer. With the last one the object ends: its type's drop is
 * called, then its references are dropped; however long the chain, that takes
 * no memory and no recursion. */
MN_ALWAYS_INLINE void mn_arc_drop(void *object, const struct mn_type *type)
{
    uint32_t left;

    if (object == NULL
        || __builtin_expect(mni_arc_count(object, UINT32_MAX, &left), 1))
        return;
    if (left == MNI_ARC_NONE_LEFT || !mni_arc_drop_shared(object))
        mn_arc_drop_any(object, type);
}

/* A weak reference more: it keeps the memory, not the object. */
MN_API void *mn_arc_weak(void *object);
MN_API void mn_arc_weak_drop(void *object, const struct mn_type *type)
    MN_NONNULL(2);

/* A reference to what a weak one leads to, or NULL if it has ended. */
MN_API void *mn_arc_upgrade(void *weak) MN_MUST_USE;

/* How many references there are, as far as one look can tell; SIZE_MAX if that
 * is not known any more: then the object stays for ever. 0 for NULL. */
MN_API size_t mn_arc_count(const void *object);

/* ---- content ---- */

/* True if this is the only reference, and there is no weak one: nobody else
 * can get at the object. May be false for an object of another thread. */
MN_API bool mn_arc_is_unique(const void *object) MN_NONNULL(1);

/* End an object with one reference without its type's drop: its bytes go to
 * `out`, with its references. False: there are more, or it is another thread's,
 * or an array; nothing has changed then. */
MN_API bool mn_arc_try_unwrap(void *object, const struct mn_type *type,
                              void *out) MN_MUST_USE MN_NONNULL(1, 2, 3);

/* Have `to`, which is zeroed, be a copy of `from`; false if that fails: then
 * there is nothing in `to` that has to be ended. */
typedef bool (*mn_arc_copy_fn)(void *to, const void *from);

/* `object` itself if it is unique; otherwise a copy, for which the reference to
 * `object` is dropped: made by `copy`, or if that is NULL of the bytes and
 * clones of the members. NULL if there is no memory or `copy` fails: then
 * nothing has changed. Without `copy` a type with a drop, a visit or a member
 * that is not shared stops the program. */
MN_API void *mn_arc_make_mut(void *object, const struct mn_type *type,
                             mn_arc_copy_fn copy) MN_MUST_USE MN_NONNULL(1, 2);

/* Look what others have dropped of this thread's objects, and end those that
 * have no reference left. O(their number). */
MN_API void mn_arc_poll(void);

MN_END

#endif

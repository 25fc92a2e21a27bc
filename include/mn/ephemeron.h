/* SPDX-License-Identifier: MIT */
/* mn/ephemeron.h -- pairs in which the value lives only as long as the key.
 *
 * What is known about an object is to end with it, also if it leads back to
 * it: a weak reference to the key beside a plain one to the value would keep
 * both for ever. An ephemeron is an object of a collector, mn/gc.h, that keeps
 * neither of the two alive, but its value while its key is reached by another
 * way than this value. Once it is not, both are NULL, at the same moment as
 * weak references to the key. Nothing keeps an ephemeron but what leads to it:
 * in objects, a member MN_MEMBER_IS(GC, tag, member, mn_gc_ephemeron).
 *
 * Rules for handles and threads are those of mn/gc.h. docs/manual/gc.md
 */
#ifndef MN_EPHEMERON_H
#define MN_EPHEMERON_H

#include <mn/gc.h>

MN_BEGIN

struct mn_gc_ephemeron; /* fields are private */

/* For members that lead to one. Ephemerons are only made by the function
 * below. */
MN_API extern const struct mn_type mn_gc_ephemeron_type;

/* A pair, or NULL; both are kept during the call. `key` is the start of an
 * object of this collector, `value` of one, or NULL, or outside of it. */
MN_API struct mn_gc_ephemeron *mn_gc_ephemeron_new(struct mn_gc *gc, void *key,
                                                   void *value) MN_MUST_USE
    MN_NONNULL(1, 2);

/* The key, and what it has as its value: NULL once the key is dead. */
MN_API void *mn_gc_ephemeron_key(const struct mn_gc_ephemeron *pair) MN_MUST_USE
    MN_NONNULL(1);
MN_API void *
mn_gc_ephemeron_value(const struct mn_gc_ephemeron *pair) MN_MUST_USE
    MN_NONNULL(1);

/* Have another value, if the key lives; else nothing happens. */
MN_API void mn_gc_ephemeron_store(struct mn_gc *gc,
                                  struct mn_gc_ephemeron *pair, void *value)
    MN_NONNULL(1, 2);

/* End the pair before its key does. */
MN_API void mn_gc_ephemeron_clear(struct mn_gc_ephemeron *pair) MN_NONNULL(1);

MN_END

#endif

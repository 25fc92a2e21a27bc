/* SPDX-License-Identifier: MIT */
/* mn/gc_threads.h -- several threads that use one collector.
 *
 * Each has a handle of its own, to be used as the collector in all calls: the
 * thread that made the collector has the first one, others attach. Objects are
 * of all of them; what two threads do to one object at once is for the program
 * to order.
 *
 * A collection waits until each thread has come to a point where it may stop:
 * a call that allocates and needs more memory, mn_gc_poll, or mn_gc_outside. So
 * a thread that works on for long without must poll, and one that may wait for
 * another must do so outside. docs/manual/gc.md
 */
#ifndef MN_GC_THREADS_H
#define MN_GC_THREADS_H

#include <mn/gc.h>

MN_BEGIN

/* A handle for this thread, or NULL if there is no memory, or the collector is
 * in a buffer. `any` is any handle of it. `stack` is as in mn_gc_options. The
 * handle ends with the thread, if not before. May wait for a collection.
 * Requires: the thread has no other handle of it, or is outside by that one. */
MN_API struct mn_gc *mn_gc_attach(struct mn_gc *any,
                                  const void *stack) MN_MUST_USE MN_NONNULL(1);

/* Requires: `gc` is of mn_gc_attach in this thread, which is in no frame. */
MN_API void mn_gc_detach(struct mn_gc *gc) MN_NONNULL(1);

MN_API void mn_gc_poll_slow(struct mn_gc *gc) MN_NONNULL(1);

/* Stand still here, if a collection waits for that; it counts as a call that
 * allocates. A load and a branch. */
static inline void mn_gc_poll(struct mn_gc *gc)
{
    if (__builtin_expect(MN_READ_SHARED(&gc->asked), 0))
        mn_gc_poll_slow(gc);
}

/* Call `call`, which touches no object and does not use `gc`, and so may take
 * as long as it likes: collections do not wait for it. Roots of this thread
 * stay what they were. */
MN_API void mn_gc_outside(struct mn_gc *gc, void (*call)(void *context),
                          void *context) MN_NONNULL(1, 2);

MN_END

#endif

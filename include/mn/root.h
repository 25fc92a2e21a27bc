/* SPDX-License-Identifier: MIT */
/* mn/root.h -- from where a collector begins: what the program refers to.
 *
 * Variables in a scope are roots by MN_GC_FRAME, others by mn_gc_root_begin.
 * Without either, a collector with a conservative stack takes every word on it
 * and in registers for a root that could be one. docs/manual/gc.md
 */
#ifndef MN_ROOT_H
#define MN_ROOT_H

#include <mn/gc.h>

MN_BEGIN

/* ---- roots ---- */

enum mn_gc_root_kind {
    MN_GC_EXACT, /* words that are NULL or lead to an object, or elsewhere */
    MN_GC_AMBIGUOUS, /* words that may be anything */
    MN_GC_WEAK /* as exact, keeps nothing alive, NULL once the target is dead */
};

struct mn_gc_root { /* fields are private */
    struct mn_gc_root *next, **link;
    void *start;
    size_t count;
    enum mn_gc_root_kind kind;
    struct mni_gc *gc;
};

/* Have the `count` words from `start` on, outside all objects, be roots until
 * mn_gc_root_end; `root` must stay where it is. O(1). */
MN_API void mn_gc_root_begin(struct mn_gc *gc, struct mn_gc_root *root,
                             enum mn_gc_root_kind kind, void *start,
                             size_t count) MN_NONNULL(1, 2, 4);
MN_API void mn_gc_root_end(struct mn_gc_root *root) MN_NONNULL(1);

/* Replace .stack, for another thread or stack that uses the collector now. */
MN_API void mn_gc_stack(struct mn_gc *gc, const void *stack) MN_NONNULL(1);

struct mn_gc_frame { /* fields are private */
    struct mn_gc_frame *up;
    struct mn_gc *gc;
    size_t count; /* of the words that follow */
};

/* Behind MN_GC_FRAME. */
MN_API void mn_gc_frame_bad(void);
static inline void mni_gc_frame_end(void *frame)
{
    struct mn_gc_frame *self = (struct mn_gc_frame *)frame;

    if (self->gc->frames != self)
        mn_gc_frame_bad();
    self->gc->frames = self->up;
}

/* Variables that are roots until the end of their scope:
 *     MN_GC_FRAME(gc, my, struct node *left; struct node *right;);
 *     my.left = mn_gc_new(gc, &node_type);
 * All must be pointers; they begin as NULL. A scope is not to be left by
 * longjmp. */
#define MN_GC_FRAME(gc_, name, ...)                                            \
    struct {                                                                   \
        struct mn_gc_frame frame;                                              \
        __VA_ARGS__                                                            \
    } name __attribute__((cleanup(mni_gc_frame_end))) = {                      \
        .frame = {(gc_)->frames, (gc_),                                        \
                  (sizeof(name) - sizeof(struct mn_gc_frame))                  \
                      / sizeof(void *)}};                                      \
    (gc_)->frames = &(name).frame

MN_END

#endif

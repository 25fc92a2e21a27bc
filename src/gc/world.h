/* SPDX-License-Identifier: MIT */
/* world.h -- a collector in a system, where several threads may use it. */
#ifndef MNI_GC_WORLD_H
#define MNI_GC_WORLD_H

#include "gc/gate.h"
#include "gc/gc.h"
#include "os/lock.h"

struct mni_gc_world {
    struct mni_gc gc; /* first: one is cast to the other */
    struct mni_gate gate;
    /* Of what threads share. Who stops the others holds it until they go on.
     * A thread does not wait for another one while it holds it. Order: after
     * the gate, before the space lock. */
    struct mni_lock lock;
    uint32_t nested;            /* entries by the thread that holds it */
    struct mni_gc_thread *idle; /* records without a thread, by `same` */
    struct mni_gc_world *next, **link;
    bool fork_held; /* the fork that goes on has taken the lock */
};

static inline struct mni_gc_world *mni_gc_world(struct mni_gc *gc)
{
    return (struct mni_gc_world *)(void *)gc;
}

/* The first thread is there; there are others from now on, or no more.
 * Forking needs to know of all collectors. */
void mni_gc_world_begin(struct mni_gc_world *world);
void mni_gc_world_end(struct mni_gc_world *world);

/* For struct mni_gc_system. */
void mni_gc_world_lock(struct mni_gc *gc, bool enter);
void mni_gc_world_stop(struct mni_gc_thread *self);
void mni_gc_world_resume(struct mni_gc_thread *self);
void mni_gc_world_pause(struct mni_gc_thread *self);

#endif

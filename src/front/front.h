/* SPDX-License-Identifier: MIT */
/* front.h -- libgc.so.1 in terms of one collector.
 *
 * Programs that were written for the Boehm-Demers-Weiser collector have no
 * descriptions of their types: all their objects are untyped or leaves, and
 * what they refer to is found by looking at every word. One lock is around
 * everything; a collection stops the other threads by a signal.
 *
 *   front.c    the collector, the lock, the options that are variables
 *   alloc.c    objects: from GC_malloc to GC_free
 *   kinds.c    descriptors, kinds, procedures that mark
 *   look.c     what an address is
 *   roots.c    data segments and other ranges, stacks
 *   threads.c  who takes part, and how they are stopped;  pthread.c  threads
 *   final.c    finalizers; links.c  links that disappear
 *   table.c    the tables behind these
 *   figures.c  sizes and counts;  debug.c  the names for debugging
 */
#ifndef MNI_FRONT_H
#define MNI_FRONT_H

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <mn/compat/gc_mark.h>
#include <mn/compat/gc_typed.h>

#include "base/atomic.h"
#include "gc/gc.h"
#include "os/lock.h"

/* ---- tables: objects of the collector itself, without pointers ---- */

struct mni_front_entry {
    uintptr_t key; /* 0: free */
    uintptr_t object;
    void *function;
    uintptr_t data;
    uintptr_t mode;
};

/* From words to entries, by open addressing. */
struct mni_front_table {
    struct mni_front_entry *entries; /* a leaf, which is a root */
    size_t count, capacity;          /* a power of two, or 0 */
};

struct mni_front_entry *mni_front_find(const struct mni_front_table *table,
                                       uintptr_t key);
/* The entry for `key`, made if it is not there; NULL if there is no memory.
 * May collect. */
struct mni_front_entry *mni_front_put(struct mni_front_table *table,
                                      uintptr_t key);
/* Moves others: who goes over a table looks at the same place again. */
void mni_front_remove(struct mni_front_table *table,
                      struct mni_front_entry *entry);

/* ---- the one collector ---- */

/* A range of words that are roots, or that are not. */
struct mni_front_range {
    uintptr_t start, end;
};

struct mni_front_ranges {
    struct mni_front_range *list;
    size_t count, capacity;
};

struct mni_front {
    struct mni_lock lock;
    struct mni_gc *gc;
    size_t extra;    /* bytes behind each object, so that its end is its own */
    uint64_t total;  /* bytes handed out before the last collection */
    size_t released; /* bytes given back by GC_free since */
    struct mni_front_table kept; /* objects that are never collected */
    struct mni_front_table finalizers, links, long_links;
    struct mni_front_entry *ready; /* a ring of finalizers to be called */
    size_t ready_first, ready_count, ready_capacity;
    bool marking;      /* procedures of kinds are to be called */
    bool invoking;     /* finalizers are being called, */
    pthread_t invoker; /* by this thread */
    bool told;         /* the program was told of those that are ready */
};
extern struct mni_front mni_front;

/* Take the lock; the collector, which is made if there is none yet. The thread
 * must be known. */
struct mni_gc *mni_front_enter(void);
/* Give it back, and call finalizers if there are any to be called. */
void mni_front_leave(void);
/* Give it back, and do nothing else. */
void mni_front_unlock(void);

/* An object, or NULL after the program's function for that has been asked.
 * Requires: no lock. */
void *mni_front_alloc(size_t size, enum mni_gc_shape shape, bool kept);
/* The start of the object at `address` or around it, or 0. */
uintptr_t mni_front_base(const void *address);

/* ---- roots.c, threads.c ---- */

void mni_front_set_pace(void);
void mni_front_after_fork(void);

void mni_front_begin_roots(void);
/* Before the others stop: what asks the system. */
void mni_front_gather_roots(void);
void mni_front_push_roots(struct mni_gc *gc);

/* Make the calling thread, whose stack begins at `base`, one that takes part.
 */
bool mni_front_join(const void *base);
bool mni_front_is_known(void);
/* The same for a thread that pthread.c made, until somebody has its result. */
bool mni_front_join_new(bool detached);
void mni_front_set_result(void *result);
void mni_front_forget_thread(pthread_t thread, bool joined);
void mni_front_stop_others(void);
void mni_front_start_others(void);
void mni_front_push_stacks(struct mni_gc *gc);
/* Where the calling thread's stack begins. */
void *mni_front_stack_base(void);

/* ---- final.c, links.c ---- */

void mni_front_push_final(struct mni_gc *gc);
void mni_front_find_dead(struct mni_gc *gc);
void mni_front_clear_links(struct mni_gc *gc, struct mni_front_table *links);
void mni_front_forget_links(struct mni_gc *gc, struct mni_front_table *links);
/* The object is released by the program: nothing of it is to be called. */
void mni_front_forget(uintptr_t object);

/* To standard error. */
void mni_front_write(const char *text, size_t size);
void mni_front_warn(const char *words, uintptr_t value);

#endif

/* SPDX-License-Identifier: MIT */
/* front_setup.h -- what tests of libgc's functions share.
 *
 * What a conservative collector must find dead is made by the hundred, since a
 * word on the stack may keep a few. */
#ifndef FRONT_SETUP_H
#define FRONT_SETUP_H

#include "front/front.h"
#include "test.h"

enum { MANY = 200, MOST = MANY - MANY / 8, KIB = 1024 };

/* Where the program hides addresses: the collector does not know them. */
static GC_hidden_pointer hidden[MANY];
static void *shown[MANY]; /* and where it finds them */

static __attribute__((noinline)) void wipe(void)
{
    volatile char junk[8 * KIB];

    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = 0;
}

static void collect(void)
{
    wipe();
    GC_gcollect();
    EXPECT(mn_gc_check(&mni_front.gc->front));
}

static __attribute__((noinline)) void hide_many(void *(*make)(size_t))
{
    for (int i = 0; i < MANY; i++) {
        void **object = make(64);
        object[0] = GC_MALLOC(64);
        hidden[i] = GC_HIDE_POINTER(object[0]);
        shown[i] = object;
    }
}

static int dead_count(void)
{
    int dead = 0;

    for (int i = 0; i < MANY; i++)
        dead += !GC_is_heap_ptr(GC_REVEAL_POINTER(hidden[i]));
    return dead;
}

#endif

/* SPDX-License-Identifier: MIT */
/* threads.c -- threads that come and go.
 *
 * Four at a time do a little work each: release what an earlier thread left,
 * allocate, release half of it, and leave the rest to a later thread.
 */
#include "load.h"

enum {
    THREADS_AT_ONCE = 4,
    THREADS_ROUNDS = 2500,
    THREADS_LEFT = 32,
    THREADS_OWN = 64
};

/* What the thread of this number in a round leaves to that of the next. */
static void *threads_left[THREADS_AT_ONCE][THREADS_LEFT];
static uint64_t threads_random[THREADS_AT_ONCE];

static void *threads_work(void *context)
{
    unsigned me = (unsigned)(uintptr_t)context;
    void *own[THREADS_OWN];

    for (int i = 0; i < THREADS_LEFT; i++)
        load_drop(threads_left[me][i]);
    for (int i = 0; i < THREADS_OWN; i++)
        own[i] = load_new(load_between(&threads_random[me], 16, 512));
    for (int i = 0; i < THREADS_LEFT; i++) {
        threads_left[me][i] = own[2 * i];
        load_drop(own[2 * i + 1]);
    }
    return NULL;
}

int main(void)
{
    for (unsigned i = 0; i < THREADS_AT_ONCE; i++)
        threads_random[i] = load_seed(i);
    for (int round = 0; round < THREADS_ROUNDS; round++)
        load_threads(threads_work, THREADS_AT_ONCE);
    load_tell("end");
    return 0;
}

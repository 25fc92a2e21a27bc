/* SPDX-License-Identifier: MIT */
/* run.h -- the explorer's own state, in memory that no schedule resets. */
#ifndef EXPLORE_RUN_H
#define EXPLORE_RUN_H

#include <setjmp.h>
#include <ucontext.h>

#include "explore.h"

enum {
    RUN_LOCAL = 128,     /* bytes of thread-local variables */
    RUN_STORES = 16,     /* that may be late at a time */
    RUN_STACK = 1 << 16, /* bytes */
    RUN_DEPTH = 1 << 14, /* choices in a schedule */
    RUN_STEPS = 1 << 17, /* operations in a schedule */
    RUN_PLACES = 1 << 14,
    RUN_RANGES = 64,
    RUN_LOCKS = 32,
    RUN_TRACE = 1 << 12,
    RUN_RECORDS = 64
};

struct run_store {
    void *address;
    uint64_t value;
    const struct explore_place *place;
};

struct run_thread {
    jmp_buf where;
    ucontext_t first;
    bool started;
    bool done;
    bool (*ready)(const void *word); /* or NULL: it can go on */
    const void *word;
    struct run_store stores[RUN_STORES]; /* not seen by others, oldest first */
    unsigned store_count;
    uint32_t locks; /* held, by number */
    bool tolerates;
    bool interrupted;
    unsigned char local[RUN_LOCAL];
    unsigned char local_first[RUN_LOCAL]; /* after setup */
    unsigned char stack[RUN_STACK];
};

/* Who has used an address, in any schedule so far. */
struct run_use {
    uintptr_t address;
    uint32_t readers; /* one bit each */
    uint32_t writers;
    uint32_t locks; /* held at each use */
};

struct run_range {
    unsigned char *start;
    size_t size;
    unsigned char *copy;
};

struct run_step {
    int thread;
    const char *how;
    uint64_t value;
    const struct explore_place *place;
    const void *address;
};

struct run {
    const struct explore_scenario *scenario;
    jmp_buf end; /* of a schedule */
    int self;
    bool active; /* threads run: this is not setup, and not the check */
    const char *failed;
    bool grown; /* there are more places to switch at than before */
    bool late;  /* stores may be late */

    unsigned char choice[RUN_DEPTH];
    unsigned char width[RUN_DEPTH];
    unsigned depth;
    unsigned length;
    int bound;
    int spent;
    unsigned long schedules;
    unsigned long steps;
    unsigned long points; /* of the longest schedule */
    unsigned long points_here;

    struct run_use uses[RUN_PLACES]; /* a hash table */
    size_t use_count;
    const void *locks[RUN_LOCKS];
    unsigned lock_count;
    uintptr_t ignored;
    size_t ignored_size;

    struct run_range ranges[RUN_RANGES];
    size_t range_count;
    size_t range_count_first;
    unsigned char *image;           /* of all variables */
    unsigned char local[RUN_LOCAL]; /* of a new thread */

    struct {
        uintptr_t start;
        size_t size;
    } records[RUN_RECORDS]; /* not usable */
    size_t record_count;

    struct run_step trace[RUN_TRACE];
    size_t step_count;

    /* One more for what is outside of all threads. */
    struct run_thread threads[EXPLORE_THREADS + 1];
};

extern struct run *run;

/* One of `width` alternatives; the first is what is tried first. */
unsigned run_choose(unsigned width);

/* Switch to a thread, or go on if that is the one that runs. */
void run_switch(int thread);

/* Whether the thread can go on. */
bool run_can(int thread);

static inline struct run_thread *run_self(void)
{
    return &run->threads[run->self];
}

/* Let others see the oldest late store of a thread. */
void run_flush_one(struct run_thread *thread);
void run_flush(struct run_thread *thread);

/* Write the steps of the schedule that failed. */
void run_print_trace(void);

#endif

/* SPDX-License-Identifier: MIT */
/* explore.h -- runs the library's own code under all schedules up to a bound.
 *
 * A scenario is a setup, the bodies of a few threads, and a check. Its threads
 * are coroutines of one thread of the system; a switch can come before each
 * atomic operation that other threads can notice, and a store may reach the
 * others late, as on x86. What is explored is each schedule with at most
 * `bound` such preemptions and delays, depth first, each from the same memory.
 * A switch where a thread ends or waits for a lock is free, and all are tried.
 *
 * An operation that only one thread has been seen to use, or all only with one
 * lock in hand, is no place to switch at. If that turns out to be wrong later,
 * the exploration begins again. So when it ends, nothing was left out.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPLORE_THREADS = 4 };

struct explore_scenario {
    const char *name; /* what holds at the end of each schedule */
    int threads;
    int bound;
    void (*setup)(void);
    void (*body)(int thread);
    void (*check)(void);
    /* Or NULL: interrupts each thread once, as a signal handler does, before
     * any operation, of which each is one instruction. Counts as a preemption.
     */
    void (*handler)(int thread);
};

/* Explore the scenarios that the arguments ask for; the status of main. */
int explore_main(int argc, char **argv, const struct explore_scenario *all,
                 size_t count);

/* Which thread is running; EXPLORE_THREADS outside of all. */
int explore_self(void);

/* In setup and check: be this thread, with its thread-local variables. */
void explore_as(int thread);

/* In a body: this thread ends, as the library learns of it; and the body goes
 * on as a new thread. */
void explore_thread_ends(void);
void explore_thread_begins(void);

/* What is wrong ends the exploration. */
#define EXPECT(cond) ((cond) ? (void)0 : explore_expected(#cond, __LINE__))
void explore_expected(const char *what, int line);
_Noreturn void explore_fail(const char *what);

/* ---- what the models of a lock, of the system and of records use ---- */

/* Wait, as a thread that cannot go on, until ready(word) is true. */
void explore_wait(bool (*ready)(const void *word), const void *word);

/* Memory that each schedule begins with as it is after setup. */
void explore_memory(void *start, size_t size);
void explore_forget_memory(void *start);

/* The lock is now held by this thread, or no longer. */
void explore_holds(const void *lock, bool held);

/* A record must not be used from now on; or it may be. */
void explore_record(void *record, size_t size, bool usable);

/* Reads of such records are allowed, because what they find is not trusted. */
void explore_tolerate(bool reads);

/* Never switch at these addresses: nothing depends on what is there. */
void explore_ignore(const void *start, size_t size);

/* ---- behind base/atomic.h ---- */

struct explore_place {
    const char *what;
    const char *file;
    int line;
    size_t size;
};

enum explore_how { EXPLORE_SET, EXPLORE_ADD, EXPLORE_OR, EXPLORE_AND };

uint64_t explore_load(void *address, const struct explore_place *place);
void explore_store(void *address, uint64_t value,
                   const struct explore_place *place);
void explore_store_plain(void *address, uint64_t value,
                         const struct explore_place *place);
uint64_t explore_change(enum explore_how how, void *address, uint64_t value,
                        const struct explore_place *place);
bool explore_cas(bool locked, void *address, void *expected, uint64_t value,
                 const struct explore_place *place);
void explore_fence(void);
void explore_signal_fence(void);

#endif

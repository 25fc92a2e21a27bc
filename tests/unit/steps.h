/* SPDX-License-Identifier: MIT */
/* steps.h -- a handler at a chosen instruction of a call, by single steps: for
 * x86-64, where the tests that include it are. */
#ifndef STEPS_H
#define STEPS_H

#include <signal.h>
#include <ucontext.h>

#include "test.h"

enum { STEPS_TRAP_FLAG = 0x100 };

static volatile long steps_count;
static volatile long steps_at;
static volatile bool steps_fired; /* the handler has run */
static void (*volatile steps_handler)(void);

static void steps_trapped(int signal, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;

    (void)signal;
    (void)info;
    if (++steps_count != steps_at)
        return;
    steps_fired = true;
    steps_handler();
    interrupted->uc_mcontext.gregs[REG_EFL] &= ~STEPS_TRAP_FLAG;
}

/* Around the call, below what the compiler may keep under the stack. */
#define STEPS_BEGIN()                                                          \
    __asm__ volatile("sub $128, %%rsp; pushfq; orq $0x100, (%%rsp); popfq;"    \
                     "add $128, %%rsp" ::                                      \
                         : "memory", "cc")
#define STEPS_END()                                                            \
    __asm__ volatile("sub $128, %%rsp; pushfq; andq $~0x100, (%%rsp); popfq;"  \
                     "add $128, %%rsp" ::                                      \
                         : "memory", "cc")

/* Catch the signal of each step from now on. */
static inline void steps_catch(void)
{
    struct sigaction action = {.sa_sigaction = steps_trapped,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};

    EXPECT(sigaction(SIGTRAP, &action, NULL) == 0);
}

/* Have `handler` run at instruction `at`; 0 for at none. */
static inline void steps_set(long at, void (*handler)(void))
{
    steps_handler = handler;
    steps_count = 0;
    steps_at = at;
    steps_fired = false;
}

/* A step costs a signal, and to come far takes many: in what is long, only the
 * first instructions are each tried. */
enum { STEPS_EACH_UP_TO = 150, STEPS_EVERY = 11 };

static inline long steps_after(long at)
{
    return at + (at < STEPS_EACH_UP_TO ? 1 : STEPS_EVERY);
}

#endif

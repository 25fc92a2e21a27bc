/* SPDX-License-Identifier: MIT */
/* instructions.h -- how many instructions a stretch of code takes.
 *
 * The processor traps after each, and the handler counts: exact, and the same
 * on a busy machine as on an idle one. One thread at a time. Where there is
 * no such trap, MN_COUNTS_INSTRUCTIONS is 0 and there is nothing else.
 */
#ifndef MN_INSTRUCTIONS_H
#define MN_INSTRUCTIONS_H

#if defined(__x86_64__)
#define MN_COUNTS_INSTRUCTIONS 1

#include "test.h"

#include <signal.h>
#include <stddef.h>

static volatile unsigned long instructions_count;

static void instructions_trap(int number)
{
    (void)number;
    instructions_count = instructions_count + 1;
}

/* What follows is counted; the trap flag is bit 8. */
static inline __attribute__((always_inline)) void instructions_begin(void)
{
    struct sigaction action = {.sa_handler = instructions_trap};

    EXPECT(sigaction(SIGTRAP, &action, NULL) == 0);
    instructions_count = 0;
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\t"
                     "orq $0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

/* How many since then, give or take the few that switch the trap. */
static inline __attribute__((always_inline)) unsigned long
instructions_end(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\t"
                     "andq $~0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
    return instructions_count;
}
#else
#define MN_COUNTS_INSTRUCTIONS 0
#endif

#endif

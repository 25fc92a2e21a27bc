/* SPDX-License-Identifier: MIT */
/* stepping.h -- how many instructions a stretch of this program executes.
 *
 * With the trap flag set, the processor raises a signal after each instruction
 * and the handler counts it: exact, whatever else the machine does. It works on
 * x86-64 and Linux; elsewhere nothing is counted.
 */
#ifndef BENCH_STEPPING_H
#define BENCH_STEPPING_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static volatile unsigned long stepping_count;

static inline void stepping_on(void)
{
#if defined(__x86_64__) && defined(__linux__)
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
#endif
}

static inline void stepping_off(void)
{
#if defined(__x86_64__) && defined(__linux__)
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
#endif
}

static void stepping_trap(int signal)
{
    (void)signal;
    stepping_count = stepping_count + 1;
}

static bool stepping_works(void)
{
#if defined(__x86_64__) && defined(__linux__)
    return true;
#else
    return false;
#endif
}

static inline void stepping_init(void)
{
    struct sigaction action = {.sa_handler = stepping_trap};

    (void)sigaction(SIGTRAP, &action, NULL);
}

#endif

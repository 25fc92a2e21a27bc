/* SPDX-License-Identifier: MIT */
/* measure.h -- what the programs of this folder share: each measures the same
 * patterns with references of one kind, and prints a line for each, a name and
 * nanoseconds of CPU time, which the runner reads.
 *
 *   pair     one reference more and one fewer, of an object that stays
 *   upgrade  a weak reference made a counted one, which is dropped
 *   new      an object of 16 bytes made and dropped
 *   list     for each object of a list of a million: its end
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdio.h>
#include <time.h>

enum {
    MEASURE_PAIRS = 20000000,
    MEASURE_NEW = 4000000,
    MEASURE_MANY = 1000000
};

/* The compiler is to believe that the pointer changes here, and memory. */
#define MEASURE_HIDE(pointer) __asm__ volatile("" : "+r"(pointer) : : "memory")

static double measure_start;

static double measure_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void measure_begin(void)
{
    measure_start = measure_now();
}

static void measure_end(const char *name, long count)
{
    printf("%s %.3f\n", name, (measure_now() - measure_start) / (double)count);
}

#endif

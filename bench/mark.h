/* SPDX-License-Identifier: MIT */
/* mark.h -- the marks between which bench/step counts instructions. */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

/* Begin to count: `operations` of what is called `name`. */
static inline void mark_begin(const char *name, unsigned long operations)
{
    __asm__ volatile("int3" ::"D"(name), "S"(operations) : "memory");
}

static inline void mark_end(void)
{
    __asm__ volatile("int3" ::: "memory");
}

/* The compiler must assume that the block is used here. */
static inline void mark_use(void *block)
{
    __asm__ volatile("" ::"r"(block) : "memory");
}

#endif

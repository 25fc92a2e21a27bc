/* SPDX-License-Identifier: MIT */
/* load.h -- what the loads of this folder share.
 *
 * A block tells its own size in its first word, and its last byte must agree
 * when the block is released. So each block is written at both ends, and once
 * in each page between, and an allocator that hands out overlapping blocks
 * ends the run.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOAD_PAGE = 4096, LOAD_KIB = 1024, LOAD_LEAST = 16, LOAD_SEAL = 0x5a };

static inline void load_expect(int condition)
{
    if (!condition)
        abort();
}

/* The next number of the sequence in *state, which is never 0: xorshift, cheap
 * beside what is measured. */
static inline uint32_t load_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return (uint32_t)(x >> 32);
}

/* A sequence of its own for each `number`. */
static inline uint64_t load_seed(unsigned number)
{
    return UINT64_C(88172645463325252) + number * UINT64_C(0x9e3779b97f4a7c15);
}

static inline size_t load_between(uint64_t *state, size_t least, size_t most)
{
    return least + load_next(state) % (most - least + 1);
}

/* Each power of two from `least` is as likely as another, `doublings` of
 * them, and the sizes from there to the next one as each other. */
static inline size_t load_spread(uint64_t *state, size_t least,
                                 unsigned doublings)
{
    size_t from = least << load_next(state) % doublings;

    return load_between(state, from, 2 * from - 1);
}

static inline void load_write(void *block, size_t size)
{
    unsigned char *bytes = block;

    load_expect(block != NULL);
    for (size_t at = LOAD_PAGE; at < size; at += LOAD_PAGE)
        bytes[at] = 1;
    bytes[size - 1] = (unsigned char)(size ^ LOAD_SEAL);
    *(size_t *)block = size;
}

static inline size_t load_check(const void *block)
{
    const unsigned char *bytes = block;
    size_t size = *(const size_t *)block;

    load_expect(size >= LOAD_LEAST);
    load_expect(bytes[size - 1] == (unsigned char)(size ^ LOAD_SEAL));
    return size;
}

/* A block of `size` bytes, at least LOAD_LEAST. */
static inline void *load_new(size_t size)
{
    void *block = malloc(size);

    load_write(block, size);
    return block;
}

static inline void load_drop(void *block)
{
    if (block != NULL)
        (void)load_check(block);
    free(block);
}

static inline void load_shuffle(uint64_t *state, void **blocks, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t at = load_next(state) % i;
        void *block = blocks[at];
        blocks[at] = blocks[i - 1];
        blocks[i - 1] = block;
    }
}

/* Run `work` in `count` threads, each with its number. */
static inline void load_threads(void *(*work)(void *), unsigned count)
{
    enum { LOAD_THREADS = 16 };
    pthread_t threads[LOAD_THREADS];

    load_expect(count <= LOAD_THREADS);
    for (unsigned i = 0; i < count; i++)
        load_expect(
            pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (unsigned i = 0; i < count; i++)
        load_expect(pthread_join(threads[i], NULL) == 0);
}

/* Without stdio, whose buffer the allocator would have to serve. */
static inline long load_resident(void)
{
    char text[128];
    char *end = text;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    load_expect(file >= 0);
    ssize_t got = read(file, text, sizeof text - 1);
    load_expect(got > 0 && close(file) == 0);
    text[got] = '\0';
    (void)strtol(text, &end, 10);
    return strtol(end, NULL, 10) * (sysconf(_SC_PAGESIZE) / LOAD_KIB);
}

/* Say how many KiB are resident now; bench/run collects these lines. */
static inline void load_tell(const char *name)
{
    char line[128];
    int length =
        snprintf(line, sizeof line, "%s\t%ld\n", name, load_resident());

    load_expect(length > 0 && length < (int)sizeof line);
    load_expect(write(STDOUT_FILENO, line, (size_t)length) == length);
}

#endif

/* SPDX-License-Identifier: MIT */
/* chain.c -- what it costs to grow a block from 16 bytes to 4 MiB by realloc.
 *
 *   chain [ROUNDS]    microseconds of a chain: its form, the median, the least
 *
 * A chain is one block that grows, and is then released. It doubles (18 steps),
 * or grows by an eighth (96 steps), as arrays of programs do. Each step
 * writes a byte at both ends, and none of what lies between. Chains follow each
 * other, so what is measured is the steady state. "in turn": four blocks grow,
 * one step each; the time is that of all four. "beside": at each step eight of
 * 4096 other blocks of 64 bytes to 8 KiB are replaced, so that the memory
 * behind the block is sought by others, too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    CHAIN_ROUNDS = 301,
    CHAIN_BESIDE = 4096,
    CHAIN_OTHERS = 8,
    CHAIN_BLOCKS = 4
};

static const size_t chain_first = 16;
static const size_t chain_last = (size_t)4 << 20;

static void *chain_others[CHAIN_BESIDE];
static uint64_t chain_random = UINT64_C(88172645463325252);

static size_t chain_doubled(size_t size)
{
    return 2 * size;
}

static size_t chain_by_an_eighth(size_t size)
{
    return size + (size < 128 ? 16 : size / 8);
}

static void chain_allocate_others(void)
{
    for (int i = 0; i < CHAIN_OTHERS; i++) {
        uint64_t x = chain_random;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        chain_random = x;
        size_t at = x % CHAIN_BESIDE;
        free(chain_others[at]);
        chain_others[at] = malloc((size_t)64 << (x >> 32) % 8);
    }
}

struct chain_form {
    const char *name;
    size_t (*next)(size_t size);
    int blocks; /* that grow in turn */
    int beside;
};

static char *chain_resized(char *block, size_t size)
{
    block = realloc(block, size);
    if (block == NULL)
        abort();
    block[0] = block[size - 1] = 1;
    return block;
}

static void chain_run(const struct chain_form *form)
{
    char *blocks[CHAIN_BLOCKS] = {NULL};

    for (size_t size = chain_first; size < chain_last;) {
        size = form->next(size);
        if (size > chain_last)
            size = chain_last;
        for (int i = 0; i < form->blocks; i++)
            blocks[i] = chain_resized(blocks[i], size);
        if (form->beside)
            chain_allocate_others();
    }
    for (int i = 0; i < form->blocks; i++)
        free(blocks[i]);
}

static double chain_now(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        abort();
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int chain_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void chain_measure(const struct chain_form *form, size_t rounds)
{
    double *times = malloc(rounds * sizeof *times);

    if (times == NULL)
        abort();
    for (size_t i = 0; i < rounds; i++) {
        double start = chain_now();
        chain_run(form);
        times[i] = chain_now() - start;
    }
    qsort(times, rounds, sizeof *times, chain_compare);
    (void)printf("%-16s %10.1f %10.1f\n", form->name, times[rounds / 2],
                 times[0]);
    free(times);
}

static const struct chain_form chain_forms[] = {
    {"doubled", chain_doubled, 1, 0},
    {"eighth", chain_by_an_eighth, 1, 0},
    {"doubled, in turn", chain_doubled, CHAIN_BLOCKS, 0},
    {"eighth, in turn", chain_by_an_eighth, CHAIN_BLOCKS, 0},
    {"doubled, beside", chain_doubled, 1, 1},
    {"eighth, beside", chain_by_an_eighth, 1, 1},
};

int main(int count, char **arguments)
{
    long asked = count > 1 ? strtol(arguments[1], NULL, 10) : 0;
    size_t rounds = asked > 0 ? (size_t)asked : CHAIN_ROUNDS;

    for (size_t i = 0; i < sizeof chain_forms / sizeof *chain_forms; i++)
        chain_measure(&chain_forms[i], rounds);
    return 0;
}

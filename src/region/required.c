/* SPDX-License-Identifier: MIT */
/* required.c -- the memory that suffices, whatever a program does.
 *
 * M is `live`, n `largest`, m `smallest`. Each bound below says what is true of
 * the free blocks at the moment when an allocation fails, and so how much
 * memory there can have been. Sizes are of blocks as they are out.
 *
 * 1. A free block is missed only if it is shorter than some G + 1. Of the
 *    blocks that are out when a request of s >= m bytes fails, there are at
 *    most (M - s) / m, and so at most M / m free ones, since no two of those
 *    touch. The memory is then at most M - s + (M / m) * G. With one byte more
 *    than M - m + (M / m) * G no request fails.
 *    - If each block that is large enough is found, a missed one is shorter
 *      than the request: G = n - 1. With m = 1 that is the M * n of the
 *      literature, which best fit comes close to (Robson, 1977).
 *    - Best fit hands a rest of one granule out with the block. A granule is no
 *      more than m, so that what is out is at most 2 * (M - s): M more.
 *    - TLSF looks at the first block of the class of the request, and at
 *      higher classes. What it misses is of that class, whose sizes differ by
 *      less than a sixteenth of the request: G = n - 1 + n / 16.
 *    - Half fit misses what is below the next power of two: G = 2^k - 1.
 *
 * 2. First fit takes the lowest block that is large enough, and cuts from its
 *    low end. Let N(s) be the highest end of a block of at most s bytes that
 *    there ever was. Look at the moment when N(s) was reached, by a block that
 *    belongs to those of at most s bytes: each free block below it was shorter
 *    than s. Join each free block with the block to its right, of c bytes: c
 *    of their bytes, at least the part c / (c + s), were out. An address x
 *    above N(j - 1) is of no block shorter than j, so that with j(x) the least
 *    j with x <= N(j)
 *        the sum of j(x) / (j(x) + s) over all x below N(s) is at most M.
 *    Weigh these inequalities with 1 / (s ln 2) for s from m to n, integrate,
 *    and add the one for s = n twice. The factor of an address with j(x) = y n
 *    becomes 1 - log2(1 + y) + 2 y / (1 + y), which is at least 1 for y in
 *    0 .. 1; the right side becomes M * (log2(n / m) + 2). So N(n), the memory
 *    that first fit uses, is at most that. Robson (1977) shows M * log2(n) but
 *    for terms of the order of M, and that no strategy can do with less than
 *    half (1971, 1974).
 *
 * 3. The buddy system hands out powers of two at multiples of themselves, cut
 *    from the shortest free block that is large enough. Count in those sizes:
 *    M is at most twice as large, m and n are powers of two, and a block is
 *    split if a part of it is out. Let S(j) be the most bytes there ever were
 *    in split blocks of 2^j bytes. One more is split for a request of 2^i, i <
 *    j, when no block of 2^i to 2^(j - 1) is free. Then both halves of each
 *    split block are out or split, and so on down to those of 2^i. Hence
 *        S(j) <= M - 2^i + S(i) + 2^j, and S(log2(m)) is 0,
 *    which gives S(j) <= M * (j - log2(m)) + 2^j - m. When a request of 2^i
 *    fails, all memory is out in blocks of at least 2^i or in split blocks of
 *    2^i: M - 2^i + S(i), less than M * (1 + log2(n / m)). Both ends of the
 *    memory may be no multiple of n; what lies there is not counted: 2 * n
 *    more.
 */
#include <mn/strategy.h>

#include "base/bits.h"
#include "base/text.h"

struct required {
    size_t live;
    size_t largest;
    size_t smallest;
};

typedef size_t (*required_fn)(const struct required *load);

/* The least k with b * 2^k >= a. Requires: a >= b > 0. */
static unsigned required_log(size_t a, size_t b)
{
    size_t ratio = (a - 1) / b; /* the quotient, rounded up, less 1 */

    return ratio == 0 ? 0 : mni_highest_bit(ratio) + 1;
}

/* The least power of two from `size` on, or 0 if it is not a size_t. */
static size_t required_power(size_t size)
{
    unsigned log = required_log(size, 1);

    return log < sizeof(size_t) * 8 ? (size_t)1 << log : 0;
}

/* Bound 1, where a free block of more than `gap` bytes is never missed. */
static size_t required_gaps(const struct required *load, size_t gap)
{
    size_t free_max;
    size_t sum;

    if (!mni_multiply(load->live / load->smallest, gap, &free_max)
        || !mni_add(load->live - load->smallest + 1, free_max, &sum))
        return 0;
    return sum;
}

static size_t required_any(const struct required *load)
{
    return required_gaps(load, load->largest - 1);
}

static size_t required_tlsf(const struct required *load)
{
    size_t gap;

    if (!mni_add(load->largest - 1, load->largest / 16, &gap))
        return 0;
    return required_gaps(load, gap);
}

static size_t required_half_fit(const struct required *load)
{
    size_t power = required_power(load->largest);

    return power == 0 ? 0 : required_gaps(load, power - 1);
}

static size_t required_best_fit(const struct required *load)
{
    size_t any = required_any(load);
    size_t sum;

    return any == 0 || !mni_add(any, load->live, &sum) ? 0 : sum;
}

/* Bound 2, or bound 1 where that is less. */
static size_t required_first_fit(const struct required *load)
{
    size_t any = required_any(load);
    unsigned log = required_log(load->largest, load->smallest);
    size_t sum;

    if (!mni_multiply(load->live, log + (size_t)2, &sum))
        return any;
    return any != 0 && any < sum ? any : sum;
}

/* Bound 3. */
static size_t required_buddy(const struct required *load)
{
    size_t largest = required_power(load->largest);
    size_t smallest = required_power(load->smallest);
    size_t ends;
    size_t sum;

    if (largest == 0 || !mni_multiply(largest, 2, &ends)
        || !mni_multiply(load->live, 2, &sum)
        || !mni_multiply(sum, required_log(largest, smallest) + (size_t)1, &sum)
        || !mni_add(sum, ends, &sum))
        return 0;
    return sum;
}

/* By name: an address would make each program that asks link all of them. */
static const struct {
    const char *name;
    required_fn bound;
} required_bounds[] = {
    {"tlsf", required_tlsf},           {"half_fit", required_half_fit},
    {"best_fit", required_best_fit},   {"worst_fit", required_any},
    {"first_fit", required_first_fit}, {"next_fit", required_any},
    {"buddy", required_buddy},
};

static required_fn required_bound(const struct mn_strategy *strategy)
{
    if (strategy == NULL)
        return NULL;
    if (strategy->propose != NULL) /* a table of the user's own */
        return required_any;
    for (size_t i = 0; i < sizeof required_bounds / sizeof required_bounds[0];
         i++) {
        if (mni_text_same(strategy->name, required_bounds[i].name))
            return required_bounds[i].bound;
    }
    return NULL;
}

size_t mn_region_required(size_t live, size_t largest, size_t smallest,
                          const struct mn_strategy *strategy)
{
    struct required load = {live, largest, smallest};
    required_fn bound = required_bound(strategy);

    if (bound == NULL || smallest == 0 || smallest > largest || largest > live)
        return 0;
    return bound(&load);
}

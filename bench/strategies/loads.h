/* SPDX-License-Identifier: MIT */
/* loads.h -- the sizes that programs by chance ask for, in bytes. */
#ifndef BENCH_LOADS_H
#define BENCH_LOADS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_PHASE = 20000 /* allocations until the sizes change */ };

static uint64_t chance_state;

static uint64_t chance(void)
{
    uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double chance_unit(void)
{
    return (double)(chance() >> 11) / 9007199254740992.0; /* 2^53 */
}

static size_t size_between(double low, double high)
{
    return (size_t)exp(log(low) + (log(high) - log(low)) * chance_unit());
}

static size_t size_log(size_t step)
{
    (void)step;
    return size_between(16, 4096);
}

static size_t size_uniform(size_t step)
{
    (void)step;
    return 16 + (size_t)(chance() % 4081);
}

/* Twice the size is a quarter as likely: Pareto's law, cut off at 64 KiB. */
static size_t size_power(size_t step)
{
    double low = 16;
    double high = 65536;

    (void)step;
    return (size_t)(low / (1 - chance_unit() * (1 - low / high)));
}

/* The messages of a control loop. */
static size_t size_fixed(size_t step)
{
    static const size_t sizes[] = {32, 48, 96, 256, 1024, 1536};

    (void)step;
    return sizes[chance() % (sizeof sizes / sizeof sizes[0])];
}

static size_t size_phases(size_t step)
{
    return step / LOAD_PHASE % 2 == 0 ? size_between(16, 256)
                                      : size_between(512, 4096);
}

static const struct load {
    const char *name;
    size_t (*size)(size_t step);
} loads[] = {{"log 16-4096", size_log},
             {"uniform 16-4096", size_uniform},
             {"power 16-64K", size_power},
             {"six sizes", size_fixed},
             {"phases", size_phases}};
enum { LOADS = sizeof loads / sizeof loads[0] };

#endif

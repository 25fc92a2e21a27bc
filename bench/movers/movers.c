/* SPDX-License-Identifier: MIT */
/* movers.c -- what handles cost, and what compaction gains.
 *
 *   movers count          between the marks of bench/step, to count
 * instructions movers time           nanoseconds for one access, the least of
 * some rounds movers slide [MIB]    a million blocks of mixed sizes fill an
 * arena, every other one is freed, and the rest slides; the rate beside that of
 * memcpy in the same run movers dead SIZE      194 MB in blocks of SIZE bytes
 * on average, of which nine in ten are freed at random: resident memory
 *
 * An access reads one word of a block of 48 bytes. `pin`: by a handle that is
 * pinned for it; `try`: the same, asking first; `pointer`: without any. `few`
 * are 1000 in random order, `many` 200 000. Lines are names and figures between
 * tabs.
 */
#include <mn/move.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../load.h"
#include "../mark.h"

enum {
    MOVERS_COUNT = 1000,
    MOVERS_MANY = 200000,
    MOVERS_BLOCK = 48,
    MOVERS_ROUNDS = 200,
    MOVERS_REPEAT = 20,
    MOVERS_SLIDE = 1000000,  /* blocks */
    MOVERS_DEAD = 194000000, /* bytes */
    MOVERS_MIB = 1 << 20
};

static struct mn_mover mover;
static struct mn_handle *handles;
static void **pointers;
static size_t *sizes;
static size_t access_count;
static volatile uint64_t movers_sum;

static double movers_clock(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void movers_begin(size_t memory_size, size_t count)
{
    struct mn_mover_options options = {.memory_size = memory_size,
                                       .count_max = count};

    load_expect(mn_mover_create(&mover, &options) == MN_OK);
    handles = malloc(count * sizeof *handles);
    sizes = malloc(count * sizeof *sizes);
    pointers = malloc(count * sizeof *pointers);
    load_expect(handles != NULL && sizes != NULL && pointers != NULL);
    /* So that they are resident before anything is measured. */
    memset(handles, 1, count * sizeof *handles);
    memset(sizes, 1, count * sizeof *sizes);
}

/* A block that tells its size at both ends. */
static void movers_new(size_t i, size_t size)
{
    handles[i] = mn_mover_alloc(&mover, size, NULL);
    load_expect(handles[i].bits != 0);
    sizes[i] = size;
    MN_PIN(pin, &mover, handles[i]);
    load_write(pin.at, size);
}

static void movers_expect(size_t i)
{
    MN_PIN(pin, &mover, handles[i]);
    load_expect(load_check(pin.at) == sizes[i]);
}

/* ---- an access ---- */

static void access_pin(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < access_count; i++) {
        struct mn_pin pin = mn_mover_pin(&mover, handles[i]);
        sum += *(const uint64_t *)pin.at;
        mark_use(pin.at);
        mn_unpin(&pin);
    }
    movers_sum = sum;
}

static void access_try(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < access_count; i++) {
        struct mn_pin pin = mn_mover_try_pin(&mover, handles[i]);
        if (pin.entry == NULL)
            continue;
        sum += *(const uint64_t *)pin.at;
        mark_use(pin.at);
        mn_unpin(&pin);
    }
    movers_sum = sum;
}

static void access_pointer(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < access_count; i++) {
        const uint64_t *at = pointers[i];
        sum += *at;
        mark_use(pointers[i]);
    }
    movers_sum = sum;
}

struct access {
    const char *name;
    void (*run)(void);
};
static const struct access accesses[] = {
    {"pin", access_pin}, {"try pin", access_try}, {"pointer", access_pointer}};

static void access_time(const char *name, const char *which, void (*run)(void))
{
    double least = 0;

    for (int round = 0; round < MOVERS_ROUNDS; round++) {
        double before = movers_clock();
        for (int i = 0; i < MOVERS_REPEAT; i++)
            run();
        double each =
            (movers_clock() - before) / MOVERS_REPEAT / (double)access_count;
        if (round == 0 || each < least)
            least = each;
    }
    (void)printf("%s %s\t%.3f\n", name, which, least);
}

static void access_all(bool counts)
{
    uint64_t state = load_seed(1);

    movers_begin(64 * MOVERS_MIB, MOVERS_MANY);
    for (size_t i = 0; i < MOVERS_MANY; i++)
        movers_new(i, MOVERS_BLOCK);
    for (size_t i = MOVERS_MANY; i > 1; i--) {
        size_t at = load_next(&state) % i;
        struct mn_handle handle = handles[at];
        handles[at] = handles[i - 1];
        handles[i - 1] = handle;
    }
    for (size_t i = 0; i < MOVERS_MANY; i++)
        pointers[i] = mn_mover_pin(&mover, handles[i]).at;
    for (size_t k = 0; k < sizeof accesses / sizeof accesses[0]; k++) {
        access_count = MOVERS_COUNT;
        accesses[k].run();
        if (!counts) {
            access_time(accesses[k].name, "few", accesses[k].run);
            access_count = MOVERS_MANY;
            access_time(accesses[k].name, "many", accesses[k].run);
            continue;
        }
        if (accesses[k].run == access_pointer)
            continue;
        mark_begin(accesses[k].name, MOVERS_COUNT);
        accesses[k].run();
        mark_end();
    }
}

/* ---- compaction ---- */

/* Bytes moved, the seconds of the steps that moved some, and the longest step,
 * in nanoseconds. */
static size_t compact(double *seconds, double *longest)
{
    size_t before = mover.moved;
    bool more = true;

    *longest = 0;
    *seconds = 0;
    while (more) {
        size_t moved = mover.moved;
        double from = movers_clock();
        more = mn_mover_step(&mover, NULL, MOVERS_MIB);
        double took = movers_clock() - from;
        *longest = took > *longest ? took : *longest;
        if (mover.moved != moved)
            *seconds += took / 1e9;
    }
    return mover.moved - before;
}

/* Bytes a second of memcpy: all at once, or the blocks that are left, one after
 * the other, to where they would slide. */
static double copy_rate(size_t size, bool blocks)
{
    unsigned char *from = malloc(size);
    unsigned char *to = malloc(size);
    size_t end = 0;

    load_expect(from != NULL && to != NULL);
    memset(from, 1, size);
    memset(to, 2, size);
    double start = movers_clock();
    for (size_t i = 1; i < MOVERS_SLIDE && blocks; i += 2) {
        MN_PIN(pin, &mover, handles[i]);
        memcpy(to + end, pin.at, sizes[i]);
        end += sizes[i];
    }
    if (!blocks) {
        memcpy(to, from, size);
        end = size;
    }
    mark_use(to);
    double rate = (double)end / (movers_clock() - start) * 1e9;
    free(from);
    free(to);
    return rate;
}

static void slide(size_t mib)
{
    uint64_t state = load_seed(2);
    size_t size = mib * MOVERS_MIB;
    size_t most = 2 * size / MOVERS_SLIDE - 48;
    struct mn_mover_stats stats;
    double seconds = 0;
    double longest = 0;

    movers_begin(size, MOVERS_SLIDE);
    for (size_t i = 0; i < MOVERS_SLIDE; i++)
        movers_new(i, load_between(&state, LOAD_LEAST, most));
    for (size_t i = 0; i < MOVERS_SLIDE; i += 2)
        mn_mover_free(&mover, handles[i]);
    double blocks = copy_rate(size, true);
    size_t moved = compact(&seconds, &longest);
    for (size_t i = 1; i < MOVERS_SLIDE; i += 2)
        movers_expect(i);
    mn_mover_read_stats(&mover, &stats);
    double rate = (double)moved / seconds;
    double copy = copy_rate(moved, false);
    (void)printf("moved MiB\t%.1f\n", (double)moved / MOVERS_MIB);
    (void)printf("GB/s\t%.2f\nmemcpy GB/s\t%.2f\n", rate / 1e9, copy / 1e9);
    (void)printf("memcpy of blocks GB/s\t%.2f\n", blocks / 1e9);
    (void)printf("ratio\t%.2f\nratio to blocks\t%.2f\n", rate / copy,
                 rate / blocks);
    (void)printf("extent / live\t%.4f\nlongest step ms\t%.2f\n",
                 (double)stats.size / (double)stats.live_size, longest / 1e6);
}

static size_t resident(void)
{
    unsigned long pages[2] = {0, 0};
    FILE *file = fopen("/proc/self/statm", "r");

    load_expect(file != NULL
                && fscanf(file, "%lu %lu", &pages[0], &pages[1]) == 2);
    (void)fclose(file);
    return pages[1] * (size_t)sysconf(_SC_PAGESIZE);
}

static void dead(size_t average)
{
    uint64_t state = load_seed(3);
    size_t count = MOVERS_DEAD / average;
    double seconds = 0;
    double longest = 0;
    size_t live = 0;

    movers_begin(2 * (size_t)MOVERS_DEAD, count);
    size_t base = resident();
    for (size_t i = 0; i < count; i++)
        movers_new(i,
                   load_between(&state, LOAD_LEAST, 2 * average - LOAD_LEAST));
    size_t full = resident() - base;
    for (size_t i = 0; i < count; i++) {
        if (load_next(&state) % 10 != 0)
            mn_mover_free(&mover, handles[i]);
        else
            live += sizes[i];
    }
    size_t before = resident() - base;
    (void)compact(&seconds, &longest);
    size_t after = resident() - base;
    (void)printf("full MB\t%.1f\nlive MB\t%.1f\n", (double)full / 1e6,
                 (double)live / 1e6);
    (void)printf("before / live\t%.2f\nafter / live\t%.3f\n",
                 (double)before / (double)live, (double)after / (double)live);
    (void)printf("ms\t%.1f\n", seconds * 1e3);
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "";
    size_t number = count > 2 ? strtoul(arguments[2], NULL, 10) : 0;

    if (strcmp(what, "count") == 0 || strcmp(what, "time") == 0)
        access_all(what[0] == 'c');
    else if (strcmp(what, "slide") == 0)
        slide(number != 0 ? number : 1024);
    else if (strcmp(what, "dead") == 0 && number > LOAD_LEAST)
        dead(number);
    else
        return 2;
    return 0;
}

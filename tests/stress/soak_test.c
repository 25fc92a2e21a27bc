/* SPDX-License-Identifier: MIT */
/* Hours in small: threads come, work on a live set that they share, and end,
 * cycle after cycle. Blocks are of all sizes, grow and shrink, and are mostly
 * released by another thread; each is checked before it is released. After each
 * cycle every invariant must hold, and the memory in use must stay in the same
 * proportion to what is live.
 *
 * MNEME_SOAK_SECONDS is how long; `make soak` runs it long. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "test.h"

enum {
    KIB = 1024,
    THREADS = 4,
    PARCELS = 4096,
    STEPS = MN_DEBUG ? 1000 : 20000, /* of a thread in a cycle */
    WARM = 16,                       /* cycles that say what is usual */
    SECONDS = 10,
    DECIMAL = 10
};

/* How much more than the most of the first cycles may be in use at the least of
 * as many later ones. It goes up and down with the sizes that are live. */
static const double slack = 1.03;

struct parcel {
    size_t size;
    unsigned char fill;
};

static struct parcel *parcels[PARCELS];
static unsigned cycle;

static struct parcel *exchange(size_t at, struct parcel *parcel)
{
    return __atomic_exchange_n(&parcels[at], parcel, __ATOMIC_ACQ_REL);
}

static void seal(struct parcel *parcel, size_t size, unsigned char fill)
{
    EXPECT(parcel != NULL);
    memset(parcel, fill, size);
    parcel->size = size;
    parcel->fill = fill;
}

static void examine(const struct parcel *parcel, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)parcel;

    for (size_t i = sizeof *parcel; i < size; i++)
        EXPECT(bytes[i] == parcel->fill);
}

/* Each power of two is as likely as another. */
static size_t draw_size(uint64_t *random, unsigned doublings)
{
    size_t from = sizeof(struct parcel) << test_random(random) % doublings;

    return from + test_random(random) % from;
}

static struct parcel *pack(uint64_t *random, unsigned doublings)
{
    size_t size = draw_size(random, doublings);
    uint64_t choice = test_random(random);
    struct parcel *parcel;

    if (choice % 16 == 0) {
        size_t align = (size_t)16 << choice / 16 % 9;
        parcel = mn_alloc_aligned(size, align);
        EXPECT((uintptr_t)parcel % align == 0);
    } else if (choice % 16 == 1) {
        parcel = mn_alloc_zero(size);
        EXPECT(parcel != NULL && parcel->size == 0);
        examine(parcel, size);
    } else {
        parcel = mn_alloc(size);
    }
    seal(parcel, size, (unsigned char)choice);
    return parcel;
}

static void unpack(struct parcel *parcel)
{
    if (parcel == NULL)
        return;
    examine(parcel, parcel->size);
    if (parcel->fill % 2 == 0)
        mn_free_sized(parcel, parcel->size);
    else
        mn_free(parcel);
}

static struct parcel *repack(uint64_t *random, struct parcel *parcel)
{
    enum { STEPS_OF_GROWTH = 6 };

    for (int i = 0; parcel != NULL && i < STEPS_OF_GROWTH; i++) {
        size_t size = draw_size(random, 12);
        size_t kept = size < parcel->size ? size : parcel->size;
        parcel = mn_realloc(parcel, size);
        EXPECT(parcel != NULL);
        examine(parcel, kept);
        seal(parcel, size, (unsigned char)size);
    }
    return parcel;
}

/* A heap of its own that is destroyed with all that is in it. */
static void camp(uint64_t *random)
{
    struct mn_heap *heap = mn_heap_create(NULL);

    EXPECT(heap != NULL);
    for (int i = 0; i < 64; i++) {
        size_t size = draw_size(random, 8);
        seal(mn_heap_alloc(heap, size), size, (unsigned char)i);
    }
    EXPECT(mn_heap_check(heap));
    mn_heap_destroy(heap);
}

static void *work(void *number)
{
    uint64_t random = cycle * THREADS + (uintptr_t)number;

    for (int i = 0; i < STEPS; i++) {
        uint64_t choice = test_random(&random);
        size_t at = choice / 256 % PARCELS;
        if (choice % 256 < 16)
            unpack(exchange(at, repack(&random, exchange(at, NULL))));
        else if (choice % 256 == 17)
            unpack(pack(&random, 19)); /* up to 8 MiB, for a moment */
        else
            unpack(exchange(at, pack(&random, 12)));
        if (choice >> 32 < UINT32_MAX / 16384)
            camp(&random);
    }
    return NULL;
}

static void run_cycle(void)
{
    pthread_t threads[THREADS];

    cycle++;
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static size_t live_bytes(void)
{
    size_t sum = 0;

    for (size_t i = 0; i < PARCELS; i++)
        sum += parcels[i] == NULL ? 0 : parcels[i]->size;
    return sum;
}

static size_t resident_bytes(void)
{
    unsigned long size = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    EXPECT(file != NULL);
    EXPECT(fscanf(file, "%lu %lu", &size, &resident) == 2);
    EXPECT(fclose(file) == 0);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* What is in use as a multiple of what is live. */
struct footprint {
    double touched;  /* by our own account */
    double resident; /* by the system's, with the program itself */
};

static struct footprint look(void)
{
    struct mn_stats stats;
    size_t sum = 0;

    (void)mn_trim();
    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_stats(&stats));
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        sum += mn_stats_cause(&stats, i);
    EXPECT(sum == stats.committed);
    double live = (double)live_bytes();
    return (struct footprint){(double)(stats.committed - stats.untouched)
                                  / live,
                              (double)resident_bytes() / live};
}

static double more(double a, double b)
{
    return a > b ? a : b;
}

static struct footprint most_of(struct footprint a, struct footprint b)
{
    return (struct footprint){more(a.touched, b.touched),
                              more(a.resident, b.resident)};
}

static struct footprint least_of(struct footprint a, struct footprint b)
{
    return (struct footprint){-more(-a.touched, -b.touched),
                              -more(-a.resident, -b.resident)};
}

static void say(const char *what, struct footprint footprint)
{
    printf("cycle %u, %s: in use %.2f times what is live, resident %.2f\n",
           cycle, what, footprint.touched, footprint.resident);
    (void)fflush(stdout);
}

static void expect_not_grown(struct footprint least, struct footprint usual)
{
    EXPECT(least.touched <= slack * usual.touched);
    /* With a sanitizer its own memory is resident, too. */
    if (!MN_DEBUG)
        EXPECT(least.resident <= slack * usual.resident);
}

static void expect_nothing_out(void)
{
    struct mn_stats stats;

    for (size_t i = 0; i < PARCELS; i++)
        unpack(exchange(i, NULL));
    (void)mn_trim();
    EXPECT(mn_heap_check(NULL));
    EXPECT(mn_stats(&stats));
    EXPECT(stats.block_count == 0 && stats.payload == 0);
}

/* Run WARM cycles; the least and the most that was in use after one. */
static void run_cycles(struct footprint *least, struct footprint *most)
{
    for (int i = 0; i < WARM; i++) {
        run_cycle();
        struct footprint seen = look();
        *least = i == 0 ? seen : least_of(*least, seen);
        *most = i == 0 ? seen : most_of(*most, seen);
    }
}

TEST(what_is_in_use_stays_in_proportion_to_what_is_live)
{
    const char *text = getenv("MNEME_SOAK_SECONDS");
    long seconds = text == NULL ? SECONDS : strtol(text, NULL, DECIMAL);
    time_t end = time(NULL) + seconds;
    struct footprint least;
    struct footprint most;
    struct footprint usual;

    run_cycles(&least, &usual);
    say("at first at most", usual);
    do {
        run_cycles(&least, &most);
        say("at least", least);
        say("at most", most);
        expect_not_grown(least, usual);
    } while (time(NULL) < end);
    expect_nothing_out();
}

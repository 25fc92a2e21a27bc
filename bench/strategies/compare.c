/* SPDX-License-Identifier: MIT */
/* compare.c -- the strategies of tiled regions beside each other.
 *
 *   compare [--steps N] [--seeds N] [--counted N] [--granule N] [--step N]
 *           [--only STRATEGY] [NAME=LIBRARY...]
 *
 * Each line of output is a table's name, then fields, with tabs between;
 * bench/strategies/run makes tables and a picture of them. All but times
 * repeats exactly.
 *
 * `use`: how much of an arena of 1 MiB a program can have out. All that an
 * allocator needs counts: records, index, heads. Before each allocation blocks
 * chosen by chance are released, while the requested bytes with the new ones
 * would exceed a part f of the arena; then the allocation must succeed. The
 * figure is the largest f with which --steps allocations (100 000) all do,
 * found by bisection to 0.0005, the worst of --seeds (8) runs by chance. For
 * sizes of 16 to 4096 bytes, each power of two as likely as another, this
 * gives 81.6 % for TLSF (Conte), 61.0 for o1heap and 82.4 for umm_malloc; for
 * sizes that are all as likely, 86.3, 66.4 and 87.4.
 *
 * `cost`: instructions of --counted allocations and releases (1000), mean and
 * most, in an arena half of which is in use; nanoseconds of many, with the
 * choice of sizes around them, the best of five rounds.
 *
 * `attack`: the least memory in which a program of tests/adversary.h gets all
 * it asks for, as a multiple of what it holds, and the bound that
 * mn_region_required tells. `series`: how memory scatters while half of it is
 * in use and the sizes change every 20 000 allocations.
 *
 * A LIBRARY is one that defines bench_begin(arena, size), bench_alloc(size)
 * and bench_free(block), in terms of any other allocator.
 */
#include <mn/strategy.h>

#include "../../tests/adversary.h"
#include "loads.h"
#include "stepping.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ARENA = 1 << 20,
    BLOCKS = 1 << 16,   /* at most so many are out */
    RECORDS = 8192,     /* more than any load needs */
    ATTACK_LARGEST = 64 /* granules */
};

/* ---- what is compared ---- */

struct subject {
    const char *name;
    const struct mn_strategy *strategy; /* NULL: the functions of a library */
    void (*begin)(void *arena, size_t size);
    void *(*alloc)(size_t size);
    void (*free)(void *block);
    size_t records;
    bool bare; /* control memory does not count */
};

static size_t option_steps = 100000;
static size_t option_seeds = 8;
static size_t option_counted = 1000;
static size_t option_granule = 16;
static size_t option_step = 64;
static const char *option_only;

static _Alignas(4096) unsigned char arena[ARENA];
static struct mn_tiled tiled;
static void *control;

static _Noreturn void fail(const char *what, const char *name)
{
    (void)fprintf(stderr, "compare: %s: %s\n", name, what);
    exit(2);
}

/* A fresh region of `memory_size` bytes and its control memory. The bytes of
 * the latter. */
static size_t subject_cover(const struct subject *subject, void *memory,
                            size_t memory_size)
{
    struct mn_tiled_place place = {.memory = memory,
                                   .memory_size = memory_size,
                                   .granule = option_granule,
                                   .strategy = subject->strategy,
                                   .step = option_step};

    if (mn_tiled_control_size(&place, subject->records) == 0)
        place.step = 1; /* the only one that every strategy takes */
    place.control_size = mn_tiled_control_size(&place, subject->records);
    free(control);
    control = malloc(place.control_size);
    place.control = control;
    if (control == NULL || mn_tiled_init(&tiled, &place) != MN_OK)
        fail("no region", subject->name);
    return place.control_size;
}

/* Begin anew in an arena with everything in it. */
static void subject_begin(const struct subject *subject)
{
    size_t used = 0;

    if (subject->strategy == NULL) {
        subject->begin(arena, ARENA);
        return;
    }
    /* Less memory needs less control memory: two rounds more are enough. */
    for (int round = 0; round < (subject->bare ? 1 : 3); round++) {
        size_t rest = (ARENA - used) / option_granule * option_granule;
        used = subject_cover(subject, arena, rest);
    }
}

static inline void *subject_alloc(const struct subject *subject, size_t size)
{
    return subject->strategy == NULL ? subject->alloc(size)
                                     : mn_region_alloc(&tiled.region, size, 1);
}

static inline void subject_free(const struct subject *subject, void *block)
{
    if (subject->strategy == NULL)
        subject->free(block);
    else
        mn_region_free(&tiled.region, block);
}

struct survey {
    size_t blocks;
    size_t free;
    size_t largest;
};

static bool survey_block(const struct mn_block *block, void *context)
{
    struct survey *survey = context;

    survey->blocks++;
    if (block->state == MN_FREE) {
        survey->free += block->size;
        if (block->size > survey->largest)
            survey->largest = block->size;
    }
    return true;
}

static struct survey survey_region(void)
{
    struct survey survey = {0};

    (void)mn_region_walk(&tiled.region, survey_block, &survey);
    return survey;
}

/* ---- a program by chance ---- */

/* A program that holds `limit` requested bytes at most. */
struct churn {
    const struct subject *subject;
    const struct load *load;
    size_t limit;
    size_t bytes;
    size_t count;
    size_t step;
    struct {
        void *block;
        size_t size;
    } out[BLOCKS];
};

static struct churn churn;

static void churn_begin(const struct subject *subject, const struct load *load,
                        double part, size_t seed)
{
    chance_state = seed * 7919 + 1;
    churn.subject = subject;
    churn.load = load;
    churn.limit = (size_t)(part * (double)ARENA);
    churn.bytes = 0;
    churn.count = 0;
    churn.step = 0;
    subject_begin(subject);
}

/* The place in `out` of a block chosen by chance. */
static size_t churn_choose(void)
{
    return (size_t)(chance() % churn.count);
}

static void churn_forget(size_t i)
{
    churn.bytes -= churn.out[i].size;
    churn.out[i] = churn.out[--churn.count];
}

static void churn_keep(void *block, size_t size)
{
    if (churn.count == BLOCKS)
        fail("too many blocks", churn.load->name);
    churn.out[churn.count].block = block;
    churn.out[churn.count++].size = size;
    churn.bytes += size;
}

/* Make room for the next size, and tell it. */
static size_t churn_next(void)
{
    size_t size = churn.load->size(churn.step++);

    while (churn.count > 0 && churn.bytes + size > churn.limit) {
        size_t i = churn_choose();
        subject_free(churn.subject, churn.out[i].block);
        churn_forget(i);
    }
    return size;
}

static bool churn_step(void)
{
    size_t size = churn_next();
    void *block = subject_alloc(churn.subject, size);

    if (block == NULL)
        return false;
    churn_keep(block, size);
    return true;
}

/* ---- use ---- */

static bool use_lasts(const struct subject *subject, const struct load *load,
                      double part, size_t seed)
{
    churn_begin(subject, load, part, seed);
    while (churn.step < option_steps) {
        if (!churn_step())
            return false;
    }
    return true;
}

static double use_of_seed(const struct subject *subject,
                          const struct load *load, size_t seed)
{
    double low = 0.3;
    double high = 1;

    if (!use_lasts(subject, load, low, seed)) {
        high = low;
        low = 0;
    }
    while (high - low > 0.0005) {
        double middle = (low + high) / 2;
        if (use_lasts(subject, load, middle, seed))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* As many records as a run has blocks in an arena that need not hold them,
 * and a little more. */
static size_t use_records(struct subject *subject, const struct load *load)
{
    size_t most = 0;

    subject->records = RECORDS;
    subject->bare = true;
    churn_begin(subject, load, use_of_seed(subject, load, 1), 1);
    while (churn.step < option_steps && churn_step()) {
        if (churn.step % 256 != 0)
            continue;
        size_t blocks = survey_region().blocks;
        most = blocks > most ? blocks : most;
    }
    subject->bare = false;
    return most + most / 32 + 16;
}

static void print_use(struct subject *subject, const struct load *load)
{
    double worst = 1;
    double sum = 0;

    if (subject->strategy != NULL)
        subject->records = use_records(subject, load);
    for (size_t seed = 1; seed <= option_seeds; seed++) {
        double use = use_of_seed(subject, load, seed);
        worst = use < worst ? use : worst;
        sum += use;
    }
    (void)printf("use\t%s\t%s\t%.1f\t%.1f\t%zu\t%zu\n", load->name,
                 subject->name, 100 * worst, 100 * sum / (double)option_seeds,
                 subject->strategy == NULL ? 0 : subject->records,
                 subject->strategy == NULL ? 0 : ARENA - tiled.size);
}

/* ---- cost ---- */

struct cost {
    size_t count;
    unsigned long sum;
    unsigned long most;
};

static unsigned long cost_base; /* what counting nothing counts */

static void cost_add(struct cost *cost)
{
    unsigned long count = stepping_count - cost_base;

    cost->count++;
    cost->sum += count;
    cost->most = count > cost->most ? count : cost->most;
}

static void cost_begin(void)
{
    stepping_init();
    cost_base = 0;
    stepping_count = 0;
    stepping_on();
    stepping_off();
    cost_base = stepping_count;
}

/* One allocation counted, and one release. */
static void cost_step(struct cost *alloc, struct cost *release)
{
    size_t size = churn_next();

    stepping_count = 0;
    stepping_on();
    void *block = subject_alloc(churn.subject, size);
    stepping_off();
    cost_add(alloc);
    if (block != NULL)
        churn_keep(block, size);
    size_t i = churn_choose();
    stepping_count = 0;
    stepping_on();
    subject_free(churn.subject, churn.out[i].block);
    stepping_off();
    cost_add(release);
    churn_forget(i);
}

/* Nanoseconds for an allocation and a release, with the loop around them. */
static double cost_time(const struct subject *subject)
{
    struct timespec from;
    struct timespec to;
    double best = 0;

    for (int round = 0; round < 5; round++) {
        churn_begin(subject, &loads[0], 0.5, 1);
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        while (churn.step < option_steps && churn_step())
            ;
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        double time = (double)(to.tv_sec - from.tv_sec) * 1e9
                      + (double)(to.tv_nsec - from.tv_nsec);
        time /= (double)churn.step;
        best = best == 0 || time < best ? time : best;
    }
    return best;
}

static void print_cost(struct subject *subject)
{
    struct cost alloc = {0};
    struct cost release = {0};

    subject->records = RECORDS;
    double time = cost_time(subject);
    if (!stepping_works()) {
        (void)printf("cost\t%s\t\t\t\t\t%.0f\n", subject->name, time);
        return;
    }
    /* Beyond the first fill, where nothing is scattered yet. */
    churn_begin(subject, &loads[0], 0.5, 1);
    while (churn.step < option_steps / 5 && churn_step())
        ;
    while (alloc.count < option_counted)
        cost_step(&alloc, &release);
    (void)printf("cost\t%s\t%.1f\t%lu\t%.1f\t%lu\t%.0f\n", subject->name,
                 (double)alloc.sum / (double)alloc.count, alloc.most,
                 (double)release.sum / (double)release.count, release.most,
                 time);
}

/* ---- how memory scatters over time ---- */

static void print_series(struct subject *subject)
{
    size_t failed = 0;

    subject->records = RECORDS;
    churn_begin(subject, &loads[LOADS - 1], 0.5, 1);
    while (churn.step < 4 * LOAD_PHASE) {
        failed += churn_step() ? 0 : 1;
        if (churn.step % (LOAD_PHASE / 50) != 0)
            continue;
        struct survey survey = survey_region();
        (void)printf("series\t%s\t%zu\t%zu\t%zu\t%zu\t%zu\n", subject->name,
                     churn.step, survey.largest, survey.free, survey.blocks,
                     failed);
    }
}

/* ---- programs that scatter it on purpose ---- */

static const struct {
    const char *name;
    bool (*run)(struct adversary *them, size_t smallest, size_t largest);
} attacks[] = {{"doubling", adversary_robson},
               {"rising", adversary_rising},
               {"scatter", adversary_scatter}};

/* Whether the program gets all that it asks for in so many granules. */
static bool attack_lasts(const struct subject *subject, size_t attack,
                         size_t granules)
{
    static struct adversary them;
    unsigned char *memory = (unsigned char *)(uintptr_t)(1 << 30);

    (void)subject_cover(subject, memory, granules * option_granule);
    them = (struct adversary){.region = &tiled.region,
                              .memory = memory,
                              .granule = option_granule,
                              .live_max = ADVERSARY_MAX};
    return attacks[attack].run(&them, 1, ATTACK_LARGEST);
}

/* The memory that each program needs, as a multiple of what it has out. */
static void print_attacks(struct subject *subject)
{
    size_t live = ADVERSARY_MAX * option_granule;
    size_t bound = mn_region_required(live, ATTACK_LARGEST * option_granule,
                                      option_granule, subject->strategy);

    if (bound == 0)
        fail("no bound", subject->name);
    bound = (bound + option_granule - 1) / option_granule;
    subject->records = 2 * ADVERSARY_MAX + 1;
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        size_t low = ADVERSARY_MAX - 1;
        size_t high = bound;
        if (!attack_lasts(subject, i, bound))
            fail("the bound is wrong", subject->name);
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (attack_lasts(subject, i, middle))
                high = middle;
            else
                low = middle;
        }
        (void)printf("attack\t%s\t%s\t%.2f\t%.2f\n", attacks[i].name,
                     subject->name, (double)high / (double)ADVERSARY_MAX,
                     (double)bound / (double)ADVERSARY_MAX);
    }
}

/* ---- all ---- */

static void subject_load(struct subject *subject, char *argument)
{
    char *path = strchr(argument, '=');

    if (path == NULL)
        fail("not NAME=LIBRARY", argument);
    *path++ = '\0';
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail(dlerror(), argument);
    *subject = (struct subject){.name = argument};
    *(void **)&subject->begin = dlsym(library, "bench_begin");
    *(void **)&subject->alloc = dlsym(library, "bench_alloc");
    *(void **)&subject->free = dlsym(library, "bench_free");
    if (subject->begin == NULL || subject->alloc == NULL
        || subject->free == NULL)
        fail("lacks bench_begin, bench_alloc or bench_free", argument);
}

/* True if the argument was one, with its value. */
static bool option_read(const char *name, const char *value)
{
    static const struct {
        const char *name;
        size_t *value;
    } options[] = {{"--steps", &option_steps},
                   {"--seeds", &option_seeds},
                   {"--counted", &option_counted},
                   {"--granule", &option_granule},
                   {"--step", &option_step}};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(name, options[i].name) == 0 && value != NULL) {
            *options[i].value = strtoul(value, NULL, 10);
            return true;
        }
    }
    if (strcmp(name, "--only") != 0)
        return false;
    option_only = value;
    return value != NULL;
}

static void print_all(struct subject *subject)
{
    print_cost(subject);
    if (subject->strategy != NULL) {
        print_attacks(subject);
        print_series(subject);
    }
    for (size_t load = 0; load < LOADS; load++)
        print_use(subject, &loads[load]);
    (void)fflush(stdout);
}

int main(int count, char **arguments)
{
    struct subject subject;
    int next = 1;

    while (next < count && option_read(arguments[next], arguments[next + 1]))
        next += 2;
    cost_begin();
    for (size_t i = 0; mn_strategy_at(i) != NULL; i++) {
        subject = (struct subject){.strategy = mn_strategy_at(i),
                                   .name = mn_strategy_at(i)->name};
        if (option_only == NULL || strcmp(subject.name, option_only) == 0)
            print_all(&subject);
    }
    for (; next < count; next++) {
        subject_load(&subject, arguments[next]);
        print_all(&subject);
    }
    return 0;
}

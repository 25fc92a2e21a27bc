/* SPDX-License-Identifier: MIT */
/* pools.c -- what an object of a pool costs, beside malloc and other pools.
 *
 *   pools NAME count      between the marks of bench/step, to count
 * instructions pools NAME time       nanoseconds of each pattern, the least of
 * some rounds pools                 the names
 *
 * Each allocator is compiled into the same patterns, so what is in a header is
 * inlined as in a program. An object has 48 bytes and is written to once.
 * `pair`: one object at a time. `batch`: 1000 objects, released in the order
 * they came. `random`: one of 10 000 objects, chosen at random, is replaced; 8
 * or so of its instructions choose. The loop is counted with the rest.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mn/class_pool.h>
#include <obstack.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../mark.h"

enum {
    POOLS_SIZE = 48,
    POOLS_COUNT = 1000, /* operations of a pattern */
    POOLS_WINDOW = 10000,
    POOLS_WARM = 3,
    POOLS_ROUNDS = 60,
    POOLS_REPEAT = 100 /* of a pattern, in a round that is timed */
};

MN_TYPE_DECLARE(item);
struct item {
    unsigned char bytes[POOLS_SIZE];
};
MN_TYPE(item, .drop = NULL);
MN_POOL(item);

static struct item_pool pools_fixed;
static struct item_pool pools_growing;
static struct mn_class_pool pools_classes;
static struct obstack pools_obstack;
static unsigned char pools_memory[1 << 20];
static void *pools_blocks[POOLS_WINDOW];
static uint64_t pools_state = UINT64_C(88172645463325252);

static void *(*pools_slice_alloc)(size_t size);
static void (*pools_slice_free)(size_t size, void *block);

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

/* ---- a region over malloc, for pools that grow ---- */

static void *pools_region_alloc(struct mn_region *region, size_t size,
                                size_t align)
{
    (void)region;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void pools_region_free(struct mn_region *region, void *block)
{
    (void)region;
    free(block);
}

static const struct mn_region_ops pools_region_ops = {
    .name = "malloc",
    .alloc = pools_region_alloc,
    .free = pools_region_free,
};
static struct mn_region pools_region = {&pools_region_ops};

/* ---- the least that a pool can be: a list inside the free objects, and no
 * check of anything ---- */

struct pools_free {
    struct pools_free *next;
};
static struct pools_free *pools_list;

static inline void *pools_hand_alloc(void)
{
    struct pools_free *object = pools_list;

    if (object == NULL)
        return malloc(POOLS_SIZE);
    pools_list = object->next;
    return object;
}

static inline void pools_hand_free(void *block)
{
    struct pools_free *object = block;

    object->next = pools_list;
    pools_list = object;
}

static void pools_init(void)
{
    struct mn_pool_options fixed = {.memory = pools_memory,
                                    .memory_size = sizeof pools_memory};
    struct mn_pool_options growing = {.region = &pools_region};
    struct mn_class_pool_options classes = {.region = &pools_region};
    void *glib = dlopen("libglib-2.0.so.0", RTLD_NOW);

    if (item_pool_init(&pools_fixed, &fixed) != MN_OK
        || item_pool_init(&pools_growing, &growing) != MN_OK
        || mn_class_pool_init(&pools_classes, &classes) != MN_OK)
        abort();
    obstack_init(&pools_obstack);
    if (glib == NULL)
        return;
    pools_slice_alloc = (void *(*)(size_t))dlsym(glib, "g_slice_alloc");
    pools_slice_free = (void (*)(size_t, void *))dlsym(glib, "g_slice_free1");
}

static inline uint32_t pools_next(void)
{
    uint64_t x = pools_state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    pools_state = x;
    return (uint32_t)(x >> 32);
}

/* ---- the patterns, once for each allocator ---- */

static inline void *pools_written(void *object)
{
    *(volatile unsigned char *)object = 1;
    return object;
}

#define POOLS_KIND(name, alloc, release)                                       \
    static void name##_pair(void)                                              \
    {                                                                          \
        for (int i = 0; i < POOLS_COUNT; i++) {                                \
            void *object = pools_written(alloc);                               \
            mark_use(object);                                                  \
            release;                                                           \
        }                                                                      \
    }                                                                          \
    static void name##_batch(void)                                             \
    {                                                                          \
        for (int i = 0; i < POOLS_COUNT; i++)                                  \
            pools_blocks[i] = pools_written(alloc);                            \
        for (int i = 0; i < POOLS_COUNT; i++) {                                \
            void *object = pools_blocks[i];                                    \
            release;                                                           \
        }                                                                      \
    }                                                                          \
    static void name##_fill(void)                                              \
    {                                                                          \
        for (int i = 0; i < POOLS_WINDOW; i++)                                 \
            pools_blocks[i] = pools_written(alloc);                            \
    }                                                                          \
    static void name##_random(void)                                            \
    {                                                                          \
        for (int i = 0; i < POOLS_COUNT; i++) {                                \
            uint32_t at = pools_next() % POOLS_WINDOW;                         \
            void *object = pools_blocks[at];                                   \
            release;                                                           \
            pools_blocks[at] = pools_written(alloc);                           \
        }                                                                      \
    }

/* clang-format off */
POOLS_KIND(fixed, item_pool_alloc(&pools_fixed),
           item_pool_release(&pools_fixed, object))
POOLS_KIND(growing, item_pool_alloc(&pools_growing),
           item_pool_release(&pools_growing, object))
POOLS_KIND(untyped, mn_pool_alloc(&pools_fixed.pool),
           mn_pool_release(&pools_fixed.pool, object))
POOLS_KIND(sized, mn_class_pool_alloc(&pools_classes, POOLS_SIZE),
           mn_class_pool_release(&pools_classes, object, POOLS_SIZE))
POOLS_KIND(unsized, mn_class_pool_alloc(&pools_classes, POOLS_SIZE),
           mn_class_pool_release_any(&pools_classes, object))
POOLS_KIND(by_hand, pools_hand_alloc(), pools_hand_free(object))
POOLS_KIND(malloc, malloc(POOLS_SIZE), free(object))
POOLS_KIND(slice, pools_slice_alloc(POOLS_SIZE),
           pools_slice_free(POOLS_SIZE, object))
/* clang-format on */

/* An obstack releases an object with all that came after it. */
static void obstack_pair(void)
{
    for (int i = 0; i < POOLS_COUNT; i++) {
        void *object = pools_written(obstack_alloc(&pools_obstack, POOLS_SIZE));
        mark_use(object);
        obstack_free(&pools_obstack, object);
    }
}

static void obstack_batch(void)
{
    for (int i = 0; i < POOLS_COUNT; i++)
        pools_blocks[i] =
            pools_written(obstack_alloc(&pools_obstack, POOLS_SIZE));
    obstack_free(&pools_obstack, pools_blocks[0]);
}

struct pools_kind {
    const char *name;
    void (*pair)(void);
    void (*batch)(void);
    void (*fill)(void); /* NULL: an object cannot be released alone */
    void (*random)(void);
};

#define POOLS_ROW(name)                                                        \
    {                                                                          \
#name, name##_pair, name##_batch, name##_fill, name##_random           \
    }

static const struct pools_kind pools_kinds[] = {
    POOLS_ROW(fixed),
    POOLS_ROW(growing),
    POOLS_ROW(untyped),
    POOLS_ROW(sized),
    POOLS_ROW(unsized),
    POOLS_ROW(by_hand),
    POOLS_ROW(malloc),
    POOLS_ROW(slice),
    {"obstack", obstack_pair, obstack_batch, NULL, NULL},
};

static double pools_clock(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void pools_count(const char *name, void (*run)(void))
{
    for (int i = 0; i < POOLS_WARM; i++)
        run();
    mark_begin(name, POOLS_COUNT);
    run();
    mark_end();
}

static void pools_time(const char *name, void (*run)(void))
{
    double least = 0;

    for (int round = 0; round < POOLS_ROUNDS; round++) {
        double before = pools_clock();
        for (int i = 0; i < POOLS_REPEAT; i++)
            run();
        double each = (pools_clock() - before) / POOLS_REPEAT / POOLS_COUNT;
        if (round == 0 || each < least)
            least = each;
    }
    (void)printf("%s\t%.3f\n", name, least);
}

static int pools_run(const struct pools_kind *kind,
                     void (*measure)(const char *, void (*)(void)))
{
    if (strcmp(kind->name, "slice") == 0 && pools_slice_alloc == NULL)
        return 0;
    measure("pair", kind->pair);
    measure("batch", kind->batch);
    if (kind->fill == NULL)
        return 0;
    kind->fill();
    measure("random", kind->random);
    return 0;
}

int main(int count, char **arguments)
{
    const size_t kinds = sizeof pools_kinds / sizeof pools_kinds[0];

    pools_init();
    for (size_t i = 0; i < kinds && count == 1; i++)
        (void)puts(pools_kinds[i].name);
    for (size_t i = 0; i < kinds && count == 3; i++)
        if (strcmp(arguments[1], pools_kinds[i].name) == 0)
            return pools_run(&pools_kinds[i],
                             arguments[2][0] == 't' ? pools_time : pools_count);
    return count == 1 ? 0 : 2;
}

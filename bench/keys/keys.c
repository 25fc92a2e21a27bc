/* SPDX-License-Identifier: MIT */
/* keys.c -- what it costs to get at an object by a key.
 *
 *   keys NAME count   between the marks of bench/step, to count instructions
 *   keys NAME time    nanoseconds of each pattern, the least of some rounds
 *   keys              the names
 *
 * Each form is compiled into the same patterns. An object has 48 bytes, and one
 * word of it is added up. `few`: 1000 objects in an order chosen at random.
 * `many`: the same of 200 000, which no cache beside the processor holds.
 * `chain`: each object names the next one, so that each access waits for the
 * one before. `pair`: one object made and removed. The loop is counted with the
 * rest.
 */
#define _GNU_SOURCE
#include <mn/mn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../mark.h"

enum {
    KEYS_COUNT = 1000, /* operations of a pattern */
    KEYS_MANY = 200000,
    KEYS_WARM = 3,
    KEYS_ROUNDS = 60,
    KEYS_REPEAT = 200 /* of a pattern, in a round that is timed */
};

MN_TYPE_DECLARE(item);
struct item {
    uint64_t value;
    uint64_t next; /* a key, an index, or an address */
    uint64_t rest[4];
};
MN_TYPE(item, .drop = NULL);
MN_KEY(item);
MN_KEYS(item);
MN_POOL(item);

/* By hand: the number of the object, and below it what its last removal made
 * of a counter beside it. No test of the number, nothing that retires. */
struct keys_hand {
    struct item item;
    uint64_t use;
};

static struct item_keys keys_growing;
static struct item_keys keys_fixed;
static struct item_pool keys_pool;
static struct item *keys_array;
static struct keys_hand *keys_hands;
static uint32_t keys_hand_free[KEYS_MANY];
static uint32_t keys_hand_count;
static unsigned char keys_memory[KEYS_MANY * 64];
static uint64_t keys_few[KEYS_COUNT];
static uint64_t keys_many[KEYS_MANY];
static size_t keys_at;
static uint64_t keys_start;
static volatile uint64_t keys_sum;

static void *keys_region_alloc(struct mn_region *region, size_t size,
                               size_t align)
{
    (void)region;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void keys_region_free(struct mn_region *region, void *block)
{
    (void)region;
    free(block);
}

static const struct mn_region_ops keys_region_ops = {
    .name = "malloc",
    .alloc = keys_region_alloc,
    .free = keys_region_free,
};
static struct mn_region keys_region = {&keys_region_ops};

/* ---- the forms: a word for object `i`, and the object of a word ---- */

static uint64_t keys_make(struct item_keys *keys)
{
    struct item_key key;

    if (item_keys_alloc(keys, &key) == NULL)
        abort();
    return key.key.bits;
}

static inline struct item *keys_get(const struct item_keys *keys, uint64_t word)
{
    return item_keys_get(keys, (struct item_key){{word}});
}

static inline struct item *keys_expect(uint64_t word)
{
    return item_keys_expect(&keys_growing, (struct item_key){{word}});
}

static uint64_t keys_hand_make(uint64_t i)
{
    keys_hands[i].use = 1;
    return UINT64_C(1) << 32 | i;
}

static inline struct item *keys_hand_get(uint64_t word)
{
    struct keys_hand *hand = &keys_hands[(uint32_t)word];

    return hand->use == word >> 32 ? &hand->item : NULL;
}

static void keys_pair_growing(void)
{
    struct item_key key;
    struct item *item = item_keys_alloc(&keys_growing, &key);

    mark_use(item);
    (void)item_keys_remove(&keys_growing, key);
}

static void keys_pair_fixed(void)
{
    struct item_key key;
    struct item *item = item_keys_alloc(&keys_fixed, &key);

    mark_use(item);
    (void)item_keys_remove(&keys_fixed, key);
}

static void keys_pair_pointer(void)
{
    struct item *item = item_pool_alloc(&keys_pool);

    mark_use(item);
    item_pool_release(&keys_pool, item);
}

static void keys_pair_index(void)
{
    void *item = malloc(sizeof(struct item));

    mark_use(item);
    free(item);
}

static void keys_pair_hand(void)
{
    uint32_t index = keys_hand_free[--keys_hand_count];

    mark_use(&keys_hands[index]);
    keys_hands[index].use++;
    keys_hand_free[keys_hand_count++] = index;
}

/* ---- the patterns, once for each form ---- */

#define KEYS_KIND(name, make, get, pair_)                                      \
    static uint64_t name##_make(uint64_t i)                                    \
    {                                                                          \
        (void)i;                                                               \
        return make;                                                           \
    }                                                                          \
    static struct item *name##_get(uint64_t word)                              \
    {                                                                          \
        return get;                                                            \
    }                                                                          \
    static void name##_few(void)                                               \
    {                                                                          \
        uint64_t sum = 0;                                                      \
        for (size_t i = 0; i < KEYS_COUNT; i++) {                              \
            uint64_t word = keys_few[i];                                       \
            const struct item *item = get;                                     \
            if (item != NULL)                                                  \
                sum += item->value;                                            \
        }                                                                      \
        keys_sum = sum;                                                        \
    }                                                                          \
    static void name##_many(void)                                              \
    {                                                                          \
        uint64_t sum = 0;                                                      \
        keys_at = keys_at + KEYS_COUNT < KEYS_MANY ? keys_at + KEYS_COUNT : 0; \
        for (size_t i = 0; i < KEYS_COUNT; i++) {                              \
            uint64_t word = keys_many[keys_at + i];                            \
            const struct item *item = get;                                     \
            if (item != NULL)                                                  \
                sum += item->value;                                            \
        }                                                                      \
        keys_sum = sum;                                                        \
    }                                                                          \
    static void name##_chain(void)                                             \
    {                                                                          \
        uint64_t word = keys_start;                                            \
        for (size_t i = 0; i < KEYS_COUNT; i++) {                              \
            const struct item *item = get;                                     \
            if (item == NULL)                                                  \
                abort();                                                       \
            word = item->next;                                                 \
        }                                                                      \
        keys_start = word;                                                     \
    }                                                                          \
    static void name##_pair(void)                                              \
    {                                                                          \
        for (size_t i = 0; i < KEYS_COUNT; i++)                                \
            pair_();                                                           \
    }

/* clang-format off */
KEYS_KIND(key, keys_make(&keys_growing), keys_get(&keys_growing, word),
          keys_pair_growing)
KEYS_KIND(fixed, keys_make(&keys_fixed), keys_get(&keys_fixed, word),
          keys_pair_fixed)
KEYS_KIND(expect, keys_make(&keys_growing), keys_expect(word),
          keys_pair_growing)
KEYS_KIND(by_hand, keys_hand_make(i), keys_hand_get(word), keys_pair_hand)
KEYS_KIND(index, i, &keys_array[word], keys_pair_index)
KEYS_KIND(pointer, (uint64_t)(uintptr_t)&keys_array[i],
          (struct item *)(uintptr_t)word, keys_pair_pointer)
/* clang-format on */

struct keys_kind {
    const char *name;
    uint64_t (*make)(uint64_t i);
    struct item *(*get)(uint64_t word);
    void (*few)(void);
    void (*many)(void);
    void (*chain)(void);
    void (*pair)(void);
};

#define KEYS_ROW(name)                                                         \
    {                                                                          \
#name, name##_make, name##_get, name##_few, name##_many, name##_chain, \
            name##_pair                                                        \
    }

static const struct keys_kind keys_kinds[] = {
    KEYS_ROW(key),     KEYS_ROW(fixed), KEYS_ROW(expect),
    KEYS_ROW(by_hand), KEYS_ROW(index), KEYS_ROW(pointer),
};

static void keys_mix(uint64_t *words, size_t count)
{
    uint64_t x = UINT64_C(88172645463325252);

    for (size_t i = count - 1; i > 0; i--) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        size_t j = x % (i + 1);
        uint64_t word = words[i];
        words[i] = words[j];
        words[j] = word;
    }
}

static void keys_init(const struct keys_kind *kind)
{
    keys_array = calloc(KEYS_MANY, sizeof *keys_array);
    keys_hands = calloc(KEYS_MANY, sizeof *keys_hands);
    if (keys_array == NULL || keys_hands == NULL
        || item_keys_init(&keys_growing,
                          &(struct mn_keys_options){.region = &keys_region})
               != MN_OK
        || item_keys_init(
               &keys_fixed,
               &(struct mn_keys_options){.memory = keys_memory,
                                         .memory_size = sizeof keys_memory})
               != MN_OK
        || item_pool_init(&keys_pool,
                          &(struct mn_pool_options){.region = &keys_region})
               != MN_OK)
        abort();
    for (uint32_t i = 0; i < KEYS_MANY; i++) {
        keys_hand_free[keys_hand_count++] = i;
        keys_many[i] = kind->make(i);
        kind->get(keys_many[i])->value = i;
    }
    memcpy(keys_few, keys_many, sizeof keys_few);
    keys_mix(keys_few, KEYS_COUNT);
    keys_mix(keys_many, KEYS_MANY);
    for (size_t i = 0; i < KEYS_COUNT; i++)
        kind->get(keys_few[i])->next = keys_few[(i + 1) % KEYS_COUNT];
    keys_start = keys_few[0];
}

static double keys_clock(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void keys_counted(const char *name, void (*run)(void))
{
    for (int i = 0; i < KEYS_WARM; i++)
        run();
    mark_begin(name, KEYS_COUNT);
    run();
    mark_end();
}

static void keys_timed(const char *name, void (*run)(void))
{
    double least = 0;

    for (int round = 0; round < KEYS_ROUNDS; round++) {
        double before = keys_clock();
        for (int i = 0; i < KEYS_REPEAT; i++)
            run();
        double each = (keys_clock() - before) / KEYS_REPEAT / KEYS_COUNT;
        if (round == 0 || each < least)
            least = each;
    }
    (void)printf("%s\t%.3f\n", name, least);
}

int main(int count, char **arguments)
{
    const size_t kinds = sizeof keys_kinds / sizeof keys_kinds[0];

    for (size_t i = 0; i < kinds && count == 1; i++)
        (void)puts(keys_kinds[i].name);
    for (size_t i = 0; i < kinds && count == 3; i++) {
        const struct keys_kind *kind = &keys_kinds[i];
        if (strcmp(arguments[1], kind->name) != 0)
            continue;
        void (*measure)(const char *, void (*)(void)) =
            arguments[2][0] == 't' ? keys_timed : keys_counted;
        keys_init(kind);
        measure("few", kind->few);
        measure("many", kind->many);
        measure("chain", kind->chain);
        measure("pair", kind->pair);
        return 0;
    }
    return count == 1 ? 0 : 2;
}

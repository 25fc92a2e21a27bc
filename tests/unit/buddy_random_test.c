/* SPDX-License-Identifier: MIT */
/* Tests of the buddy system: every state that small regions can get into, then
 * seeded random runs. */
#include "buddy_model.h"

#include <sys/mman.h>

/* ---- every state that small regions can get into ---- */

enum {
    EVERY_COUNT = MN_DEBUG ? 5 : 8, /* granules */
    EVERY_NUMBER = 8,
    EVERY_ROOM = 1 << 14, /* states: more than there are */
    EVERY_BYTES = 128
};

struct every {
    unsigned char control[EVERY_BYTES];
    uint32_t owner[EVERY_COUNT];
};

static struct every every[EVERY_ROOM];
static uint32_t every_at[2 * EVERY_ROOM]; /* 1 + the state, by its hash */
static uint32_t every_count;

/* Overwrite what has no meaning: it makes no two states different, and an
 * operation that believed it would be seen. */
static void every_spoil(void)
{
    for (size_t i = 0; i < control_size; i++) {
        if (is_stale(i))
            control[i] = 0xff;
    }
}

static void every_load(uint32_t state)
{
    memcpy(control, every[state].control, control_size);
    memcpy(model.owner, every[state].owner, sizeof every[state].owner);
}

/* Note the state that region and model are in, unless it is known. */
static void every_note(void)
{
    uint64_t hash = 0;
    struct every *found;

    expect_same();
    every_spoil();
    for (size_t i = 0; i < control_size; i++)
        hash = (hash ^ control[i]) * UINT64_C(0x100000001b3);
    for (hash ^= hash >> 32;; hash++) {
        uint32_t *at = &every_at[hash % (2 * EVERY_ROOM)];
        if (*at == 0) {
            EXPECT(every_count < EVERY_ROOM);
            *at = every_count + 1;
            break;
        }
        found = &every[*at - 1];
        if (memcmp(found->control, control, control_size) == 0) {
            EXPECT(memcmp(found->owner, model.owner, sizeof found->owner) == 0);
            return;
        }
    }
    found = &every[every_count++];
    memcpy(found->control, control, control_size);
    memcpy(found->owner, model.owner, sizeof found->owner);
    expect_told_everywhere();
}

/* What any one operation makes of a state. */
static void every_step(uint32_t state)
{
    for (uint32_t n = 1; n <= model.count + 1; n++) {
        every_load(state);
        step_alloc(n * GRANULE, 1);
        every_note();
        every_load(state);
        step_alloc(1, (size_t)GRANULE << (n - 1));
        every_note();
    }
    for (uint32_t i = 0; i < model.count; i++) {
        every_load(state);
        if (model.owner[i] != i + 1)
            continue;
        step_free(i);
        every_note();
        for (uint32_t n = 1; n <= model.count; n++) {
            every_load(state);
            step_resize(i, n * GRANULE);
            every_note();
        }
    }
}

TEST(every_sequence_of_operations_keeps_every_promise)
{
    uint64_t sum = 0;

    for (uint64_t number = 8; number < 8 + EVERY_NUMBER; number++) {
        for (uint32_t count = 1; count <= EVERY_COUNT; count++) {
            memset(every_at, 0, sizeof every_at);
            every_count = 0;
            setup(number, count);
            EXPECT(control_size <= EVERY_BYTES);
            every_note();
            for (uint32_t state = 0; state < every_count; state++)
                every_step(state);
            sum += every_count;
        }
    }
    EXPECT(sum > 1000);
}

/* ---- random runs ---- */

enum { STEPS = MN_DEBUG ? 20000 : 400000, STEPS_WIDE = MN_DEBUG ? 200 : 1500 };

static void random_step(uint64_t *random, unsigned order_max)
{
    uint32_t granule = (uint32_t)(test_random(random) % model.count);
    size_t limit = model.granule << test_random(random) % (order_max + 1);
    size_t size = 1 + (size_t)(test_random(random) % limit);
    uint32_t owner = model.owner[granule];

    if (owner == 0 || test_random(random) % 4 == 0)
        step_alloc(size, test_random(random) % 4 == 0
                             ? (size_t)1 << test_random(random) % 10
                             : 1);
    else if (test_random(random) % 3 == 0)
        step_resize(owner - 1, size);
    else
        step_free(owner - 1);
}

static void random_run(uint64_t random)
{
    for (int step = 0; step < STEPS; step++) {
        random_step(&random, 6);
        expect_same();
        expect_told((uint32_t)(test_random(&random) % model.count),
                    (size_t)(test_random(&random) % model.granule));
        if (step % 1024 == 0)
            expect_told_everywhere();
    }
}

TEST(random_run_agrees_with_model)
{
    setup(0x1000, 64);
    random_run(20240229);
}

TEST(random_run_agrees_with_model_at_an_odd_place)
{
    setup_at((void *)(uintptr_t)(8 * 1013), 113, 8);
    random_run(11);
}

TEST(random_run_agrees_with_model_where_granule_numbers_wrap)
{
    setup((UINT64_C(1) << 32) - 37, 100);
    random_run(32);
}

TEST(random_run_agrees_with_model_with_wide_links)
{
    uint64_t random = 16;

    setup(7777777, COUNT_MAX);
    EXPECT(control_size == (size_t)9 * COUNT_MAX + 144);
    for (int step = 0; step < STEPS_WIDE; step++) {
        random_step(&random, 14);
        expect_told((uint32_t)(test_random(&random) % model.count), 3);
        if (step % 64 == 0)
            expect_same();
    }
    expect_same();
}

TEST(the_memory_covered_is_never_read_or_written)
{
    size_t size = 4096;
    void *forbidden = mmap(NULL, size, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint64_t random = 3;

    EXPECT(forbidden != MAP_FAILED);
    setup_at(forbidden, (uint32_t)(size / GRANULE), GRANULE);
    for (int step = 0; step < 2000; step++)
        random_step(&random, 6);
    expect_same();
    EXPECT(munmap(forbidden, size) == 0);
}

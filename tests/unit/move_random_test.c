/* SPDX-License-Identifier: MIT */
/* A mover against the simplest model: an array of what each handle is to hold.
 * Allocate, free, resize, pin, unpin and step in random order, with steps of
 * any bound and by both policies; after each step every byte is compared, and
 * the order of the blocks. */
#include <mn/move.h>
#include <string.h>

#include "test.h"

enum {
    SIZE = 1 << 16,
    COUNT = 200,
    STEPS = 20000,
    LARGEST = 1200,
    CHECK_EVERY = 16
};

struct slot {
    struct mn_handle handle;
    size_t size;
    unsigned char with;
    unsigned pins;
    struct mn_pin pin[4];
};

static _Alignas(16) unsigned char memory[SIZE];
static _Alignas(16) unsigned char control[1 << 18];
static struct mn_mover mover;
static struct slot slot[COUNT];
static struct mn_handle gone[COUNT];
static uint64_t state;

static size_t below(size_t limit)
{
    return (size_t)(test_random(&state) % limit);
}

static size_t random_size(void)
{
    return 1 + below(1 + below(LARGEST));
}

static void fill(struct slot *s)
{
    MN_PIN(pin, &mover, s->handle);
    memset(pin.at, s->with, s->size);
}

static void compare(const struct slot *s)
{
    MN_PIN(pin, &mover, s->handle);
    const unsigned char *at = pin.at;

    EXPECT(mn_mover_size(&mover, s->handle) == s->size);
    for (size_t i = 0; i < s->size; i++)
        EXPECT(at[i] == s->with);
    for (unsigned p = 0; p < s->pins; p++)
        EXPECT(s->pin[p].at == pin.at);
    EXPECT(mn_mover_at(&mover, at + s->size - 1).bits == s->handle.bits);
}

static void compare_all(void)
{
    for (int i = 0; i < COUNT; i++) {
        if (slot[i].handle.bits != 0)
            compare(&slot[i]);
        EXPECT(gone[i].bits == 0 || !mn_mover_has(&mover, gone[i]));
    }
    EXPECT(mn_mover_check(&mover));
}

/* The handles by rising address. */
struct order {
    struct mn_handle at[COUNT];
    size_t count;
};

static bool note_order(const struct mn_mover_block *block, void *context)
{
    struct order *order = context;

    if (block->handle.bits != 0)
        order->at[order->count++] = block->handle;
    return true;
}

static void change(struct slot *s)
{
    if (s->handle.bits == 0) {
        s->size = random_size();
        s->with = (unsigned char)test_random(&state);
        s->handle = mn_mover_alloc(&mover, s->size, NULL);
        if (s->handle.bits != 0)
            fill(s);
    } else if (s->pins == 0 && below(4) != 0) {
        mn_mover_free(&mover, s->handle);
        gone[s - slot] = s->handle;
        s->handle.bits = 0;
    } else {
        size_t size = random_size();
        if (mn_mover_resize(&mover, s->handle, size) == MN_OK) {
            s->size = size;
            fill(s);
        }
    }
}

static void pin_or_unpin(struct slot *s)
{
    if (s->handle.bits == 0)
        return;
    if (s->pins < 4 && below(3) == 0)
        s->pin[s->pins++] = mn_mover_pin(&mover, s->handle);
    else if (s->pins > 0)
        mn_unpin(&s->pin[--s->pins]);
}

static void step(void)
{
    struct mn_move_goal goal = {below(2) != 0 ? MN_MOVE_ALL : MN_MOVE_CHEAPEST,
                                below(2) != 0 ? below(SIZE) : 0,
                                (unsigned)below(1001)};
    size_t bound = 1 + below(1 + below(4 * LARGEST));
    struct order before = {.count = 0};
    struct order after = {.count = 0};
    size_t moved = mover.moved;

    EXPECT(mn_mover_walk(&mover, note_order, &before));
    (void)mn_mover_step(&mover, below(2) != 0 ? &goal : NULL, bound);
    EXPECT(mn_mover_walk(&mover, note_order, &after));
    EXPECT(mover.moved - moved <= bound + MN_MOVER_LOOK + LARGEST + 16);
    EXPECT(before.count == after.count);
    for (size_t i = 0; i < before.count; i++)
        EXPECT(before.at[i].bits == after.at[i].bits);
}

static void run(uint64_t seed, unsigned of_pins)
{
    struct mn_mover_options options = {.memory = memory,
                                       .memory_size = SIZE,
                                       .control = control,
                                       .control_size = sizeof control,
                                       .count_max = COUNT};

    state = seed;
    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
    for (int i = 0; i < STEPS; i++) {
        unsigned what = (unsigned)below(10);
        if (what < 5)
            change(&slot[below(COUNT)]);
        else if (what < 5 + of_pins)
            pin_or_unpin(&slot[below(COUNT)]);
        else
            step();
        if (i % CHECK_EVERY == 0)
            compare_all();
    }
    compare_all();
}

TEST(a_random_run_agrees_with_a_model)
{
    run(20240229, 1);
}

TEST(a_random_run_with_many_pins_agrees_with_a_model)
{
    run(7, 4);
}

static bool has_no_hole_before(const struct mn_mover_block *block,
                               void *context)
{
    bool *ended = context;

    if (block->handle.bits == 0)
        *ended = true;
    return block->handle.bits == 0 || !*ended;
}

TEST(without_pins_everything_ends_at_the_low_end)
{
    bool ended = false;

    run(99, 0);
    while (mn_mover_step(&mover, NULL, 1000))
        compare_all();
    compare_all();
    EXPECT(mn_mover_walk(&mover, has_no_hole_before, &ended));
}

/* ---- a million ---- */

enum { MANY = 1000000, MANY_SIZE = 1 << 28, MANY_LARGEST = 320 };

static struct mn_handle many[MANY];

static bool many_is_right(struct mn_handle handle, size_t i)
{
    size_t value = 0;
    MN_PIN(pin, &mover, handle);

    memcpy(&value, pin.at, sizeof value);
    return value == i;
}

static size_t many_alloc(size_t i, size_t value)
{
    size_t size = sizeof i + below(MANY_LARGEST - sizeof i);

    many[i] = mn_mover_alloc(&mover, size, NULL);
    EXPECT(many[i].bits != 0);
    MN_PIN(pin, &mover, many[i]);
    memcpy(pin.at, &value, sizeof value);
    return size;
}

TEST(a_million_blocks_slide)
{
    struct mn_mover_options options = {.memory_size = MANY_SIZE,
                                       .count_max = MANY};
    struct mn_mover_stats stats;
    size_t bound = 1 << 20;

    state = 3;
    EXPECT(mn_mover_create(&mover, &options) == MN_OK);
    for (size_t i = 0; i < MANY; i++)
        (void)many_alloc(i, i);
    EXPECT(mn_mover_alloc(&mover, 1, NULL).bits == 0);
    for (size_t i = 0; i < MANY; i++) {
        if (below(2) == 0) {
            mn_mover_free(&mover, many[i]);
            many[i].bits = 0;
        }
    }
    while (mn_mover_step(&mover, NULL, bound))
        ;
    EXPECT(mn_mover_check(&mover));
    mn_mover_read_stats(&mover, &stats);
    EXPECT(stats.holes == 0 && stats.free_size == 0);
    for (size_t i = 0; i < MANY; i++) {
        if (many[i].bits == 0)
            (void)many_alloc(i, i);
        EXPECT(many_is_right(many[i], i));
    }
    EXPECT(mn_mover_check(&mover));
    mn_mover_finish(&mover);
}

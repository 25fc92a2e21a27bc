/* SPDX-License-Identifier: MIT */
/* move_scenarios.c -- threads that pin blocks while one compacts, frees, and
 * allocates.
 *
 * A block counts from its letter on. Who has it pinned finds that at the same
 * place before and after another operation that threads notice, in every
 * schedule. At the end nothing is pinned, and all that is free is one hole.
 */
#include <mn/shared_mover.h>

#include "base/atomic.h"
#include "explore.h"

enum { SIZE = 512, COUNT = 6, BLOCK = 64, LARGE = 128, BLOCKS = 4 };

static _Alignas(16) unsigned char memory[SIZE];
static _Alignas(16) unsigned char control[8192];
static struct mn_shared_mover mover;
static struct mn_handle block[BLOCKS];
static _Atomic uint32_t turn;

/* Movers of this program are in a buffer. */
enum mn_status mn_mover_create(struct mn_mover *self,
                               const struct mn_mover_options *options)
{
    (void)self, (void)options;
    return MN_ERR_UNSUPPORTED;
}

static struct mn_handle filled(size_t size, int letter)
{
    struct mn_handle handle = mn_shared_mover_alloc(&mover, size, NULL);

    if (handle.bits != 0) {
        MN_SHARED_PIN(pin, &mover, handle);
        unsigned char *at = pin.at;
        for (size_t i = 0; i < size; i++)
            at[i] = (unsigned char)(letter + (int)i);
    }
    return handle;
}

static void setup(void)
{
    struct mn_mover_options options = {.memory = memory,
                                       .memory_size = SIZE,
                                       .control = control,
                                       .control_size = sizeof control,
                                       .count_max = COUNT};

    explore_as(0);
    EXPECT(mn_shared_mover_init(&mover, &options) == MN_OK);
}

static bool is_full(const unsigned char *at, size_t size, int letter)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] != (unsigned char)(letter + (int)i))
            return false;
    return true;
}

/* Pin the block, if it is there, and look twice. */
static bool look(struct mn_handle handle, size_t size, int letter)
{
    struct mn_shared_pin pin = mn_shared_mover_try_pin(&mover, handle);

    if (pin.entry == NULL)
        return false;
    EXPECT(is_full(pin.at, size, letter));
    (void)mn_atomic_add_relaxed(&turn, 1);
    EXPECT(is_full(pin.at, size, letter));
    mn_shared_unpin(&pin);
    return true;
}

static void step(void)
{
    while (mn_shared_mover_step(&mover, NULL, SIZE))
        ;
    (void)mn_atomic_add_relaxed(&turn, 1);
}

static void check(void)
{
    struct mn_mover_stats stats;

    explore_as(0);
    step();
    EXPECT(mn_shared_mover_check(&mover));
    mn_shared_mover_read_stats(&mover, &stats);
    EXPECT(stats.pinned == 0 && stats.holes == 0);
    EXPECT(mover.mover.leaving == 0);
}

/* ---- a block moves to where it was not ---- */

static void move_setup(void)
{
    setup();
    struct mn_handle low = filled(LARGE, 'a');
    block[0] = filled(BLOCK, 'b');
    block[1] = filled(BLOCK, 'c');
    mn_shared_mover_free(&mover, low);
}

static void move_body(int thread)
{
    if (thread == 0)
        step();
    else
        EXPECT(look(block[thread - 1], BLOCK, 'a' + thread));
}

static void move_both_body(int thread)
{
    if (thread == 0)
        step();
    else
        EXPECT(look(block[0], BLOCK, 'b'));
}

static void move_check(void)
{
    check();
    EXPECT(look(block[0], BLOCK, 'b') && look(block[1], BLOCK, 'c'));
}

/* ---- a block moves onto itself ---- */

static void slide_setup(void)
{
    setup();
    struct mn_handle low = filled(BLOCK, 'a');
    block[0] = filled(LARGE, 'b');
    mn_shared_mover_free(&mover, low);
}

static void slide_body(int thread)
{
    if (thread == 0)
        step();
    else
        EXPECT(look(block[0], LARGE, 'b'));
}

static void slide_check(void)
{
    check();
    EXPECT(look(block[0], LARGE, 'b'));
}

/* ---- a block is freed, and its memory and its entry are used again ---- */

static void free_setup(void)
{
    setup();
    block[0] = filled(BLOCK, 'a');
    block[1] = filled(BLOCK, 'b');
}

static void free_body(int thread)
{
    if (thread == 0) {
        mn_shared_mover_free(&mover, block[0]);
        block[2] = filled(BLOCK, 'x');
    } else {
        (void)look(block[0], BLOCK, 'a');
    }
}

static void free_step_body(int thread)
{
    if (thread == 0) {
        mn_shared_mover_free(&mover, block[0]);
        step();
        block[2] = filled(BLOCK, 'x');
    } else if (thread == 1) {
        (void)look(block[0], BLOCK, 'a');
    } else {
        EXPECT(look(block[1], BLOCK, 'b'));
    }
}

static void free_check(void)
{
    check();
    EXPECT(!look(block[0], BLOCK, 'a'));
    EXPECT(look(block[1], BLOCK, 'b') && look(block[2], BLOCK, 'x'));
}

/* ---- a block grows, and so moves ---- */

static void grow_body(int thread)
{
    if (thread == 0) {
        struct mn_handle grown = block[0];
        if (mn_shared_mover_resize(&mover, grown, LARGE) == MN_OK)
            block[2] = filled(BLOCK, 'x');
    } else {
        EXPECT(look(block[0], BLOCK, 'a'));
    }
}

static void grow_check(void)
{
    check();
    EXPECT(look(block[0], BLOCK, 'a') && look(block[1], BLOCK, 'b'));
}

static const struct explore_scenario scenarios[] = {
    {"move", 3, 4, move_setup, move_body, move_check, NULL},
    {"move twice", 3, 4, move_setup, move_both_body, move_check, NULL},
    {"slide", 3, 4, slide_setup, slide_body, slide_check, NULL},
    {"free", 3, 4, free_setup, free_body, free_check, NULL},
    {"free step", 3, 4, free_setup, free_step_body, free_check, NULL},
    {"grow", 3, 4, free_setup, grow_body, grow_check, NULL},
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof scenarios[0]);
}

/* SPDX-License-Identifier: MIT */
/* Tests of mn/plan.h: a device that copies one piece after the other, in memory
 * that the mover never sees, against what each handle is to hold. */
#include <mn/plan.h>
#include <string.h>

#include "test.h"

enum { SIZE = 1 << 14, COUNT = 100, PIECES = 8, STEPS = 20000 };

static unsigned char device[SIZE]; /* at address 0 of its own */
static _Alignas(16) unsigned char control[1 << 16];
static struct mn_mover mover;
static struct mn_plan plan;
static struct mn_move_piece piece[PIECES];
static uint64_t state = 11;

static void setup(void)
{
    struct mn_mover_options options = {.memory_size = SIZE,
                                       .control = control,
                                       .control_size = sizeof control,
                                       .count_max = COUNT,
                                       .untouched = true};

    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
}

static size_t below(size_t limit)
{
    return (size_t)(test_random(&state) % limit);
}

static size_t place_of(struct mn_handle handle)
{
    MN_PIN(pin, &mover, handle);
    return (size_t)(uintptr_t)pin.at;
}

static struct mn_handle filled(size_t size, int with)
{
    struct mn_handle handle = mn_mover_alloc(&mover, size, NULL);

    if (handle.bits != 0)
        memset(device + place_of(handle), with, size);
    return handle;
}

static void expect_filled(struct mn_handle handle, int with)
{
    size_t size = mn_mover_size(&mover, handle);
    size_t at = place_of(handle);

    EXPECT(size > 0);
    for (size_t i = 0; i < size; i++)
        EXPECT(device[at + i] == with);
}

/* An engine that copies low bytes first, a byte at a time. */
static void copy(const struct mn_move_piece *p)
{
    EXPECT(p->to < p->from);
    EXPECT(p->overlaps == (p->from - p->to < p->size));
    for (size_t i = 0; i < p->size; i++)
        device[p->to + i] = device[p->from + i];
}

TEST(a_plan_slides_all_blocks)
{
    struct mn_handle block[20];

    setup();
    for (int i = 0; i < 20; i++)
        block[i] = filled(16 + (size_t)i * 20, i);
    for (int i = 0; i < 20; i += 2)
        mn_mover_free(&mover, block[i]);
    while (mn_plan_begin(&plan, &mover, piece, PIECES, SIZE) > 0) {
        EXPECT(plan.count <= PIECES);
        for (size_t i = 0; i < plan.count; i++) {
            copy(&piece[i]);
            mn_plan_commit(&plan);
            EXPECT(mn_mover_check(&mover));
        }
    }
    size_t end = 0;
    for (int i = 1; i < 20; i += 2) {
        EXPECT(place_of(block[i]) == end);
        expect_filled(block[i], i);
        end += (mn_mover_size(&mover, block[i]) + 15) / 16 * 16;
    }
}

TEST(a_plan_is_bounded_by_bytes_and_one_block)
{
    setup();
    struct mn_handle low = filled(16, 0);
    for (int i = 0; i < 10; i++)
        filled(100, i);
    mn_mover_free(&mover, low);
    EXPECT(mn_plan_begin(&plan, &mover, piece, PIECES, 1) == 1);
    mn_plan_abandon(&plan);
    EXPECT(mn_plan_begin(&plan, &mover, piece, PIECES, 113) == 2);
    mn_plan_abandon(&plan);
    EXPECT(mn_plan_begin(&plan, &mover, piece, 3, SIZE) == 3);
    mn_plan_abandon(&plan);
    EXPECT(mn_mover_check(&mover));
}

TEST(what_a_plan_needs_is_nobody_elses)
{
    setup();
    struct mn_handle low = filled(512, 0);
    struct mn_handle block = filled(64, 1);
    struct mn_handle wall = filled(SIZE - 576, 2);
    mn_mover_free(&mover, low);
    EXPECT(mn_plan_begin(&plan, &mover, piece, PIECES, 64) == 1);
    EXPECT(mn_mover_alloc(&mover, 16, NULL).bits == 0);
    EXPECT_STOPS(mn_mover_free(&mover, block), "free of a pinned block");
    EXPECT_STOPS(mn_mover_finish(&mover), "ends with a pin");
    EXPECT_STOPS(mn_mover_step(&mover, NULL, 1), "not touched");
    copy(&piece[0]);
    mn_plan_commit(&plan);
    EXPECT(place_of(block) == 0 && place_of(wall) == 576);
    EXPECT(mn_mover_alloc(&mover, 512, NULL).bits != 0);
    EXPECT_STOPS(mn_plan_commit(&plan), "no piece left");
    mn_plan_abandon(&plan);
    expect_filled(block, 1);
}

TEST(a_block_that_was_resized_is_not_committed)
{
    setup();
    struct mn_handle low = filled(512, 0);
    struct mn_handle block = filled(64, 1);
    mn_mover_free(&mover, low);
    EXPECT(mn_plan_begin(&plan, &mover, piece, PIECES, 64) == 1);
    EXPECT(mn_mover_resize(&mover, block, 32) == MN_OK);
    EXPECT_STOPS(mn_plan_commit(&plan), "was resized");
}

TEST(pinned_blocks_end_a_plan)
{
    struct mn_handle block[6];

    setup();
    for (int i = 0; i < 6; i++)
        block[i] = filled(64, i);
    mn_mover_free(&mover, block[0]);
    mn_mover_free(&mover, block[3]);
    MN_PIN(pin, &mover, block[1]);
    EXPECT(mn_plan_begin(&plan, &mover, piece, PIECES, SIZE) == 2);
    EXPECT(piece[0].handle.bits == block[4].bits);
    /* Another plan goes around the first. */
    struct mn_plan other;
    struct mn_move_piece more[PIECES];
    EXPECT(mn_plan_begin(&other, &mover, more, PIECES, SIZE) == 0);
    copy(&piece[0]);
    mn_plan_commit(&plan);
    mn_plan_abandon(&plan);
    EXPECT(place_of(block[4]) == 3 * 64 && place_of(block[5]) == 5 * 64);
    EXPECT(mn_mover_check(&mover));
    for (int i = 1; i < 6; i++)
        if (i != 3)
            expect_filled(block[i], i);
}

/* ---- random ---- */

static struct mn_handle slot[COUNT];

static void change(size_t i)
{
    if (slot[i].bits == 0) {
        slot[i] = filled(1 + below(1 + below(400)), (int)i);
    } else if (mn_mover_entry(&mover, slot[i])->pins == 0) {
        mn_mover_free(&mover, slot[i]);
        slot[i].bits = 0;
    }
}

static void advance(void)
{
    if (plan.next == plan.count) {
        (void)!mn_plan_begin(&plan, &mover, piece, 1 + below(PIECES),
                             below(2000));
    } else if (below(10) == 0) {
        /* It may have been copied, in vain; but only the next one. */
        mn_plan_abandon(&plan);
    } else {
        copy(&piece[plan.next]);
        mn_plan_commit(&plan);
    }
}

TEST(a_random_run_agrees_with_a_model)
{
    setup();
    plan = (struct mn_plan){.mover = &mover};
    for (int step = 0; step < STEPS; step++) {
        if (below(2) == 0)
            change(below(COUNT));
        else
            advance();
        EXPECT(mn_mover_check(&mover));
        for (size_t i = 0; i < COUNT && step % 8 == 0; i++)
            if (slot[i].bits != 0)
                expect_filled(slot[i], (int)i);
    }
}

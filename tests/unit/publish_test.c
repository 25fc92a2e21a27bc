/* SPDX-License-Identifier: MIT */
/* Tests of publishing: each promise of mn/space.h about memory that came from
 * elsewhere, in shared cells and in whole ones, nested and in any order. */
#include <mn/heap.h>
#include <mn/space.h>

#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { CELL = 64 * 1024, CELLS = 8, MANY = 300 };

static _Alignas(CELL) unsigned char memory[CELLS * CELL];
static struct mn_publication publications[MANY];

/* Each publication answers with one block: all of it. */
static struct mn_block answers[MANY];

static bool answer(const void *context, const void *address,
                   struct mn_block *block)
{
    const struct mn_block *known = context;

    EXPECT((uintptr_t)address - (uintptr_t)known->start < known->size);
    *block = *known;
    return true;
}

static enum mn_status publish(size_t n, void *start, size_t size)
{
    answers[n] = (struct mn_block){start, size, MN_PERM_RW, MN_ALLOCATED};
    return mn_publish(&publications[n], start, size, answer, &answers[n]);
}

/* Which publication answers for the address; -1 for none. */
static int who(const void *address)
{
    struct mn_block block;

    if (!mn_block_at(address, &block))
        return -1;
    for (int i = 0; i < MANY; i++)
        if (answers[i].start == block.start && answers[i].size == block.size)
            return i;
    return -2;
}

TEST(publish_refuses_bad_arguments)
{
    EXPECT(publish(0, NULL, 100) == MN_ERR_INVALID);
    EXPECT(publish(0, memory, 0) == MN_ERR_INVALID);
    EXPECT(publish(0, memory, SIZE_MAX) == MN_ERR_INVALID);
    EXPECT(publish(0, (void *)(UINTPTR_MAX - 10), 100) == MN_ERR_INVALID);
    EXPECT(mn_publish(&publications[0], memory, 1, NULL, NULL)
           == MN_ERR_INVALID);
    EXPECT(publish(0, (void *)((uintptr_t)1 << 62), 100) == MN_ERR_NOMEM);
    EXPECT(publish(0, (void *)((uintptr_t)1 << 47), 100) == MN_ERR_NOMEM);
}

TEST(exactly_the_published_addresses_are_answered_for)
{
    static const size_t ranges[][2] = {
        {0, 1},
        {0, CELL},
        {5, CELL - 5},
        {100, 200},
        {CELL - 1, 2},
        {CELL - 1, CELL + 2},
        {CELL, CELL},
        {CELL, 3 * CELL},
        {10, 3 * CELL},
        {1, 5 * CELL + 7},
        {3 * CELL - 7, 7},
        {0, CELLS * CELL},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        size_t first = ranges[i][0];
        size_t end = first + ranges[i][1];
        EXPECT(publish(0, memory + first, end - first) == MN_OK);
        for (size_t at = 0; at < sizeof memory; at += 509)
            EXPECT(who(memory + at) == (at >= first && at < end ? 0 : -1));
        EXPECT(who(memory + first) == 0 && who(memory + end - 1) == 0);
        EXPECT(first == 0 || who(memory + first - 1) == -1);
        EXPECT(end == sizeof memory || who(memory + end) == -1);
        mn_unpublish(&publications[0]);
        for (size_t at = 0; at < sizeof memory; at += 509)
            EXPECT(who(memory + at) == -1);
    }
}

TEST(many_share_a_cell_and_go_in_any_order)
{
    enum { SIZE = sizeof memory / MANY };
    uint64_t random = 1;
    bool out[MANY] = {false};

    for (int step = 0; step < 20000; step++) {
        size_t n = (size_t)(test_random(&random) % MANY);
        if (out[n])
            mn_unpublish(&publications[n]);
        else
            EXPECT(publish(n, memory + n * SIZE, SIZE - n % 7) == MN_OK);
        out[n] = !out[n];
        n = (size_t)(test_random(&random) % MANY);
        size_t offset = random % SIZE;
        bool inside = out[n] && offset < SIZE - n % 7;
        EXPECT(who(memory + n * SIZE + offset) == (inside ? (int)n : -1));
    }
}

TEST(the_innermost_publication_answers)
{
    EXPECT(publish(0, memory, sizeof memory) == MN_OK);
    EXPECT(publish(1, memory + 10, 5 * CELL) == MN_OK);
    EXPECT(publish(2, memory + CELL, 2 * CELL) == MN_OK);
    EXPECT(publish(3, memory + CELL + 100, 50) == MN_OK);
    EXPECT(publish(4, memory + CELL + 110, 10) == MN_OK);
    EXPECT(who(memory) == 0);
    EXPECT(who(memory + 20) == 1);
    EXPECT(who(memory + CELL) == 2);
    EXPECT(who(memory + CELL + 105) == 3);
    EXPECT(who(memory + CELL + 115) == 4);
    EXPECT(who(memory + 4 * CELL) == 1);
    EXPECT(who(memory + 5 * CELL + 10) == 0);
    for (size_t n = 5; n-- > 0;) {
        mn_unpublish(&publications[n]);
        EXPECT(who(memory + CELL + 115) == (int)n - 1);
    }
}

TEST(a_shared_cell_knows_who_had_it_before)
{
    unsigned char *block = mn_alloc(5 * CELL);
    struct mn_block found;

    EXPECT(publish(0, block + 100, 50) == MN_OK);
    EXPECT(publish(1, block + CELL, 3 * CELL + 5) == MN_OK);
    EXPECT(who(block + 100) == 0 && who(block + 2 * CELL) == 1);
    EXPECT(mn_block_at(block + 99, &found) && found.start == block);
    EXPECT(mn_block_at(block + 4 * CELL + 5, &found) && found.start == block);
    EXPECT(mn_usable_size(block) >= 5 * (size_t)CELL);
    EXPECT(mn_heap_check(NULL));
    EXPECT_STOPS(mn_free(block + 100), "mneme: free of 0x");
    mn_unpublish(&publications[0]);
    mn_unpublish(&publications[1]);
    EXPECT(mn_block_at(block + 2 * CELL, &found) && found.start == block);
    mn_free(block);
    EXPECT(mn_heap_check(NULL));
}

TEST(a_block_with_something_published_in_it_can_be_released)
{
    for (size_t size = 200; size <= 4 * CELL; size *= 2) {
        unsigned char *block = mn_alloc(size);
        EXPECT(publish(0, block, size) == MN_OK);
        EXPECT(mn_usable_size(block) >= size);
        unsigned char *more = mn_realloc(block, size);
        EXPECT(more == block);
        mn_unpublish(&publications[0]);
        EXPECT(publish(0, block + 1, 100) == MN_OK);
        void *other = mn_alloc(size);
        mn_free(other); /* its slab's first cell may be the shared one */
        mn_unpublish(&publications[0]);
        mn_free(block);
        EXPECT(mn_heap_check(NULL));
    }
}

TEST(unpublishing_twice_stops)
{
    EXPECT(publish(0, memory + 100, 50) == MN_OK);
    EXPECT(publish(1, memory + 200, 50) == MN_OK);
    mn_unpublish(&publications[0]);
    EXPECT_STOPS(mn_unpublish(&publications[0]),
                 "unpublish of what is not published");
    mn_unpublish(&publications[1]);
    EXPECT_STOPS(mn_unpublish(&publications[1]),
                 "unpublish of what is not published");
}

TEST(stacks_can_be_published)
{
    unsigned char on_stack[1000];

    EXPECT(publish(0, on_stack, sizeof on_stack) == MN_OK);
    EXPECT(who(on_stack + 500) == 0);
    mn_unpublish(&publications[0]);
    EXPECT(who(on_stack + 500) == -1);
}

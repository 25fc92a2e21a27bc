/* SPDX-License-Identifier: MIT */
/* Tests of spaces: each promise of mn/space.h about reserved ranges at its
 * boundary. Publishing is in publish_test.c. */
#include <mn/space.h>

#include <string.h>

#include "test.h"

enum { CELLS = 8 };

static struct mn_space space;
static size_t cell;
static unsigned char *start;

static void setup(void)
{
    cell = mn_space_cell();
    EXPECT(mn_space_create(&space, CELLS * cell, 1) == MN_OK);
    start = mn_space_start(&space);
    EXPECT(start != NULL && mn_space_size(&space) == CELLS * cell);
}

static void expect_cell(size_t n, enum mn_state state, unsigned perm)
{
    for (size_t offset = 0; offset < cell; offset += cell / 4 - 1) {
        struct mn_block block;
        EXPECT(mn_block_at(start + n * cell + offset, &block));
        EXPECT(block.start == start + n * cell && block.size == cell);
        EXPECT(block.state == state && block.perm == perm);
    }
}

TEST(create_refuses_bad_arguments)
{
    struct mn_space other;

    EXPECT(mn_space_create(&other, 0, 1) == MN_ERR_INVALID);
    EXPECT(mn_space_create(&other, 1, 0) == MN_ERR_INVALID);
    EXPECT(mn_space_create(&other, 1, 3) == MN_ERR_INVALID);
    EXPECT(mn_space_create(&other, (size_t)PTRDIFF_MAX + 1, 1)
           == MN_ERR_INVALID);
    EXPECT(mn_space_create(&other, PTRDIFF_MAX, 1) == MN_ERR_NOMEM);
    EXPECT(mn_space_create(&other, 1, (size_t)1 << 62) == MN_ERR_NOMEM);
    EXPECT(mn_space_create(&other, (size_t)1 << 46, (size_t)1 << 47)
           == MN_ERR_NOMEM);
}

TEST(a_space_is_whole_cells_at_its_alignment)
{
    for (size_t align = 1; align <= (size_t)1 << 30; align *= 2) {
        struct mn_space other;
        EXPECT(mn_space_create(&other, align / 2 + 1, align) == MN_OK);
        EXPECT((uintptr_t)mn_space_start(&other) % align == 0);
        EXPECT((uintptr_t)mn_space_start(&other) % mn_space_cell() == 0);
        EXPECT(mn_space_size(&other) % mn_space_cell() == 0);
        EXPECT(mn_space_size(&other) >= align / 2 + 1);
        mn_space_destroy(&other);
    }
}

TEST(a_new_space_is_reserved_and_its_neighbours_are_not_its)
{
    setup();
    for (size_t n = 0; n < CELLS; n++)
        expect_cell(n, MN_RESERVED, MN_PERM_NONE);
    mn_space_destroy(&space);
    struct mn_block block;
    EXPECT(!mn_block_at(start, &block));
    EXPECT(!mn_block_at(start + CELLS * cell - 1, &block));
}

TEST(commit_gives_memory_to_exactly_its_cells)
{
    setup();
    EXPECT(mn_space_commit(&space, 2 * cell, 3 * cell, MN_PERM_RW) == MN_OK);
    for (size_t n = 0; n < CELLS; n++)
        expect_cell(n, n >= 2 && n < 5 ? MN_ALLOCATED : MN_RESERVED,
                    n >= 2 && n < 5 ? MN_PERM_RW : MN_PERM_NONE);
    for (size_t i = 2 * cell; i < 5 * cell; i++)
        EXPECT(start[i] == 0);
    memset(start + 2 * cell, 1, 3 * cell);
    EXPECT(mn_space_commit(&space, 3 * cell, cell, MN_PERM_READ) == MN_OK);
    expect_cell(3, MN_ALLOCATED, MN_PERM_READ);
    EXPECT(start[2 * cell] == 1 && start[3 * cell] == 1);
    mn_space_destroy(&space);
}

TEST(decommit_loses_the_content_and_keeps_the_addresses)
{
    setup();
    EXPECT(mn_space_commit(&space, 0, CELLS * cell, MN_PERM_RW) == MN_OK);
    memset(start, 1, CELLS * cell);
    EXPECT(mn_space_decommit(&space, cell, cell) == MN_OK);
    expect_cell(0, MN_ALLOCATED, MN_PERM_RW);
    expect_cell(1, MN_RESERVED, MN_PERM_NONE);
    expect_cell(2, MN_ALLOCATED, MN_PERM_RW);
    EXPECT(mn_space_decommit(&space, cell, cell) == MN_OK);
    EXPECT(mn_space_commit(&space, cell, cell, MN_PERM_RW) == MN_OK);
    for (size_t i = 0; i < CELLS * cell; i++)
        EXPECT(start[i] == (i / cell != 1));
    mn_space_destroy(&space);
}

TEST(ranges_that_are_not_whole_cells_of_the_space_are_refused)
{
    setup();
    const size_t all = CELLS * cell;
    const size_t bad[][2] = {
        {0, 0},           {1, cell},        {0, cell - 1},
        {0, cell + 1},    {all, cell},      {0, all + cell},
        {cell, all},      {SIZE_MAX, cell}, {cell, SIZE_MAX},
        {cell, 0 - cell}, {0 - cell, cell}, {0 - cell, 2 * cell},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(mn_space_commit(&space, bad[i][0], bad[i][1], MN_PERM_RW)
               == MN_ERR_INVALID);
        EXPECT(mn_space_decommit(&space, bad[i][0], bad[i][1])
               == MN_ERR_INVALID);
    }
    for (size_t n = 0; n < CELLS; n++)
        expect_cell(n, MN_RESERVED, MN_PERM_NONE);
    mn_space_destroy(&space);
}

TEST(what_is_written_is_not_run_unless_asked_for_by_name)
{
    unsigned all = MN_PERM_RW | MN_PERM_EXEC;

    setup();
    EXPECT(mn_space_commit(&space, 0, cell, all) == MN_ERR_INVALID);
    EXPECT(mn_space_commit(&space, 0, cell, MN_PERM_WRITE | MN_PERM_EXEC)
           == MN_ERR_INVALID);
    EXPECT(mn_space_commit(&space, 0, cell, 16) == MN_ERR_INVALID);
    EXPECT(mn_space_commit(&space, 0, cell, ~0u) == MN_ERR_INVALID);
    expect_cell(0, MN_RESERVED, MN_PERM_NONE);
    EXPECT(mn_space_commit(&space, 0, cell, all | MN_PERM_WRITE_EXEC) == MN_OK);
    expect_cell(0, MN_ALLOCATED, all);
    EXPECT(mn_space_commit(&space, 0, cell, MN_PERM_READ | MN_PERM_EXEC)
           == MN_OK);
    expect_cell(0, MN_ALLOCATED, MN_PERM_READ | MN_PERM_EXEC);
    EXPECT(mn_space_commit(&space, 0, cell, MN_PERM_NONE) == MN_OK);
    expect_cell(0, MN_ALLOCATED, MN_PERM_NONE);
    mn_space_destroy(&space);
}

TEST(many_spaces_come_and_go)
{
    static struct mn_space spaces[200];
    struct mn_block block;

    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < 200; i++)
            EXPECT(mn_space_create(&spaces[i], i * 10000 + 1, 1) == MN_OK);
        for (size_t i = 0; i < 200; i++) {
            EXPECT(mn_block_at(mn_space_start(&spaces[i]), &block));
            EXPECT(block.start == mn_space_start(&spaces[i]));
        }
        for (size_t i = 0; i < 200; i++)
            mn_space_destroy(&spaces[i]);
    }
}

TEST(each_status_and_state_has_a_name)
{
    EXPECT(strcmp(mn_status_name(MN_OK), "ok") == 0);
    EXPECT(strcmp(mn_status_name(MN_ERR_NOMEM), "out of memory") == 0);
    EXPECT(strcmp(mn_status_name(MN_ERR_INVALID), "invalid argument") == 0);
    EXPECT(mn_status_name(MN_ERR_UNSUPPORTED) != NULL);
    EXPECT(mn_status_name(MN_ERR_OS) != NULL);
    EXPECT(mn_status_name((enum mn_status)99) != NULL);
    EXPECT(strcmp(mn_state_name(MN_FREE), "free") == 0);
    EXPECT(strcmp(mn_state_name(MN_ALLOCATED), "allocated") == 0);
    EXPECT(strcmp(mn_state_name(MN_RESERVED), "reserved") == 0);
    EXPECT(mn_state_name((enum mn_state)99) != NULL);
}

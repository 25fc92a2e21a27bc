/* SPDX-License-Identifier: MIT */
/* Tests of huge pages: they are asked for where memory is written to
 * throughout, for no more than a part of it ahead, and no longer when some of
 * it is given back. */
#include <mn/heap.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/arena.h"
#include "heap/heap.h"
#include "os/os.h"
#include "observe.h"
#include "test.h"

enum { MIB = 1024 * 1024, BLOCKS = 32, HUGE = 2 * MIB, STEP = 4 * MIB };

static unsigned char *blocks[BLOCKS];

static const struct mni_arena *arena(void)
{
    return mni_stock.arenas[0];
}

static void take(size_t count, size_t written)
{
    for (size_t i = 0; i < count; i++) {
        blocks[i] = mn_alloc(MIB);
        EXPECT(blocks[i] != NULL);
        for (size_t at = 0; at < written; at += mni_os_page_size())
            blocks[i][at] = 1;
    }
}

static void give(size_t count)
{
    for (size_t i = 0; i < count; i++)
        mn_free(blocks[i]);
}

TEST(dense_memory_gets_huge_pages)
{
    take(BLOCKS, MIB);
    EXPECT(arena()->huge_size > 0);
    EXPECT((uintptr_t)arena()->huge % HUGE == 0);
    EXPECT(arena()->huge_size % HUGE == 0);
    EXPECT(arena()->huge >= arena()->start + STEP);
    EXPECT(arena()->huge + arena()->huge_size
           <= arena()->start + arena()->committed);
    (void)observe_stats();
    give(BLOCKS);
}

TEST(memory_with_holes_gets_none)
{
    take(BLOCKS, MIB - MIB / 8);
    EXPECT(arena()->huge_size == 0);
    give(BLOCKS);
}

TEST(a_small_heap_gets_none)
{
    take(3, MIB);
    EXPECT(arena()->committed <= STEP + (size_t)HUGE);
    EXPECT(arena()->huge_size == 0);
    give(3);
}

/* However dense all was before, a large block may be sparse. */
static void expect_guess(size_t count, size_t least, size_t most)
{
    enum { LARGE = 512 * MIB };

    take(count, MIB);
    size_t before = arena()->huge_size;
    size_t committed = arena()->committed;
    unsigned char *large = mn_alloc(LARGE);
    EXPECT(large != NULL);
    EXPECT(arena()->committed >= committed + LARGE - STEP);
    EXPECT(arena()->huge_size >= before + least);
    EXPECT(arena()->huge_size <= before + most);
    mn_free(large);
    give(count);
}

TEST(no_more_than_a_step_is_guessed)
{
    expect_guess(7, 0, STEP);
}

TEST(no_more_than_a_quarter_of_much_is_guessed)
{
    expect_guess(BLOCKS, STEP + 1, BLOCKS / 4 * MIB + HUGE);
}

/* The end of each block is a hole: 15 pages of a cell at most. */
TEST(a_few_holes_do_not_matter)
{
    take(BLOCKS, MIB - MIB / 16);
    EXPECT(arena()->huge_size > 0);
    give(BLOCKS);
}

TEST(what_goes_back_is_huge_no_longer)
{
    take(BLOCKS, MIB);
    EXPECT(arena()->huge_size > 0);
    for (size_t i = 0; i < BLOCKS; i += 2)
        mn_free(blocks[i]);
    EXPECT(mn_trim());
    EXPECT(arena()->huge_size == 0);
    for (size_t i = 0; i < BLOCKS; i += 2)
        blocks[i] = mn_alloc(MIB);
    for (size_t i = 0; i < BLOCKS; i++)
        for (size_t at = 0; at < MIB; at += mni_os_page_size())
            EXPECT(i % 2 == 0 || blocks[i][at] == 1);
    give(BLOCKS);
    EXPECT(mn_heap_check(NULL));
}

static bool can_write(unsigned char *at)
{
    int status;
    pid_t child = fork();

    EXPECT(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        *(volatile unsigned char *)at = 1;
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    return status == 0;
}

/* Programs make guards of pages in their blocks. */
TEST(what_the_program_protected_stays_protected)
{
    size_t page = mni_os_page_size();

    take(BLOCKS, MIB);
    EXPECT(arena()->huge_size > 0);
    unsigned char *guard = arena()->huge + HUGE / 2;
    EXPECT(mprotect(guard, page, PROT_NONE) == 0);
    EXPECT(!can_write(guard));
    for (size_t i = 0; i < BLOCKS; i++)
        if (guard < blocks[i] || guard >= blocks[i] + MIB)
            mn_free(blocks[i]);
    EXPECT(mn_trim());
    EXPECT(arena()->huge_size == 0);
    EXPECT(!can_write(guard));
    EXPECT(mprotect(guard, page, PROT_READ | PROT_WRITE) == 0);
}

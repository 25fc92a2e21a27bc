/* SPDX-License-Identifier: MIT */
/* Tests of cells: who may borrow beside whom, what stops the program, and that
 * what one writes the next one sees. */
#include <mn/cell.h>

#include <pthread.h>
#include <sched.h>

#include "test.h"

static struct mn_cell cell;

TEST(a_cell_is_one_word_and_zero_is_a_cell)
{
    EXPECT(sizeof(struct mn_cell) == 4);
    EXPECT(mn_cell_state(&cell) == 0);
}

TEST(there_are_many_readers)
{
    for (int i = 1; i <= 1000; i++) {
        EXPECT(mn_cell_try_borrow(&cell));
        EXPECT(mn_cell_state(&cell) == i);
    }
    EXPECT(!mn_cell_try_borrow_mut(&cell));
    for (int i = 0; i < 1000; i++)
        mn_cell_release(&cell);
    EXPECT(mn_cell_state(&cell) == 0);
    EXPECT(mn_cell_try_borrow_mut(&cell));
}

TEST(there_is_one_writer)
{
    mn_cell_borrow_mut(&cell);
    EXPECT(mn_cell_state(&cell) == MN_CELL_MUT);
    EXPECT(!mn_cell_try_borrow(&cell));
    EXPECT(!mn_cell_try_borrow_mut(&cell));
    mn_cell_release_mut(&cell);
    EXPECT(mn_cell_try_borrow(&cell));
    mn_cell_release(&cell);
}

TEST(a_writer_becomes_a_reader)
{
    mn_cell_borrow_mut(&cell);
    mn_cell_downgrade(&cell);
    EXPECT(mn_cell_state(&cell) == 1 && mn_cell_try_borrow(&cell));
    mn_cell_release(&cell);
    mn_cell_release(&cell);
    EXPECT(mn_cell_state(&cell) == 0);
}

TEST(readers_are_counted_up_to_the_most)
{
    cell.state = MN_CELL_READERS - 1;
    EXPECT(mn_cell_try_borrow(&cell));
    EXPECT(!mn_cell_try_borrow(&cell));
    EXPECT_STOPS(mn_cell_borrow(&cell), "too many readers");
    mn_cell_release(&cell);
    EXPECT(mn_cell_state(&cell) == MN_CELL_READERS - 1);
}

TEST(each_violation_stops_the_program)
{
    EXPECT_STOPS(mn_cell_release(&cell), "release of 0x");
    EXPECT_STOPS(mn_cell_release(&cell), "nobody borrows it");
    EXPECT_STOPS(mn_cell_release_mut(&cell), "nobody borrows it");
    EXPECT_STOPS(mn_cell_downgrade(&cell), "nobody borrows it");
    mn_cell_borrow(&cell);
    EXPECT_STOPS(mn_cell_borrow_mut(&cell), "it is borrowed to read");
    EXPECT_STOPS(mn_cell_release_mut(&cell), "it is borrowed to read");
    EXPECT_STOPS(mn_cell_downgrade(&cell), "it is borrowed to read");
    mn_cell_release(&cell);
    mn_cell_borrow_mut(&cell);
    EXPECT_STOPS(mn_cell_borrow(&cell), "it is borrowed to write");
    EXPECT_STOPS(mn_cell_borrow_mut(&cell), "it is borrowed to write");
    EXPECT_STOPS(mn_cell_release(&cell), "it is borrowed to write");
}

/* ---- threads ---- */

enum { THREADS = 4, STEPS = 20000 };

static long value; /* both the same unless somebody writes */
static long copy;

static void *use(void *unused)
{
    for (int i = 0; i < STEPS; i++) {
        if (i % 4 == 0 && mn_cell_try_borrow_mut(&cell)) {
            value++;
            copy++;
            mn_cell_release_mut(&cell);
        } else if (mn_cell_try_borrow(&cell)) {
            EXPECT(value == copy);
            mn_cell_release(&cell);
        } else {
            sched_yield();
        }
    }
    return unused;
}

TEST(no_reader_sees_what_is_half_written)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, use, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(mn_cell_state(&cell) == 0 && value == copy && value > 0);
}

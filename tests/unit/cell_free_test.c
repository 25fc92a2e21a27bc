/* SPDX-License-Identifier: MIT */
/* Tests of cells in a program that asks for none of their checks. */
#define MN_CELL_FREE 1
#include <mn/cell.h>

#include "test.h"

TEST(without_checks_nothing_is_counted_and_nothing_stops)
{
    struct mn_cell cell = {0};

    mn_cell_borrow(&cell);
    mn_cell_borrow_mut(&cell);
    mn_cell_downgrade(&cell);
    mn_cell_release_mut(&cell);
    mn_cell_release(&cell);
    mn_cell_release(&cell);
    EXPECT(mn_cell_state(&cell) == 0);
    EXPECT(mn_cell_try_borrow(&cell) && mn_cell_try_borrow_mut(&cell));
}

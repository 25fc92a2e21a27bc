/* SPDX-License-Identifier: MIT */
/* Whether a cell could be borrowed is ignored.
 * gcc: unused-result
 * clang: thread-safety
 */
#include <mn/cell.h>

extern struct mn_cell cell_ignored;
extern int cell_ignored_value MN_GUARDED_BY(cell_ignored);
void program(void);
void program(void)
{
#if MISUSE
    mn_cell_try_borrow_mut(&cell_ignored);
    cell_ignored_value = 1;
    mn_cell_release_mut(&cell_ignored);
#else
    if (mn_cell_try_borrow_mut(&cell_ignored)) {
        cell_ignored_value = 1;
        mn_cell_release_mut(&cell_ignored);
    }
#endif
}

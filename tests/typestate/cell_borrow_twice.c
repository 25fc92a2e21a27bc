/* SPDX-License-Identifier: MIT */
/* A cell is borrowed to write by who reads it.
 * clang: thread-safety
 */
#include <mn/cell.h>

extern struct mn_cell cell_twice;
extern int cell_twice_value MN_GUARDED_BY(cell_twice);
void program(void);
void program(void)
{
    mn_cell_borrow(&cell_twice);
    int value = cell_twice_value;
#if !MISUSE
    mn_cell_release(&cell_twice);
#endif
    mn_cell_borrow_mut(&cell_twice);
    cell_twice_value = value + 1;
    mn_cell_release_mut(&cell_twice);
#if MISUSE
    mn_cell_release(&cell_twice);
#endif
}

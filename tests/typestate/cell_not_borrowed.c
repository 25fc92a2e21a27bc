/* SPDX-License-Identifier: MIT */
/* What a cell guards is written without a borrow.
 * clang: thread-safety
 */
#include <mn/cell.h>

extern struct mn_cell cell_plain;
extern int cell_plain_value MN_GUARDED_BY(cell_plain);
void program(void);
void program(void)
{
#if !MISUSE
    mn_cell_borrow_mut(&cell_plain);
#endif
    cell_plain_value++;
#if !MISUSE
    mn_cell_release_mut(&cell_plain);
#endif
}

/* SPDX-License-Identifier: MIT */
/* A cell is still borrowed where the program returns early.
 * clang: thread-safety
 */
#include <mn/cell.h>

extern struct mn_cell cell_early;
extern int cell_early_value MN_GUARDED_BY(cell_early);
int program(int limit);
int program(int limit)
{
    mn_cell_borrow(&cell_early);
    if (cell_early_value >= limit) {
#if !MISUSE
        mn_cell_release(&cell_early);
#endif
        return -1;
    }
    int result = cell_early_value;
    mn_cell_release(&cell_early);
    return result;
}

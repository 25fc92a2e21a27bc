/* SPDX-License-Identifier: MIT */
/* What a cell guards is written with a borrow to read.
 * clang: thread-safety
 */
#include <mn/cell.h>

extern struct mn_cell cell_read;
extern int cell_read_value MN_GUARDED_BY(cell_read);
int program(void);
int program(void)
{
    mn_cell_borrow(&cell_read);
#if MISUSE
    int result = ++cell_read_value;
#else
    int result = cell_read_value;
#endif
    mn_cell_release(&cell_read);
    return result;
}

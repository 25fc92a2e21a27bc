/* SPDX-License-Identifier: MIT */
/* cell.c -- what is said of a cell that is borrowed against its rule. */
#include <mn/cell.h>

#include "base/assert.h"

void mn_cell_stop(const struct mn_cell *cell, const char *operation,
                  uint32_t state)
{
    const char *what = "it is borrowed to read";

    if (state == 0)
        what = "nobody borrows it";
    else if (state == MNI_CELL_MUT)
        what = "it is borrowed to write";
    else if (state >= MN_CELL_READERS)
        what = "it has too many readers, or is damaged";
    mni_stop_at(operation, cell, what, NULL);
}

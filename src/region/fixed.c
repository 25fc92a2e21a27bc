/* SPDX-License-Identifier: MIT */
/* fixed.c -- what the compile-time form of tiled regions calls: the library
 * hides the functions that end a program. */
#include <mn/fixed.h>

#include "base/assert.h"

_Noreturn void mn_fixed_stop(const char *operation, const void *address,
                             const char *what, const struct mn_block *block)
{
    if (operation == NULL)
        mni_stop(what);
    mni_stop_at(operation, address, what, block);
}

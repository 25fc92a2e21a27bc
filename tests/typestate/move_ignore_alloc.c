/* SPDX-License-Identifier: MIT */
/* The handle of a new block is not kept.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/move.h>

struct mn_handle move_new(struct mn_mover *mover);
struct mn_handle move_new(struct mn_mover *mover)
{
#if MISUSE
    mn_mover_alloc(mover, 16, NULL);
#endif
    return mn_mover_alloc(mover, 16, NULL);
}

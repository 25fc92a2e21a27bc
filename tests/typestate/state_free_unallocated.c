/* SPDX-License-Identifier: MIT */
/* A right is freed as if it were a block.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
void program(struct mn_region *region);
void program(struct mn_region *region)
{
    struct mn_unallocated *right = mn_state_begin(region);
#if MISUSE
    mn_state_end_freed(mn_state_free(region, right));
#else
    mn_state_end_unallocated(right);
#endif
}

/* SPDX-License-Identifier: MIT */
/* A right is begun for no region.
 * gcc: nonnull
 * clang: nonnull
 */
#include <mn/state.h>
void program(struct mn_region *region);
void program(struct mn_region *region)
{
#if MISUSE
    (void)region;
    mn_state_end_unallocated(mn_state_begin(NULL));
#else
    mn_state_end_unallocated(mn_state_begin(region));
#endif
}

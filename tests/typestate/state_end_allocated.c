/* SPDX-License-Identifier: MIT */
/* A block that is out is left as if it were free.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
void program(struct mn_region *region, struct mn_allocated *block);
void program(struct mn_region *region, struct mn_allocated *block)
{
#if MISUSE
    (void)region;
    mn_state_end_freed(block);
#else
    mn_state_end_freed(mn_state_free(region, block));
#endif
}

/* SPDX-License-Identifier: MIT */
/* A block that is out is renewed as if it were free.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
void program(struct mn_region *region, struct mn_allocated *block);
void program(struct mn_region *region, struct mn_allocated *block)
{
#if MISUSE
    mn_state_end_unallocated(mn_state_renew(region, block));
#else
    struct mn_freed *freed = mn_state_free(region, block);
    mn_state_end_unallocated(mn_state_renew(region, freed));
#endif
}

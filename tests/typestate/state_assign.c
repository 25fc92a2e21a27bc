/* SPDX-License-Identifier: MIT */
/* A freed handle is kept as if it were allocated.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
void program(struct mn_region *region, struct mn_allocated *block);
void program(struct mn_region *region, struct mn_allocated *block)
{
#if MISUSE
    block = mn_state_free(region, block);
    mn_state_end_freed(mn_state_free(region, block));
#else
    struct mn_freed *freed = mn_state_free(region, block);
    mn_state_end_freed(freed);
#endif
}

/* SPDX-License-Identifier: MIT */
/* A damaged block is freed.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
void program(struct mn_region *region, struct mn_allocated *block);
void program(struct mn_region *region, struct mn_allocated *block)
{
    if (mn_state_check(region, block) != MN_OK) {
        struct mn_corrupted *bad = mn_state_condemn(block);
#if MISUSE
        mn_state_end_freed(mn_state_free(region, bad));
#else
        mn_state_end_corrupted(bad);
#endif
    }
}

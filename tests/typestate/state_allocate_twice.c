/* SPDX-License-Identifier: MIT */
/* A right is used twice.
 * gcc: use-after-free
 * gcc-analyzer: double-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/state.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    struct mn_unallocated *right = mn_state_begin(region);
    struct mn_allocated *one = mn_state_allocate(right, 40, 16);
#if !MISUSE
    right = mn_state_begin(region);
#endif
    struct mn_allocated *two = mn_state_allocate(right, 40, 16);

    if (one != NULL)
        mn_state_end_freed(mn_state_free(region, one));
    if (two != NULL)
        mn_state_end_freed(mn_state_free(region, two));
    return 0;
}

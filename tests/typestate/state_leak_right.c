/* SPDX-License-Identifier: MIT */
/* A right is begun and dropped.
 * gcc-analyzer: malloc-leak
 * clang-analyzer: unix.Malloc
 */
#include <mn/state.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    struct mn_unallocated *right = mn_state_begin(region);
    int result = right != NULL;
#if !MISUSE
    mn_state_end_unallocated(right);
#endif
    return result;
}

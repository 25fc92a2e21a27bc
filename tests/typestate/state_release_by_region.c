/* SPDX-License-Identifier: MIT */
/* A block with a handle is freed behind its back.
 * gcc: mismatched-dealloc
 * gcc-analyzer: mismatching-deallocation
 * clang22-analyzer: MismatchedDeallocator
 */
#include <mn/state.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), 40, 16);

    if (block == NULL)
        return 1;
#if MISUSE
    mn_region_free(region, block);
#else
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return 0;
}

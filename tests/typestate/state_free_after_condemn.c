/* SPDX-License-Identifier: MIT */
/* A block is freed after it was condemned.
 * gcc: use-after-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/state.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), 40, 16);

    if (block == NULL)
        return 1;
    mn_state_end_corrupted(mn_state_condemn(block));
#if MISUSE
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return 0;
}

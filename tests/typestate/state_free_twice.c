/* SPDX-License-Identifier: MIT */
/* A block is freed twice.
 * gcc: use-after-free
 * gcc-analyzer: double-free
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
    mn_state_end_freed(mn_state_free(region, block));
#if MISUSE
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return 0;
}

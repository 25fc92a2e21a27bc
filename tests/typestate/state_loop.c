/* SPDX-License-Identifier: MIT */
/* A block is freed in each turn of a loop, and allocated once.
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
    for (int turn = 0; turn < 2; turn++) {
        mn_state_end_freed(mn_state_free(region, block));
#if !MISUSE
        block = mn_state_allocate(mn_state_begin(region), 40, 16);
        if (block == NULL)
            return 1;
#endif
    }
#if !MISUSE
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return 0;
}

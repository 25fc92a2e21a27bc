/* SPDX-License-Identifier: MIT */
/* A block is checked after it was freed.
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
#if MISUSE
    mn_state_end_freed(mn_state_free(region, block));
    return (int)mn_state_check(region, block);
#else
    enum mn_status status = mn_state_check(region, block);
    mn_state_end_freed(mn_state_free(region, block));
    return (int)status;
#endif
}

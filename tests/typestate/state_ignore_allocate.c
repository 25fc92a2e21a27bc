/* SPDX-License-Identifier: MIT */
/* A block that was allocated is ignored.
 * gcc: unused-result
 * clang: unused-result
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
    mn_state_allocate(mn_state_begin(region), 40, 16);
#endif
    mn_state_end_freed(mn_state_free(region, block));
    return 0;
}

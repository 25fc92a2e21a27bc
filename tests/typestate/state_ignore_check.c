/* SPDX-License-Identifier: MIT */
/* What a check found is ignored.
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
    mn_state_check(region, block);
#else
    if (mn_state_check(region, block) != MN_OK) {
        mn_state_end_corrupted(mn_state_condemn(block));
        return 1;
    }
#endif
    mn_state_end_freed(mn_state_free(region, block));
    return 0;
}

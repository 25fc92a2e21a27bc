/* SPDX-License-Identifier: MIT */
/* A block is not freed where the program returns early.
 * gcc-analyzer: malloc-leak
 */
#include <mn/state.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), 40, 16);

    if (block == NULL)
        return 1;
    char byte = 0;
    if (mn_state_read(region, block, 0, &byte, 1) != MN_OK) {
#if !MISUSE
        mn_state_end_freed(mn_state_free(region, block));
#endif
        return 1;
    }
    mn_state_end_freed(mn_state_free(region, block));
    return byte;
}

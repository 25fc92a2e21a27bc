/* SPDX-License-Identifier: MIT */
/* A byte behind the block is read.
 * gcc: attribute-warning
 * clang: attribute-warning
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
    enum mn_status status =
        mn_state_read(region, block, MISUSE ? 40 : 39, &byte, 1);

    mn_state_end_freed(mn_state_free(region, block));
    return status == MN_OK ? byte : 1;
}

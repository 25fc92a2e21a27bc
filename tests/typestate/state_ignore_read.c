/* SPDX-License-Identifier: MIT */
/* Whether a read was inside the block is ignored.
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
    char byte = 0;
#if MISUSE
    mn_state_read(region, block, 0, &byte, 1);
#else
    if (mn_state_read(region, block, 0, &byte, 1) != MN_OK)
        byte = 0;
#endif
    mn_state_end_freed(mn_state_free(region, block));
    return byte;
}

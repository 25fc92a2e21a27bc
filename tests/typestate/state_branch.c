/* SPDX-License-Identifier: MIT */
/* A block is freed in one branch, and again behind both.
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
    char byte = 0;
    enum mn_status status = mn_state_read(region, block, 0, &byte, 1);

    if (status != MN_OK) {
        mn_state_end_freed(mn_state_free(region, block));
#if !MISUSE
        return 1;
#endif
    }
    mn_state_end_freed(mn_state_free(region, block));
    return byte;
}

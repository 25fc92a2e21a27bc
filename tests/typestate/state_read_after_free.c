/* SPDX-License-Identifier: MIT */
/* A block is read by its old handle after it was freed.
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
    enum mn_status status = MN_OK;
    char byte = 0;
#if MISUSE
    mn_state_end_freed(mn_state_free(region, block));
    status = mn_state_read(region, block, 0, &byte, 1);
#else
    status = mn_state_read(region, block, 0, &byte, 1);
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return status == MN_OK ? byte : 1;
}

/* SPDX-License-Identifier: MIT */
/* A damaged block is dropped and not left.
 * gcc-analyzer: malloc-leak
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
    struct mn_block found = {.size = 0};
    struct mn_corrupted *bad = mn_state_condemn(block);
    enum mn_status status = mn_state_inspect(region, bad, &found);
#if !MISUSE
    mn_state_end_corrupted(bad);
#endif
    return (int)status;
}

/* SPDX-License-Identifier: MIT */
/* A block is never freed.
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
    char *first = mn_state_memory(block);

    first[0] = 1;
    int result = first[0];
#if !MISUSE
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return result;
}

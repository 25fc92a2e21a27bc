/* SPDX-License-Identifier: MIT */
/* The memory of a block is read after it was freed.
 * gcc: use-after-free
 * gcc-analyzer: use-after-free
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
#if MISUSE
    mn_state_end_freed(mn_state_free(region, block));
    return first[0];
#else
    int result = first[0];
    mn_state_end_freed(mn_state_free(region, block));
    return result;
#endif
}

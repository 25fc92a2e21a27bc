/* SPDX-License-Identifier: MIT */
/* The byte behind the memory of a block is written.
 * gcc: array-bounds
 * clang22-analyzer: ArrayBound
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

    first[MISUSE ? 40 : 39] = 1;
    mn_state_end_freed(mn_state_free(region, block));
    return 0;
}

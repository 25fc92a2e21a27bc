/* SPDX-License-Identifier: MIT */
/* That there was no memory is not seen: the memory is written.
 * gcc-analyzer: null-dereference
 */
#include <mn/state.h>
void program(struct mn_region *region);
void program(struct mn_region *region)
{
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), 40, 16);
#if !MISUSE
    if (block == NULL)
        return;
#endif
    char *first = mn_state_memory(block);
    first[0] = 1;
    mn_state_end_freed(mn_state_free(region, block));
}

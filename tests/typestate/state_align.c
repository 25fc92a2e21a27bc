/* SPDX-License-Identifier: MIT */
/* An alignment is no power of two.
 * clang: power-of-two-alignment
 */
#include <mn/state.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    struct mn_allocated *block =
        mn_state_allocate(mn_state_begin(region), 40, 16);

    if (block == NULL)
        return 1;
    struct mn_allocated *other =
        mn_state_allocate(mn_state_begin(region), 8, MISUSE ? 24 : 32);

    if (other != NULL)
        mn_state_end_freed(mn_state_free(region, other));
    mn_state_end_freed(mn_state_free(region, block));
    return 0;
}

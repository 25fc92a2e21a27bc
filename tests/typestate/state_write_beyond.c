/* SPDX-License-Identifier: MIT */
/* More is written than the block holds.
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
    static const char text[41];
    enum mn_status status =
        mn_state_write(region, block, 0, text, MISUSE ? 41 : 40);

    mn_state_end_freed(mn_state_free(region, block));
    return (int)status;
}

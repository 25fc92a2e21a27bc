/* SPDX-License-Identifier: MIT */
/* A freed handle is dropped and neither renewed nor left.
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
    struct mn_freed *freed = mn_state_free(region, block);
    int result = freed == NULL;
#if !MISUSE
    mn_state_end_freed(freed);
#endif
    return result;
}

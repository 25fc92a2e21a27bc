/* SPDX-License-Identifier: MIT */
/* A freed handle is left after it was renewed.
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
    struct mn_freed *freed = mn_state_free(region, block);
    struct mn_unallocated *right = mn_state_renew(region, freed);

    mn_state_end_unallocated(right);
#if MISUSE
    mn_state_end_freed(freed);
#endif
    return 0;
}

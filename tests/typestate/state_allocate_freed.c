/* SPDX-License-Identifier: MIT */
/* A block is allocated with a handle that was freed, not renewed.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
struct mn_allocated *program(struct mn_region *region,
                             struct mn_allocated *block);
struct mn_allocated *program(struct mn_region *region,
                             struct mn_allocated *block)
{
    struct mn_freed *freed = mn_state_free(region, block);
#if MISUSE
    return mn_state_allocate(freed, 40, 16);
#else
    return mn_state_allocate(mn_state_renew(region, freed), 40, 16);
#endif
}

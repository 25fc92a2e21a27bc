/* SPDX-License-Identifier: MIT */
/* The memory of a damaged block is asked for.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/state.h>
char program(struct mn_region *region, struct mn_allocated *block);
char program(struct mn_region *region, struct mn_allocated *block)
{
    char *first = mn_state_memory(block);
    char result = *first;
#if MISUSE
    struct mn_corrupted *bad = mn_state_condemn(block);
    result = *(char *)mn_state_memory(bad);
    mn_state_end_corrupted(bad);
#else
    mn_state_end_freed(mn_state_free(region, block));
#endif
    return result;
}

/* SPDX-License-Identifier: MIT */
/* A local variable is given to a region.
 * gcc: free-nonheap-object
 * gcc-analyzer: free-of-non-heap
 * clang-analyzer: unix.Malloc
 */
#include <mn/region.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

    if (block == NULL)
        return 1;
    char local[40] = {0};
#if MISUSE
    mn_region_free(region, local);
#endif
    block[0] = local[0];
    mn_region_free(region, block);
    return 0;
}

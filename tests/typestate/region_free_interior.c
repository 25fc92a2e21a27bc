/* SPDX-License-Identifier: MIT */
/* A pointer into a block of a region is freed.
 * gcc: free-nonheap-object
 * clang-analyzer: unix.Malloc
 */
#include <mn/region.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

    if (block == NULL)
        return 1;
    block[0] = 1;
    mn_region_free(region, block + 8 * MISUSE);
    return 0;
}

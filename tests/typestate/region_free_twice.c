/* SPDX-License-Identifier: MIT */
/* A block of a region is freed twice.
 * gcc: use-after-free
 * gcc-analyzer: double-free
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
    mn_region_free(region, block);
#if MISUSE
    mn_region_free(region, block);
#endif
    return 0;
}

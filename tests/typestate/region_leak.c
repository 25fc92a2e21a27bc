/* SPDX-License-Identifier: MIT */
/* A block of a region is never freed.
 * gcc-analyzer: malloc-leak
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
    int result = block[0];
#if !MISUSE
    mn_region_free(region, block);
#endif
    return result;
}

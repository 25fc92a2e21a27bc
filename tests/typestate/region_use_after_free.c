/* SPDX-License-Identifier: MIT */
/* A block of a region is used after it was freed.
 * gcc: use-after-free
 * gcc-analyzer: use-after-free
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
#if MISUSE
    mn_region_free(region, block);
    return block[0];
#else
    int result = block[0];
    mn_region_free(region, block);
    return result;
#endif
}

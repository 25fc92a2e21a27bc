/* SPDX-License-Identifier: MIT */
/* A block of a region is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/region.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

    if (block == NULL)
        return 1;
#if MISUSE
    mn_region_alloc(region, 40, 16);
#endif
    block[0] = 1;
    mn_region_free(region, block);
    return 0;
}

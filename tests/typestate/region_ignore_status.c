/* SPDX-License-Identifier: MIT */
/* Whether a block was given back is ignored.
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
    block[0] = 1;
#if MISUSE
    mn_region_deallocate(region, block);
    return 0;
#else
    return (int)mn_region_deallocate(region, block);
#endif
}

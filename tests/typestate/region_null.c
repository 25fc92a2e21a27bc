/* SPDX-License-Identifier: MIT */
/* That a region had no memory is not seen.
 * gcc-analyzer: null-dereference
 */
#include <mn/region.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

#if !MISUSE
    if (block == NULL)
        return 1;
#endif
    block[0] = 1;
    mn_region_free(region, block);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Whether a block of a region could grow is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/region.h>
#include <string.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

    if (block == NULL)
        return 1;
    size_t size = 40;
#if MISUSE
    mn_region_resize(region, block, 400);
    size = 400;
#else
    if (mn_region_resize(region, block, 400))
        size = 400;
#endif
    memset(block, 1, size);
    int result = block[size - 1];
    mn_region_free(region, block);
    return result;
}
